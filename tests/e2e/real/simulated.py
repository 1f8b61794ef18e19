#!/usr/bin/env python3
"""The simulator held to the rig: each run of lost_requests.py again in `spotkeeper simulate`, with the same numbers.

    simulated.py [--recorded] [--json FOLDER] [--markdown FILE]

FOLDER: what lost_requests.py --json left (default: lost/ in $SPOTKEEPER_REPORTS, or where the suite leaves it).

Every run that is there is judged. As many requests must be lost simulated, in the mean of the seeds, within a quarter,
or three; nothing when nothing dies. Under the agent what a pod's death consists of must come in the same order and, in
the median, within a second. Where this machine had too much to do, what goes through the API is late: three seconds are
allowed for that; what a kubelet does by itself is not late then. One pod's death is measured by itself, too, when
nothing else happens, which needs a rig that is up. The scenario of each run is written beside its figures, for
`spotkeeper simulate FILE --policy … --explain-deaths`.
"""
import argparse
import dataclasses
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE / "simulated"), str(HERE / "lost"), str(HERE), str(HERE.parent / "rig")]

import deaths  # noqa: E402
import quiet  # noqa: E402
import world  # noqa: E402
from scenario import LEAD, SCENARIOS  # noqa: E402
from state import State  # noqa: E402
from testing import check, verdict  # noqa: E402

BINARY = os.environ.get("SPOTKEEPER_BINARY", ROOT / "build/release/spotkeeper")
REPORTS = pathlib.Path(os.environ.get("SPOTKEEPER_REPORTS", ROOT / "build/release/e2e-reports"))
SEEDS = 24  # at least so many runs of each
MOST_SEEDS = 100  # tried for each delay, where it is by chance whom a handler reaches in time
PROMPT = 1.0  # seconds from a notice to the first pod that is told, where the agent has the processor to itself
ANY_DELAY = 20.0  # seconds of a balancer that hears of no pod
SHARE, COUNT = 0.25, 3  # how far the lost requests may be apart
WAYS = ("l4", "l7")
HEAD = ("run", "sent", "lost", "simulated", "l4", "simulated", "l7", "simulated")


class RunAgain:
    """A run of the rig, and the same simulated."""

    def __init__(self, path):
        document = json.loads(path.read_text())
        self.scenario, self.figures, self.pods = document["scenario"], document["figures"], document["pods"]
        self.handler = self.figures["handler"]
        self.name = f"({self.figures['scenario']}) {self.handler}"
        self._path = path
        self.notice = self.scenario["notice"] - self._late()  # of the simulated machines, in seconds
        self._dying = [f"node-{number + 1}" for number in range(self.scenario["dying"])]

    def busy(self):
        return self.figures["busy"]

    def _late(self):
        """By how much less of a notice that is shorter than a grace was left when the agent told the first pod than there
        should have been: on a machine that has too much to do it hears and acts late, and machines die late."""
        told = [pod["deleted"] for pod in self.pods.values() if pod["leaves"] and "deleted" in pod]
        if self.handler != "ours" or self.scenario["notice"] >= self.scenario["grace"] or not self.busy() or not told:
            return 0.0
        return max(0.0, min(told) - PROMPT) - self.figures["kill_late"]

    def _left_after(self):
        """How long after its deletion each pod that left was there no more: what the rig's balancer drew, and what a busy
        API added to it."""
        return [deaths.left(pod["l7"]) - pod["deleted"] for pod in self.pods.values()
                if pod["leaves"] and "deleted" in pod and deaths.left(pod["l7"]) is not None]

    def _joined_after(self):
        """How long after it was Ready each successor was there, in their order."""
        ready = sorted((pod["ready"], pod["l7"][0][0]) for pod in self.pods.values()
                       if pod.get("made", -1) > 0 and "ready" in pod and pod["l7"])
        return [max(0, there - when) for when, there in ready]

    def _start(self):
        """From a pod's binding to its running program, as it was on that machine; the rest until it is Ready is half a
        period of its probe, and its scheduler and kubelet."""
        took = [pod["ready"] - pod["made"] - self.scenario["ready_after"] for pod in self.pods.values()
                if pod.get("made", 0) > 0 and "ready" in pod]
        return max(0.2, statistics.median(took) - 0.7) if took else 1.0

    def again(self):
        """The reports of the seeds in which as many pods are told in time as were on the rig, as many of each of the
        balancer's delays. A pod loses by its own delay alone and what is lost adds up, so that the mean is that of pods
        which each have one of them; no seed by itself is like the run."""
        count = self.scenario["notice"] + self.scenario["after"]
        fields = self.scenario | {"notice": self.notice, "after": count - self.notice}
        left, joined = self._left_after() or [ANY_DELAY], self._joined_after() or [ANY_DELAY]
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
            if len(self._told_in_time(report)) == self._told_here():
                found.append(report)
            else:
                others.append(report)
            if len(found) == wanted:
                break
        return found or others[:wanted]

    def _machine_ends(self):
        return self.scenario["notice"] + self.figures["kill_late"]

    def _told_here(self):
        return sum(pod["leaves"] and pod.get("deleted", math.inf) < self._machine_ends() for pod in self.pods.values())

    def _told_in_time(self, report):
        """The names of the simulated pods that were told to end before their machine did."""
        return {death["pod"] for death in report["deaths"] if death["node"] in self._dying
                and (death["told_to_end_seconds"] or math.inf) < LEAD + self.notice}

    def lost(self):
        """{"l4", "l7"}: lost on the rig."""
        return {way: sum(stream["lost"] for name, stream in self.figures["streams"].items() if name.startswith(way))
                for way in WAYS}

    def told_too_late(self):
        """Pods that were told when their machine had ended; in the simulator its handler has ended with it."""
        return [name for name, pod in self.pods.items()
                if pod["leaves"] and pod.get("deleted", 0) > self._machine_ends()]

    def lost_of_told_pods(self):
        """Without what those pods of dying machines lost that were not told in time."""
        untold = {name for name, pod in self.pods.items()
                  if pod["leaves"] and pod.get("deleted", math.inf) > self._machine_ends()}
        return self.figures["lost"] - sum(
            count for where, count in self.figures["losses"].items() if where.partition(" on ")[0] in untold)

    def simulated_of_told_pods(self, reports):
        """The same simulated, in the mean."""
        return statistics.mean(
            sum(lost["node"] not in self._dying or lost["pod"] in self._told_in_time(report)
                for lost in report["lost_requests"]) for report in reports)


def simulate(file, scenario, handler, seed):
    world.write(file, scenario)
    done = subprocess.run(
        [BINARY, "simulate", file, "--policy", world.POLICIES[handler], "--seed", str(seed),
         "--explain-lost", "--explain-deaths", "--output", "json"], capture_output=True, text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("SPOTKEEPER_")})
    if done.returncode != 0:
        sys.exit(f"FAIL {file}: the simulator: {done.stderr.strip()}")
    return json.loads(done.stdout)


def simulated_losses(reports):
    """{"l4", "l7"}: in the mean."""
    over = [sum("load_balancer" in lost for lost in report["lost_requests"]) for report in reports]
    return {"l4": statistics.mean(report["requests"]["lost"] - one for report, one in zip(reports, over)),
            "l7": statistics.mean(over)}


def simulated_deaths(scenario, reports, end, machine_ends=None):
    """Of each pod. `reports`: (the balancer's delay, report); `machine_ends`: deaths.after_told()."""
    dying = [f"node-{number + 1}" for number in range(scenario["dying"])]
    return [death for delay, report in reports
            for death in deaths.of_the_simulator(report["deaths"], dying, LEAD + end, delay, machine_ends)]


def hold_losses(run, reports):
    reports = [report for _, report in reports]
    real, simulated = run.lost(), simulated_losses(reports)
    lost, expected = sum(real.values()), sum(simulated.values())
    cells = [run.name, f"{run.figures['sent']:,}", f"{lost:,}", f"{expected:,.0f}"]
    for way in WAYS:
        cells += [f"{real[way]:,}", f"{simulated[way]:,.0f}"]
    seeds = [report["requests"]["lost"] for report in reports]
    told = f"{lost} on the rig ({real}), {expected:.1f} simulated ({simulated}), by seed {seeds}"
    if run.handler == "undisturbed":
        check(f"{run.name}: nothing is lost simulated when nothing dies", not any(seeds), told)
        return cells
    name = f"{run.name}: as many requests are lost simulated"
    if run.told_too_late():
        lost, expected = run.lost_of_told_pods(), run.simulated_of_told_pods(reports)
        name += f", but for {', '.join(run.told_too_late())}, told when its machine had ended,"
        cells = [f"{run.name}, pods that were told in time", cells[1], f"{lost:,}", f"{expected:,.0f}", *["–"] * 4]
        told = f"{lost} on the rig, {expected:.1f} simulated; with them {told}"
    allowed = max(COUNT, SHARE * lost)
    check(f"{name} within {allowed:.0f}", abs(lost - expected) <= allowed, told)
    return cells


def hold_scenario_deaths(run, reports):
    scenario = run.scenario
    end, notice = scenario["notice"] + scenario["after"], scenario["notice"]

    def both(cut_short):
        simulated = simulated_deaths(scenario, reports, end, LEAD + run.notice if cut_short else None)
        if scenario["abrupt"]:
            for death in simulated:
                death.pop("sigterm", None)  # the server that ends at once writes nothing of it
        return deaths.of_the_rig(run.pods, end, notice if cut_short else None), simulated

    real, simulated = both(False)
    hold_order(run.name, real, simulated, run.busy())
    if scenario["long_requests"]:
        hold_exits(run, real, simulated)
        real, simulated = map(deaths.from_exit, real), map(deaths.from_exit, simulated)
    cut_short = not scenario["long_requests"] and notice < scenario["grace"]
    if cut_short:
        real, simulated = both(True)
    return hold_times(run.name, list(real), list(simulated), run.busy(), deaths.CUT_SHORT if cut_short else ())


def hold_exits(run, real, simulated):
    """A request that comes when the program has lingered for almost as long as it may keeps it up for as long as it
    takes. So when each program ends follows from the last one that came: chance, of which no median says anything."""
    linger, long = run.scenario["linger"], run.scenario["long_requests"]
    for where, found, most in (("on the rig", real, long), ("simulated", simulated, world.longest(long))):
        after = [deaths.outlasted(death) for death in found if deaths.outlasted(death) is not None]
        check(f"{run.name}: each exit comes {linger} s after SIGTERM, or up to {most:.0f} s, a request, later, {where}",
              after and all(linger - deaths.WITHIN <= one <= linger + most + deaths.WITHIN for one in after), after)
    late = [pod["ended"] - max(pod["sigterm"] + linger, pod["last_long"] + long) for pod in run.pods.values()
            if pod["leaves"] and {"last_long", "sigterm", "ended"} <= pod.keys()]
    check(f"{run.name}: each exit is when what came last was answered, within {deaths.WITHIN:.0f} s",
          late and all(abs(one) <= deaths.WITHIN for one in late), late)


def hold_times(name, real, simulated, late, spread=()):
    """Of each pod. `late`: what goes through the API was. `spread`: events that are so by deaths.middle()."""
    here, there, cells = deaths.usual(real), deaths.usual(simulated), []
    for event, _, says, by_the_api in deaths.EVENTS:
        if not any(event in death for death in (*real, *simulated)):
            cells.append("–")
            continue
        told = " / ".join("–" if when is None else f"{when:.1f}" for when in (here.get(event), there.get(event)))
        cells.append(told)
        if spread and event in deaths.AFTER_EXIT and not (event in here and event in there):
            continue  # an instant decides whether the kubelet can tell of an end at the machine's end before that
        within = deaths.WITHIN_IF_LATE if late and by_the_api else deaths.WITHIN
        where = deaths.middle(simulated, event) if event in spread and event in there else [there.get(event)] * 2
        check(f"{name}: {says}, within {within:.0f} s", deaths.near(here.get(event), *where, within),
              f"{told} s after the deletion, on the rig and simulated")
    return [name, *cells]


def hold_order(name, real, simulated, late):
    here, there = deaths.usual(deaths.whole(real)), deaths.usual(deaths.whole(simulated))
    wrong = deaths.out_of_order(here, there, late)
    check(f"{name}: what a pod's death consists of comes in the same order", len(here) > 2 and not wrong,
          f"{wrong}: {here}, {there}")


def hold_quiet_death(folder):
    """Nothing else happens on the rig."""
    scenario = SCENARIOS["a"]
    real = deaths.of_the_rig(quiet.quiet_death(State.default(), scenario), float("inf"))
    fields = dataclasses.asdict(scenario)
    report = simulate(folder / "quiet.yaml", world.world_of(fields, 25, world.balancer(0, 0)), "ours", 1)
    simulated = simulated_deaths(fields, [(0, report)], float("inf"))
    check("one pod by itself: each event of its death happened", len(deaths.usual(real)) == len(deaths.EVENTS), real)
    hold_order("one pod by itself", real, simulated, late=False)
    return hold_times("one pod by itself", real, simulated, late=False)


def table(rows):
    head, *rest = rows
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rest)) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=pathlib.Path, metavar="FOLDER", default=REPORTS / "lost")
    parser.add_argument("--recorded", action="store_true", help="no rig is up: without the pod that dies by itself")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE", help="where the tables go as well")
    return parser.parse_args()


def main():
    chosen = arguments()
    runs = [RunAgain(path) for path in sorted(chosen.json.glob("*.json"))]
    chosen.json.mkdir(parents=True, exist_ok=True)
    for name in SCENARIOS:
        check(f"({name}) has been run on the rig with the agent", any(
            run.name == f"({name}) ours" for run in runs), f"nothing in {chosen.json}: lost_requests.py leaves it")
    losses, dying = [HEAD], [("run", *(says for _, _, says, _ in deaths.EVENTS))]
    if not chosen.recorded:
        dying.append(hold_quiet_death(chosen.json))
    for run in runs:
        reports = run.again()
        losses.append(hold_losses(run, reports))
        if run.handler == "ours":
            dying.append(hold_scenario_deaths(run, reports))
    tables = table(losses) + "\n" + table(dying)
    print(tables, flush=True)
    if chosen.markdown:
        chosen.markdown.write_text(tables)
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
