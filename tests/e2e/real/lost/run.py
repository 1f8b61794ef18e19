"""One run: a handler in a scenario, and what it gave."""
import collections
import dataclasses
import datetime
import json
import os
import subprocess
import time

import daemonset
from clock import Clock, Ends, servers, wait_until
from machine import await_until
from service import LOGS, WebService
from testing import RIG, kubectl, must
from traffic import RuleWatch, Traffic

NODES = 4
NOTICE = 60  # seconds from the notice to the end of the machine
LEAD = 5  # seconds of traffic before the notice


@dataclasses.dataclass
class Scenario:
    name: str
    says: str
    ready_after: int  # seconds
    dying: int  # nodes


SCENARIOS = {
    "a": Scenario("a", "pods that are ready in 2 s, one of four nodes", 2, 1),
    "b": Scenario("b", "pods that need 40 s to be ready, two of four nodes at once", 40, 2),
}


@dataclasses.dataclass
class Figures:
    scenario: str
    handler: str
    seconds: int
    load: str  # of the machine, before and after
    client_lag_ms: float  # how late the client itself was at worst
    sent: int = 0
    lost: int = 0
    unsent: int = 0
    streams: dict = dataclasses.field(default_factory=dict)  # "l4 new": its part of the client's report
    classes: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    pods: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    twice: int = 0  # answered by two servers, or two times by one
    # Seconds after the notice; None: it did not happen before the machines ended.
    cordon: float | None = None
    l4_left: float | None = None
    l7_left: float | None = None
    sigterm: float | None = None
    left: float | None = None  # from the end of the last of the dying nodes' pods to the end of the machines
    killed_hard: int = 0
    kill_late: float = 0.0  # how long after the end of the notice the machines were dead


def load_now():
    return f"{os.getloadavg()[0]:.1f}"


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def replenish(api):
    """Dead machines go from the API, and fresh ones take their place."""
    for node in nodes_ever():
        if not node["alive"]:
            kubectl("delete", "node", node["name"], "--ignore-not-found")
    while len(daemonset.living()) < NODES:
        must("node", "add")
    names = {node["name"] for node in daemonset.living()}
    await_until("nodes that take pods", lambda: all(
        not node["spec"].get("unschedulable") and not node["spec"].get("taints")
        for node in api.get("/api/v1/nodes")["items"] if node["metadata"]["name"] in names))


def nodes_ever():
    return json.loads(must("status", "--json"))["nodes"]


class Run:
    def __init__(self, state, api, scenario, name, handler, seconds):
        self._state, self._api = state, api
        self._scenario, self._name, self._handler, self._seconds = scenario, name, handler, seconds
        self._service = WebService(api, f"lost-{scenario.name}-{name}-{os.getpid()}", scenario.ready_after)
        self._traffic = Traffic(state, self._service)

    def __call__(self):
        replenish(self._api)
        nodes = daemonset.living()
        must("imds", *[node["number"] for node in nodes])
        try:
            self._handler.begin(self._state, nodes)
            self._service.deploy()
            self._traffic.prepare()
            return self._measure(nodes[:self._scenario.dying])
        finally:
            self._traffic.end()
            self._service.remove()
            self._handler.end(nodes)

    def _measure(self, dying):
        names = {node["name"] for node in dying}
        clock = Clock(self._api, self._service)
        rules = RuleWatch(self._service, self._state.log / f"rules-{self._service.namespace}.log")
        ends = Ends(servers(self._service.namespace, names))
        before, notice, killed, hard = load_now(), None, None, {}
        try:
            self._traffic.send(self._seconds)
            began = time.time()
            if self._name != "undisturbed":
                wait_until(began + LEAD)
                notice = time.time()
                for node in dying:
                    said = daemonset.tell(node["number"], f"notice terminate in {NOTICE}s")
                    if said != "ok":
                        raise RuntimeError(f"the metadata service says {said}")
                wait_until(notice + NOTICE)
                hard = servers(self._service.namespace, names)
                killers = [subprocess.Popen([RIG, "node", "kill", str(node["number"])]) for node in dying]
                if any(killer.wait() for killer in killers):
                    raise RuntimeError("a node could not be killed")
                killed = time.time()
            report = self._traffic.report(began + self._seconds + 30 - time.time())
        finally:
            ends.end()
            rules.end()
            clock.end()
        figures = self._count(report, clock, f"{before}, {load_now()}")
        if notice is not None:
            figures.killed_hard = len(hard)
            figures.kill_late = killed - notice - NOTICE
            self._time(figures, notice, names, clock, rules, ends)
        return figures

    def _count(self, report, clock, load):
        figures = Figures(self._scenario.name, self._name, self._seconds, load, report["worst_start_lag_ms"],
                          report["sent"], report["lost"], report["unsent"])
        figures.streams = {f"{stream['target']} {stream['style']}": stream for stream in report["streams"]}
        pods = {address: name for name, (_, address) in clock.place.items()}
        balanced = self._traffic.balanced_to()
        for lost in report["lost_requests"]:
            if lost["outcome"] == "unsent":
                continue
            figures.classes[f"{lost['target']} {lost['style']} {lost['outcome']}"] += 1
            address = balanced.get(lost["id"], "") if lost["target"] == "l7" else lost["pod_address"] or ""
            # On a kept connection to the balancer, who answered last is not who was asked this time.
            pod = pods.get(address.partition(":")[0]) or lost["pod"]
            node = clock.place.get(pod, ("a node not known",))[0]
            figures.pods[f"{pod or 'a pod not known'} on {node}"] += 1
        answers = collections.Counter(words[2] for words in self._noted(clock) if words[1] == "answered")
        figures.twice = sum(1 for count in answers.values() if count > 1)
        return figures

    def _time(self, figures, notice, names, clock, rules, ends):
        doomed = {pod: address for pod, (node, address) in clock.place.items() if node in names}

        def last(times, wanted):
            found = [times[one] - notice for one in wanted if one in times]
            return max(found) if wanted and len(found) == len(wanted) and max(found) < NOTICE else None

        figures.cordon = last(clock.cordoned, names)
        left = rules.left(set(doomed.values()))
        figures.l4_left = left - notice if left else None
        figures.l7_left = max((seconds_of(when) - notice for when, pod in self._traffic.fed("removed")
                               if pod in doomed), default=None)
        terms = {words[3]: float(words[0]) for words in self._noted(clock) if words[1] == "ending"}
        figures.sigterm = last(terms, [pod for pod in doomed if pod in terms])
        figures.left = None if figures.killed_hard else NOTICE - (last(ends.times, list(ends.times)) or NOTICE)

    def _noted(self, clock):
        """The lines of all servers of this run: time, word, id, and the pod's name."""
        for file in self._state.log.glob(f"rn*/{LOGS}/*.log"):
            if file.stem not in clock.place:
                continue
            for line in file.read_text(errors="replace").splitlines():
                words = line.split()
                if len(words) == 3:
                    yield [*words, file.stem]
