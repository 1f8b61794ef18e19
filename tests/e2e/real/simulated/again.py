"""A run of the rig, and the same again in `spotkeeper simulate`."""
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys

import world
from figures import LATE, left_at
from scenario import LEAD
from state import REPOSITORY

BINARY = os.environ.get("SPOTKEEPER_BINARY", REPOSITORY / "build/release/spotkeeper")
SEEDS = 24  # at least so many runs of each
MOST_SEEDS = 100  # tried for each delay, where it is by chance whom a handler reaches in time
PROMPT = 1.0  # seconds from a notice to the first pod that is told, where the agent has the processor to itself
ANY_DELAY = 20.0  # seconds of a balancer that hears of no pod


class RunAgain:
    """A run of the rig, and the same simulated."""

    def __init__(self, path):
        document = json.loads(path.read_text())
        self.scenario, self.figures, self.pods = document["scenario"], document["figures"], document["pods"]
        self.handler = self.figures["handler"]
        self.name = f"({self.figures['scenario']}) {self.handler}"
        self._path = path
        self.notice = self.scenario["notice"] - self._late()  # of the simulated machines, in seconds
        self.dying = world.dying(self.scenario)
        self.unlike = 0  # the balancer's delays with which no seed was like the run

    def busy(self):
        return self.figures["busy"]

    def api_late(self):
        """Seconds by which what went through the API may have been late."""
        return min(LATE, self.figures["api_slowest"])

    def _late(self):
        """By how much less of a notice that is shorter than a grace was left when the agent told the first pod than there
        should have been: on a machine that has too much to do it hears and acts late, and its pods end late."""
        leaving = [pod for pod in self.pods.values() if pod["leaves"]]
        told = [pod["deleted"] for pod in leaving if "deleted" in pod]
        if self.handler != "ours" or self.scenario["notice"] >= self.scenario["grace"] or not self.busy() or not told:
            return 0.0
        # A machine that dies late takes nobody with it who had ended before.
        ended = statistics.median(min(pod.get("ended", math.inf), self.machine_ends()) for pod in leaving)
        return max(0.0, min(told) - PROMPT) - max(0.0, ended - self.scenario["notice"])

    def heard_late(self):
        """Of each pod that was told to end and left: by how much later the balancer had heard of it than it drew; that is
        the API's doing, and the EndpointSlice's."""
        return [left_at(pod["l7"]) - pod["deleted"] - pod["l7_leave_delay"] for pod in self._left()]

    def _left(self):
        return [pod for pod in self.pods.values()
                if pod["leaves"] and "deleted" in pod and left_at(pod["l7"]) is not None]

    def leave_delays(self):
        """What the rig's balancer drew for each pod that left. The rest of its way is the simulator's own; but where the
        machine had too much to do, which the simulated one never has, what that added is taken from the rig."""
        late = self.heard_late() if self.busy() else [0.0] * len(self._left())
        return [pod["l7_leave_delay"] + max(0.0, more) for pod, more in zip(self._left(), late)]

    def _join_delays(self):
        """The same for each successor, in their order."""
        came = sorted((pod["ready"], pod["l7"][0][0] - pod["ready"], pod["l7_join_delay"]) for pod in self.pods.values()
                      if pod.get("made", -1) > 0 and "ready" in pod and pod["l7"])
        return [max(0.0, took if self.busy() else drawn) for _, took, drawn in came]

    def _start(self):
        """From a pod's binding to its running program, as it was on that machine; the rest until it is Ready is half a
        period of its probe, and its scheduler and kubelet."""
        took = [pod["ready"] - pod["made"] - self.scenario["ready_after"] for pod in self.pods.values()
                if pod.get("made", 0) > 0 and "ready" in pod]
        return max(0.2, statistics.median(took) - 0.7) if took else 1.0

    def again(self):
        """[(balancer's delay, report)] of the seeds in which as many pods are told in time as were on the rig, as many of
        each of the delays. A pod loses by its own delay alone and what is lost adds up, so that the mean is that of pods
        which each have one of them; no seed by itself is like the run."""
        count = self.scenario["notice"] + self.scenario["after"]
        fields = self.scenario | {"notice": self.notice, "after": count - self.notice}
        left, joined = self.leave_delays() or [ANY_DELAY], self._join_delays() or [ANY_DELAY]
        undisturbed = self.figures["seconds"] if self.handler == "undisturbed" else None
        found = []
        for number, leave in enumerate(left):
            delays = world.balancer(joined[number % len(joined)], leave)
            scenario = world.world_of(fields, self.figures["rate"], delays, self._start(), undisturbed)
            found += [(leave, report) for report in self._alike(scenario, -(-SEEDS // len(left)), number)]
        return found

    def _alike(self, scenario, wanted, number):
        """Where there is none, others: what they lose says whether they are near enough."""
        found, others = [], []
        for seed in range(1, MOST_SEEDS + 1):
            report = simulate(self._path.with_suffix(".yaml"), scenario, self.handler, 1000 * number + seed)
            if len(self.told_in_time(report)) == self._told_here():
                found.append(report)
            else:
                others.append(report)
            if len(found) == wanted:
                break
        self.unlike += not found
        return found or others[:wanted]

    def machine_ends(self):
        return self.scenario["notice"] + self.figures["kill_late"]

    def _told_here(self):
        return sum(pod["leaves"] and pod.get("deleted", math.inf) < self.machine_ends() for pod in self.pods.values())

    def told_in_time(self, report):
        """The names of the simulated pods that were told to end before their machine did."""
        return {death["pod"] for death in report["deaths"] if death["node"] in self.dying
                and (death["told_to_end_seconds"] or math.inf) < LEAD + self.notice}


def runs_in(folder):
    return [RunAgain(path) for path in sorted(pathlib.Path(folder).glob("*.json"))]


def simulate(file, scenario, handler, seed):
    world.write(file, scenario)
    done = subprocess.run(
        [BINARY, "simulate", file, "--policy", world.POLICIES[handler], "--seed", str(seed),
         "--explain-lost", "--explain-deaths", "--output", "json"], capture_output=True, text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("SPOTKEEPER_")})
    if done.returncode != 0:
        sys.exit(f"FAIL {file}: the simulator: {done.stderr.strip()}")
    return json.loads(done.stdout)
