#!/usr/bin/env python3
"""The judges of tests/e2e/real/lost_requests.py and simulated.py, on made-up figures: that they let pass what is as it has
to be, and find what is not; and what simulated.py takes over from such figures. No rig."""
import contextlib
import io
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "real/simulated"), str(HERE / "real/lost"), str(HERE / "real"), str(HERE / "rig")]
BINARY = pathlib.Path(os.environ.get("SPOTKEEPER_BINARY", HERE.parents[1] / "build/release/spotkeeper"))
os.environ.setdefault("SPOTKEEPER_TOOLS", str(BINARY.parent / "tools"))

import losses  # noqa: E402
import minimum  # noqa: E402
import times  # noqa: E402
from again import RunAgain  # noqa: E402
from clock import end_watches  # noqa: E402
from echo import latest  # noqa: E402
from figures import Figures  # noqa: E402
from machine import Failed  # noqa: E402
from run import count_answers, killed_hard  # noqa: E402
from scenario import LEAD, SCENARIOS  # noqa: E402
from testing import check, failures, verdict  # noqa: E402

QUIET, BUSY = 0.02, 3.0  # seconds until a write to the API is heard of
RATE = 25
BALANCER = (8.0, 14.0, 26.0)  # seconds until it has heard of each pod that leaves
SLICE = 0.5  # seconds of them that are not the balancer's own


def run_of(name, first_told, cordon=0.8, late=QUIET):
    """Of the agent in this scenario; its pods were told one after the other, and what that costs by the oracle's model was
    lost."""
    scenario = SCENARIOS[name]
    figures = Figures(name, "ours", scenario.seconds, RATE, "1.0, 1.0", 5.0, cordon=cordon, api_late=late,
                      api_slowest=late)
    figures.sent = figures.expected = 4 * RATE * scenario.seconds
    for number in range(scenario.replicas):
        pod = {"node": "rn1", "leaves": number < len(BALANCER), "made": -60.0, "ready": -50.0, "l4": [], "l7": []}
        if pod["leaves"]:
            told = pod["deleted"] = first_told + 0.2 * number
            pod |= {"l4": [[told + 0.4, False]], "l7": [[told + BALANCER[number], False]],
                    "l7_leave_delay": BALANCER[number] - SLICE}
            ready = told + scenario.ready_after + 2
            figures.pods[f"next-{number}"] = {"node": "rn2", "leaves": False, "made": told + 0.1, "ready": ready,
                                              "l4": [[ready + 0.3, True]], "l7": [[ready + 9, True]]}
        figures.pods[f"web-{number}"] = pod
    ask_oracle(figures)
    lose(figures, round(figures.modelled))
    return figures


def ask_oracle(figures):
    with tempfile.TemporaryDirectory() as folder:
        minimum.find(figures, SCENARIOS[figures.scenario], pathlib.Path(folder))


def lose(figures, count):
    figures.lost, figures.answered = count, figures.sent - count
    figures.losses["web-0 on rn1"] = count
    figures.streams = {f"{way} {style}": {"sent": figures.sent // 4, "lost": 0, "outcomes": {}}
                       for way in ("l4", "l7") for style in ("new", "kept")}
    figures.streams["l7 new"]["lost"] = count


def said_of(figures):
    """What is said of it when it is judged from its file: (lines that begin with FAIL, all that was said)."""
    with tempfile.TemporaryDirectory() as folder:
        figures.write(pathlib.Path(folder), SCENARIOS[figures.scenario])
        done = subprocess.run([HERE / "real/lost_requests.py", "--recorded", "--json", folder],
                              capture_output=True, text=True)
    return [line for line in done.stdout.splitlines() if line.startswith("FAIL")], done.stdout + done.stderr


def passes(what, figures):
    failed, said = said_of(figures)
    check(what, not failed and "ok (" in said and f"| {figures.lost:,} |" in said, said)


def fails(what, figures, *sentences):
    """With these, and no others."""
    failed, said = said_of(figures)
    check(what, len(failed) == len(sentences) and all(
        any(sentence in line for line in failed) for sentence in sentences), said)


class Broken:
    broke = "reset"
    ended = False

    def end(self):
        self.ended = True


def broken_watches():
    watches = [Broken(), Broken()]
    try:
        end_watches(watches)
    except Failed:
        return all(watch.ended for watch in watches)
    return False


def told_to_simulator(late):
    with tempfile.TemporaryDirectory() as folder:
        run_of("e", 1.0, late=late).write(pathlib.Path(folder), SCENARIOS["e"])
        return [round(delay, 3) for delay in RunAgain(pathlib.Path(folder) / "e-ours.json").leave_delays()]


LEAST, PROMPT = "no more is lost than the oracle's minimum", "the first pod is told to end"

# How late it may be.
passes("an agent that is told of a short notice and acts is at the oracle's minimum", run_of("e", 1.0))
slow = run_of("e", 3.0, late=BUSY)
check("two seconds later more is lost", slow.lost > run_of("e", 1.0).lost + 15, slow.lost)
passes("which passes where the machine had too much to do", slow)
check("and both minima are shown", f"| {slow.least:.0f} ({slow.least_from_told:.0f}) |" in said_of(slow)[1],
      said_of(slow)[1])
fails("and not where it had not", run_of("e", 3.0), LEAST, PROMPT)
fails("an agent that is seven seconds late passes on no machine", run_of("e", 8.0, late=BUSY), LEAST, PROMPT)
late = run_of("e", 2.2, cordon=2.7)
fails("one that is a second late does not pass on a machine that was not", late, LEAST, PROMPT, "the nodes are cordoned")
late.api_late = 0.9
passes("but where the API was as late as that", late)
check("the slowest write is what counts, of those after the notice, and one that was not heard of took until the end",
      (latest([1.0, 2.0, 3.0], {0: 1.9, 1: 2.1, 2: 3.2}, 1.5, 6.0), latest([1.0, 2.0, 3.0], {1: 2.1}, 0.0, 6.0),
       latest([1.0, 2.0], {1: 2.5}, 0.0, 6.0)) == (3.2 - 3.0, 3.0, 1.5))
hasty = run_of("e", 1.0)
hasty.kill_late = 2.5
fails("a machine that dies late spares who drains late", hasty, "the client and the machines' end were in time")
hasty.kill_late, hasty.client_lag_ms = 0.1, 3500
fails("so does a client that sends late", hasty, "the client and the machines' end were in time")
few = run_of("e", 1.0)
lose(few, round(few.least) - 12)
fails("who loses less than the least has shown that the oracle is wrong", few, LEAST)

# Nothing had to be lost.
spared = run_of("abrupt", 20.0)
for number, pod in enumerate(pod for pod in spared.pods.values() if pod["leaves"]):
    pod["l7"] = [[pod["deleted"] + 4.0 + number, False]]
ask_oracle(spared)
lose(spared, 0)
check("a balancer that hears within the preStop has nothing to lose", spared.least == 0, spared.least)
passes("which is judged so", spared)
lose(spared, 1)
fails("one lost request is one too many where nothing had to be lost, also of a service that ends at once", spared, LEAST)

# Pods that are killed.
check("killed are those that their kubelet killed, those that die with their machine, and those of which nobody told, "
      "each once", killed_hard({"well": 0, "cut": 137, "both": 137}, {"both": 7, "dead": 8},
                               {"well", "cut", "silent"}) == {"cut", "both", "silent", "dead"})
hard = run_of("a", 1.0)
passes("a run in which nothing is lost", hard)
hard.killed_hard = hard.killed_by_kubelet = 1
fails("a pod that its kubelet killed is one too many", hard, "no pod is killed hard")
check("and is shown", "| 1, 1 by their kubelet |" in said_of(hard)[1], said_of(hard)[1])

# The servers' own logs.
check("answered exactly once and not lost, lost though it was answered, answered twice",
      count_answers(["a", "b", "b", "c", "d"], {"c": "refused", "e": "late"}) == (2, {"refused": 1}, 1))
logs = run_of("a", 1.0)
logs.answered -= 1
fails("an answer that no server knows of is found", logs, "answered exactly once")
logs = run_of("e", 1.0)
logs.disowned["late"] = 1
passes("an answer may be lost on its way", logs)
logs.disowned["refused"] = 1
fails("and none may have been refused", logs, "lost on its way")

# What the simulator is told.
check("the simulated balancer gets what the rig's drew", told_to_simulator(QUIET) == [one - SLICE for one in BALANCER],
      told_to_simulator(QUIET))
check("and what a machine with too much to do added", told_to_simulator(BUSY) == list(BALANCER), told_to_simulator(BUSY))

# Who obeys a budget to the end.
for lost, sentences in ((91, ()), (90, ("who obeys the budget",))):
    drain = run_of("b", 1.0)
    drain.handler, drain.cordon = "kubectl-drain", 1.0
    drain.sent = drain.expected = 9000
    lose(drain, lost)
    fails(f"a scenario in which kubectl drain loses {lost} of 9,000 is {'too easy' if sentences else 'hard enough'}", drain,
          *sentences)

# The simulator against the rig.


def found_by(judge, *arguments):
    """The checks that fail, which are none of this script's own."""
    before = len(failures)
    with contextlib.redirect_stdout(io.StringIO()):
        judge(*arguments)
    found, failures[before:] = failures[before:], []
    return found


class SimulatedRun:
    name, handler, unlike, dying, scenario = "(a) ours", "ours", 0, ["node-1"], {"notice": 60, "after": 25, "abrupt": False}
    figures = {"sent": 9000, "load": "1.0, 1.0", "streams": {"l4 new": {"lost": 0}, "l7 new": {"lost": 40}}}

    def __init__(self, told=3.5, late=0.0):
        self._late = late
        self.pods = {"web-0": {"leaves": True, "asked": told, "deleted": told + 0.1}}

    def api_late(self):
        return self._late

    def busy(self):
        return False

    def machine_ends(self):
        return 60.0

    def told_in_time(self, report):
        return set()


def report(lost, told=3.5):
    return 1.0, {"requests": {"lost": lost}, "lost_requests": [{"load_balancer": 1}] * lost,
                 "deaths": [{"node": "node-1", "told_to_end_seconds": LEAD + told}]}


for lost, failed in ((30, 0), (29, 1), (50, 0), (51, 1)):
    check(f"{lost} simulated for 40 on the rig {'is too far away' if failed else 'is near enough'}", len(found_by(
        losses.hold_losses, SimulatedRun(), [report(lost)])) == failed)
for told, late, failed in ((3.5, 0.0, 0), (4.4, 0.0, 0), (4.6, 0.0, 1), (2.4, 0.0, 1), (4.6, 0.5, 0), (5.6, 0.5, 1)):
    check(f"a first pod told {told} s after the notice, 3.5 s simulated, the API late by {late} s: {failed} wrong", len(
        found_by(times.hold_told, SimulatedRun(told, late), [report(0), report(0), report(0, 9.0)])) == failed)
DEATH = {"not_ready": 0.2, "pre_stop": 0.1, "l4": 0.5, "l7": 0.6, "pre_stop_over": 15.1, "sigterm": 15.1, "ended": 35.2,
         "endpoint_gone": 35.9, "gone": 36.2}
for event, later, late, failed in (("sigterm", 0.9, 0.0, 0), ("sigterm", 1.1, 0.0, 1), ("sigterm", 1.1, 0.5, 1),
                                   ("gone", 1.1, 0.0, 1), ("gone", 1.1, 0.5, 0), ("gone", 1.6, 0.5, 1)):
    moved = DEATH | {event: DEATH[event] + later}
    check(f"{event} {later} s later on the rig, the API late by {late} s: {failed} wrong", len(
        found_by(times.hold_times, "(a) ours", [moved], [DEATH], late)) == failed)
check("an event that never happens on the rig is found",
      len(found_by(times.hold_times, "(a) ours", [{k: v for k, v in DEATH.items() if k != "gone"}], [DEATH], 0.0)) == 1)
swapped = DEATH | {"l4": 16.0}
check("so is another order", len(found_by(times.hold_order, "(a) ours", [swapped], [DEATH], 0.0)) == 1)
check("but not what is nearer than there is an order", not found_by(
    times.hold_order, "(a) ours", [DEATH | {"l4": 15.5}], [DEATH], 0.0))

# Observers.
check("a watch that broke off fails the run, and all are ended", broken_watches())
with tempfile.TemporaryDirectory() as nothing:
    done = subprocess.run([HERE / "real/lost_requests.py", "--recorded", "--json", nothing], capture_output=True)
    check("no figures are no success", done.returncode == 1, done)
sys.exit(verdict())
