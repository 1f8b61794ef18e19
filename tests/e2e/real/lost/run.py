"""One run: a handler in a scenario, on a cell, and what it gave."""
import collections
import os
import time

import minimum
import node
from api import Api
from clock import Clock, Ends, end_watches, servers, wait_until
from echo import Echo
from figures import Figures, left_at, load_now
from machine import Failed, await_until
from scenario import LEAD
from service import LOGS, WebService
from testing import seconds_of, tell_metadata
from timeline import Timeline, asked, delays
from traffic import Traffic

SLOW = 40  # seconds in which the API server answers, however busy the machine is
AT_FIRST = 4  # seconds after the notice in which a handler hears of it and begins
LAST_LINES = 3  # seconds until a server has written to its log what it noted, which it does ten times a second
KILLED = 137  # a container's exit code: SIGKILL
NOT_KNOWN = "a pod not known"
NOBODY = "no pod: the service had no endpoint"


class Run:
    def __init__(self, state, rules, scenario, name, make_handler, cell, rate):
        self._state, self._rules, self._scenario, self._name, self._cell = state, rules, scenario, name, cell
        self._rate = rate
        self._api = Api(state.admin, timeout=SLOW)  # a connection of its own
        title = f"lost-{scenario.name}-{name}-{os.getpid()}"
        self._handler = make_handler(state, self._api, cell, title)
        self._service = WebService(self._api, title, scenario, cell)
        self._traffic = Traffic(state, self._service, cell, rate)
        # An undisturbed service needs no longer than it takes to see that the rig loses nothing by itself.
        self._seconds = min(scenario.seconds, 40) if name == "undisturbed" else scenario.seconds

    def __call__(self):
        self._cell.replenish(self._api)
        try:
            self._handler.begin()
            self._service.deploy()
            self._traffic.prepare()
            return self._measure()
        finally:
            self._traffic.end()
            self._service.remove()
            self._handler.end()

    def _chosen(self):
        """The nodes that die: those with the most pods, the first among equals."""
        pods = collections.Counter(pod["spec"]["nodeName"] for pod in self._service.pods())
        return sorted(self._cell.numbers, key=lambda number: -pods[node.name_of(number)])[:self._scenario.dying]

    def _measure(self):
        dying = self._chosen()
        names = {node.name_of(number) for number in dying}
        clock, line = Clock(self._api, self._service), Timeline(self._api, self._service)
        ends, echo = Ends(servers(self._service.namespace, names)), Echo(self._state, self._service, SLOW)
        before, notice, killed, hard = load_now(), None, None, {}
        try:
            self._traffic.send(self._seconds)
            began = time.time()
            if self._name != "undisturbed":
                wait_until(began + LEAD)
                notice = time.time()
                self._give_notice(dying)
                wait_until(notice + self._scenario.notice)
                hard = servers(self._service.namespace, names)
                self._cell.kill(dying)
                killed = time.time()
            report = self._traffic.report(began + self._seconds + 60 - time.time())
        finally:
            ends.end()
            clock.end()
            line.end()
            end_watches([echo])
        figures = self._count(report, clock, f"{before}, {load_now()}")
        if notice is not None:
            figures.api_late = echo.latest(notice, notice + AT_FIRST)
            figures.api_slowest = echo.latest(notice, began + self._seconds)
            figures.kill_late = killed - notice - self._scenario.notice
            figures.killed_hard = len(killed_hard(clock.exits, hard, ends.times.keys() - self._by_themselves(clock)))
            figures.killed_by_kubelet = sum(code == KILLED for code in clock.exits.values())
            self._time(figures, notice, names, clock, ends, line)
            minimum.find(figures, self._scenario, self._state.log)
        return figures

    def _give_notice(self, dying):
        for number in dying:
            said = tell_metadata(number, f"notice terminate in {self._scenario.notice}s")
            if said != "ok":
                raise RuntimeError(f"the metadata service says {said}")

    def _count(self, report, clock, load):
        figures = Figures(self._scenario.name, self._name, self._seconds, self._rate, load,
                          report["worst_start_lag_ms"], self._traffic.expected(self._seconds), report["sent"],
                          report["lost"], report["unsent"])
        figures.streams = {f"{stream['target']} {stream['style']}": {
            key: stream[key] for key in ("sent", "lost", "outcomes")} for stream in report["streams"]}
        pods = {address: name for name, (_, address) in clock.place.items()}
        balanced = self._traffic.balanced_to()
        losses = [lost for lost in report["lost_requests"] if lost["outcome"] != "unsent"]
        for lost in losses:
            figures.classes[f"{lost['target']} {lost['style']} {lost['outcome']}"] += 1
            pod = whose(lost, balanced.get(lost["id"], ""), pods)
            figures.losses[f"{pod} on {clock.place[pod][0]}" if pod in clock.place else pod] += 1
        outcomes = {lost["id"]: lost["outcome"] for lost in losses}
        figures.answered, figures.disowned, figures.twice = self._answered(clock, outcomes, figures.sent - figures.lost)
        return figures

    def _answered(self, clock, outcomes, wanted):
        """count_answers(), once the last of the servers has written its last lines; what a machine took with it never
        comes."""
        def noted():
            return count_answers((words[2] for words in self._noted(clock) if words[1] == "answered"), outcomes)

        try:
            return await_until("the servers' last lines", lambda: found if (found := noted())[0] >= wanted else None,
                               LAST_LINES, every=0.2)
        except Failed:
            return noted()

    def _time(self, figures, notice, names, clock, ends, line):
        figures.pods = self._pods(notice, names, clock, ends, line)
        leaving = [pod for pod in figures.pods.values() if pod["leaves"]]

        def last(times):
            """When the last of them happened; None: one did not, or not before the machines ended."""
            times = list(times)
            in_time = times and None not in times and max(times) < self._scenario.notice
            return max(times) if in_time else None

        figures.cordon = last(clock.cordoned.get(name, float("inf")) - notice for name in names)
        # A successor that was bound to another node that dies may never have been an endpoint.
        figures.l4_left = last(left_at(pod["l4"]) for pod in leaving if pod["l4"])
        figures.l7_left = last(left_at(pod["l7"]) for pod in leaving if pod["l7"])
        figures.sigterm = last(pod["sigterm"] for pod in leaving if "sigterm" in pod)
        ended = last(pod.get("ended") for pod in leaving if "ended" in pod)
        figures.left = None if figures.killed_hard or ended is None else self._scenario.notice - ended

    def _pods(self, notice, names, clock, ends, line):
        """Of each pod what figures.py says."""
        more = line.found(self._state, self._cell.numbers)
        known = {"exit": clock.exits} | delays(self._traffic.feed_log)
        terms, long = {}, {}
        for when, word, request, pod in self._noted(clock):
            if word == "ending":
                terms[pod] = float(when)
            elif word == "received" and "-long-" in request:
                long[pod] = max(long.get(pod, 0), float(when))
        rules = self._rules.changes(self._service.namespace)
        asked_for = asked(self._state.log / "audit.log", self._service.namespace)
        pods = {}
        for name, (where, address) in clock.place.items():
            pod = {"node": where, "leaves": where in names}
            for key, times in (("made", clock.made), ("ready", clock.ready), ("deleted", clock.deleted),
                               ("asked", asked_for), ("sigterm", terms), ("last_long", long), ("ended", ends.times),
                               *more.items()):
                if name in times:
                    pod[key] = times[name] - notice
            pod |= {key: values[name] for key, values in known.items() if name in values}
            pod["l4"] = [[when - notice, there] for when, there in rules.get(address, [])]
            pod["l7"] = [[seconds_of(when) - notice, change == "added"]
                         for when, change, one in self._traffic.fed() if one == name]
            pods[name] = pod
        return pods

    def _by_themselves(self, clock):
        """The pods whose servers were not killed."""
        return {pod for _, word, _, pod in self._noted(clock) if word == "ended"}

    def _noted(self, clock):
        """The lines of all servers of this run: time, word, id, and the pod's name."""
        for number in self._cell.numbers:
            for file in (self._state.log / node.name_of(number) / LOGS).glob("*.log"):
                if file.stem not in clock.place:
                    continue
                for line in file.read_text(errors="replace").splitlines():
                    words = line.split()
                    if len(words) == 3:
                        yield [*words, file.stem]


def count_answers(ids, lost):
    """`ids` of what the servers answered, `lost`: id to outcome, by the client. How many were answered exactly once and are
    not lost; the outcomes of those that were answered and are; how many were answered more than once."""
    times = collections.Counter(ids)
    disowned = collections.Counter(lost[request] for request in times if request in lost)
    once = sum(count == 1 and request not in lost for request, count in times.items())
    return once, disowned, sum(count > 1 for count in times.values())


def killed_hard(exits, running, silent):
    """The pods whose servers were killed. `exits`: pod name to the exit code that its kubelet told of; of the machines that
    died `running`: whose server still ran then, and `silent`: whose server had ended and has not noted that it did so by
    itself. A kubelet whose machine dies soon after may not have told of it."""
    return {pod for pod, code in exits.items() if code == KILLED} | set(running) | (set(silent) - exits.keys())


def whose(lost, balanced, pods):
    """The pod that a lost request was led to. `balanced`: where haproxy has sent it, as its log has it; `pods`: by
    address."""
    over_balancer = lost["target"].startswith("l7")
    address = balanced if over_balancer else lost["pod_address"] or ""
    # haproxy had no server, or kube-proxy refused for a service without endpoints.
    if balanced.startswith("-") if over_balancer else not address and lost["outcome"] == "refused":
        return NOBODY
    # On a kept connection to the balancer, who answered last is not who was asked this time.
    return pods.get(address.partition(":")[0]) or lost["pod"] or NOT_KNOWN
