"""As many requests must be lost simulated as were on the rig."""
import math
import statistics

from testing import check

SHARE, COUNT = 0.25, 3  # how far the lost requests may be apart
WAYS = ("l4", "l7")
HEARS_LATE = 3.0  # seconds by which the rig's balancer may hear late of a pod that leaves, in the median
HEAD = ("run", "sent", "lost", "simulated", "l4", "simulated", "l7", "simulated", "machine's load")


def hold_losses(run, reports):
    """A row of the table. `reports`: RunAgain.again()."""
    reports = [report for _, report in reports]
    real, simulated = on_the_rig(run), in_the_mean(reports)
    lost, expected = sum(real.values()), sum(simulated.values())
    cells = [run.name, f"{run.figures['sent']:,}", f"{lost:,}", f"{expected:,.0f}"]
    for way in WAYS:
        cells += [f"{real[way]:,}", f"{simulated[way]:,.0f}"]
    seeds = [report["requests"]["lost"] for report in reports]
    told = f"{lost} on the rig ({real}), {expected:.1f} simulated ({simulated}), by seed {seeds}"
    if run.handler == "undisturbed":
        check(f"{run.name}: nothing is lost simulated when nothing dies", not any(seeds), told)
        return [*cells, run.figures["load"]]
    if run.busy() and run.heard_late():
        late = statistics.median(run.heard_late())
        check(f"{run.name}: this machine, which had too much to do, was late by no more than {HEARS_LATE:.0f} s with "
              f"what the simulated balancer is told as late: {late:.1f} s", late <= HEARS_LATE)
    name = f"{run.name}: as many requests are lost simulated"
    if told_too_late(run):
        lost, expected = lost_of_told_pods(run), simulated_of_told_pods(run, reports)
        name += f", but for {', '.join(told_too_late(run))}, told when its machine had ended,"
        cells = [f"{run.name}, pods that were told in time", cells[1], f"{lost:,}", f"{expected:,.0f}", *["–"] * 4]
        told = f"{lost} on the rig, {expected:.1f} simulated; with them {told}"
    if run.unlike:
        name += " (in no seed were as many pods told in time as on the rig, so others are taken)"
        cells[0] += ", no seed alike"
        if run.handler == "ours" and run.scenario["notice"] >= run.scenario["grace"]:
            check(f"{run.name}: with each of the balancer's delays, in some seed as many pods are told in time as on the rig",
                  False, f"not with {run.unlike} of them")
    allowed = max(COUNT, SHARE * lost)
    check(f"{name} within {allowed:.0f}", abs(lost - expected) <= allowed, told)
    return [*cells, run.figures["load"]]


def on_the_rig(run):
    return {way: sum(stream["lost"] for name, stream in run.figures["streams"].items() if name.startswith(way))
            for way in WAYS}


def in_the_mean(reports):
    over = [sum("load_balancer" in lost for lost in report["lost_requests"]) for report in reports]
    return {"l4": statistics.mean(report["requests"]["lost"] - one for report, one in zip(reports, over)),
            "l7": statistics.mean(over)}


def told_too_late(run):
    """Pods that were told when their machine had ended; in the simulator its handler has ended with it."""
    return [name for name, pod in run.pods.items() if pod["leaves"] and pod.get("deleted", 0) > run.machine_ends()]


def lost_of_told_pods(run):
    """Without what those pods of dying machines lost that were not told in time."""
    untold = {name for name, pod in run.pods.items()
              if pod["leaves"] and pod.get("deleted", math.inf) > run.machine_ends()}
    return run.figures["lost"] - sum(
        count for where, count in run.figures["losses"].items() if where.partition(" on ")[0] in untold)


def simulated_of_told_pods(run, reports):
    """The same simulated, in the mean."""
    return statistics.mean(
        sum(lost["node"] not in run.dying or lost["pod"] in run.told_in_time(report)
            for lost in report["lost_requests"]) for report in reports)
