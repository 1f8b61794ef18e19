#!/usr/bin/env python3
"""The simulator held to the rig: each run of lost_requests.py again in `spotkeeper simulate`, with the same numbers.

    simulated.py [--json FOLDER] [--markdown FILE]

FOLDER: what lost_requests.py --json left (default: lost/ in $SPOTKEEPER_REPORTS). In each run as many requests must be
lost, within a quarter, or three, or what the seeds of the simulator differ by among themselves; and under the agent what
a pod's death consists of must come in the same order and within a second. Where this machine had too much to do, what
goes through the API is late: three seconds are allowed for that; what a kubelet does by itself is not late then. One
pod's death is measured by itself, too, when nothing else happens. The scenario of each run is written beside its figures,
for `spotkeeper simulate FILE --policy … --explain-deaths`.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "simulated"), str(HERE / "lost"), str(HERE), str(HERE.parent / "rig")]

import deaths  # noqa: E402
import quiet  # noqa: E402
import world  # noqa: E402
from scenario import LEAD, SCENARIOS  # noqa: E402
from state import State  # noqa: E402
from testing import check, verdict  # noqa: E402

BINARY = os.environ["SPOTKEEPER_BINARY"]
SEEDS = 12  # at least so many runs of each
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

    def busy(self):
        return self.figures["busy"]

    def _delays(self):
        """What the rig's balancer drew for the pods that left; none left: any."""
        drawn = [pod["l7_delay"] for pod in self.pods.values() if "l7_delay" in pod and pod["leaves"]]
        return drawn or [ANY_DELAY]

    def _start(self):
        """From a pod's binding to its running program, as it was on that machine; the rest until it is Ready is half a
        period of its probe, and its scheduler and kubelet."""
        took = [pod["ready"] - pod["made"] - self.scenario["ready_after"] for pod in self.pods.values()
                if pod.get("made", 0) > 0 and "ready" in pod]
        return max(0.2, statistics.median(took) - 0.7) if took else 1.0

    def again(self):
        """The reports of the seeds. Each is of one of the balancer's delays: they are few, what is lost through it is
        mostly they, and each pod loses by its own alone."""
        delays = self._delays()
        for seed in range(1, len(delays) * -(-SEEDS // len(delays)) + 1):
            delay = delays[seed % len(delays)]
            file = self._path.with_suffix(".yaml")
            scenario = world.world_of(self.scenario, self.figures["rate"], world.balancer(delay), self._start())
            yield delay, simulate(file, scenario, self.handler, seed)

    def lost(self):
        """{"l4", "l7"}: lost on the rig."""
        return {way: sum(stream["lost"] for name, stream in self.figures["streams"].items() if name.startswith(way))
                for way in WAYS}


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
    real, simulated = run.lost(), simulated_losses([report for _, report in reports])
    lost, expected = sum(real.values()), sum(simulated.values())
    allowed = max(COUNT, SHARE * lost)
    # One second more or less decides whether a third pod can be told at all within ten: then no mean is near one run.
    seeds = [report["requests"]["lost"] for _, report in reports]
    check(f"{run.name}: as many requests are lost simulated",
          abs(lost - expected) <= allowed or min(seeds) <= lost <= max(seeds),
          f"{lost} on the rig ({real}), {expected:.1f} simulated ({simulated}), by seed {seeds}")
    cells = [run.name, f"{run.figures['sent']:,}", f"{lost:,}", f"{expected:,.0f}"]
    for way in WAYS:
        cells += [f"{real[way]:,}", f"{simulated[way]:,.0f}"]
    return cells


def hold_scenario_deaths(run, reports):
    scenario = run.scenario
    end, notice = scenario["notice"] + scenario["after"], scenario["notice"]

    def both(cut_short):
        simulated = simulated_deaths(scenario, reports, end, LEAD + notice if cut_short else None)
        if scenario["abrupt"]:
            for death in simulated:
                death.pop("sigterm", None)  # the server that ends at once writes nothing of it
        return deaths.usual(deaths.of_the_rig(run.pods, end, notice if cut_short else None)), simulated

    hold_order(run.name, *both(False), run.busy())
    return hold_times(run.name, *both(notice < scenario["grace"]), run.busy())


def hold_times(name, real, simulated, late):
    """`real`: event to its median, `simulated`: of each pod. `late`: what goes through the API was."""
    usual, cells = deaths.usual(simulated), []
    for event, _, says, by_the_api in deaths.EVENTS:
        told = " / ".join("–" if when is None else f"{when:.1f}" for when in (real.get(event), usual.get(event)))
        cells.append(told)
        within = deaths.WITHIN_IF_LATE if late and by_the_api else deaths.WITHIN
        check(f"{name}: {says}, within {within:.0f} s", deaths.near(event, real.get(event), simulated, within),
              f"{told} s after the deletion, on the rig and simulated")
    return [name, *cells]


def hold_order(name, real, simulated, late):
    usual = deaths.usual(simulated)
    wrong = deaths.out_of_order(real, usual, late)
    check(f"{name}: what a pod's death consists of comes in the same order", len(real) > 2 and not wrong,
          f"{wrong}: {real}, {usual}")


def hold_quiet_death(folder):
    """Nothing else happens on the rig."""
    scenario = SCENARIOS["a"]
    real = deaths.usual(deaths.of_the_rig(quiet.quiet_death(State.default(), scenario), float("inf")))
    fields = dataclasses.asdict(scenario)
    report = simulate(folder / "quiet.yaml", world.world_of(fields, 25, world.balancer(0)), "ours", 1)
    simulated = simulated_deaths(fields, [(0, report)], float("inf"))
    check("one pod by itself: each event of its death happened", len(real) == len(deaths.EVENTS), real)
    hold_order("one pod by itself", real, simulated, late=False)
    return hold_times("one pod by itself", real, simulated, late=False)


def table(rows):
    head, *rest = rows
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rest)) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=pathlib.Path, metavar="FOLDER",
                        default=pathlib.Path(os.environ.get("SPOTKEEPER_REPORTS", ".")) / "lost")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE", help="where the tables go as well")
    return parser.parse_args()


def main():
    chosen = arguments()
    runs = [RunAgain(path) for path in sorted(chosen.json.glob("*.json"))]
    runs = [run for run in runs if run.handler in world.POLICIES]
    chosen.json.mkdir(parents=True, exist_ok=True)
    for name in SCENARIOS:
        check(f"({name}) has been run on the rig with the agent", any(
            run.name == f"({name}) ours" for run in runs), f"nothing in {chosen.json}: lost_requests.py leaves it")
    losses, dying = [HEAD], [("run", *(says for _, _, says, _ in deaths.EVENTS)), hold_quiet_death(chosen.json)]
    for run in runs:
        reports = list(run.again())
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
