"""What a pod's death consists of must come at the same times simulated, and in the same order."""
import dataclasses
import statistics

import deaths
import quiet
import world
from again import simulate
from scenario import LEAD, SCENARIOS
from state import State
from testing import check

HEAD = ("run", *(says for _, _, says, _ in deaths.EVENTS), "machine's load")


def hold_deaths(run, reports):
    """A row of the table. `reports`: RunAgain.again()."""
    scenario = run.scenario
    end, notice = scenario["notice"] + scenario["after"], scenario["notice"]

    def both(cut_short):
        simulated = simulated_deaths(scenario, reports, end, LEAD + run.notice if cut_short else None)
        if scenario["abrupt"]:
            for death in simulated:
                death.pop("sigterm", None)  # the server that ends at once writes nothing of it
        return deaths.of_the_rig(run.pods, end, notice if cut_short else None), simulated

    real, simulated = both(False)
    hold_told(run, reports)
    hold_order(run.name, real, simulated, run.api_late())
    if scenario["long_requests"]:
        hold_exits(run, real, simulated)
        real, simulated = map(deaths.from_exit, real), map(deaths.from_exit, simulated)
    cut_short = not scenario["long_requests"] and notice < scenario["grace"]
    if cut_short:
        real, simulated = both(True)
    spread = deaths.CUT_SHORT if cut_short else ()
    return [*hold_times(run.name, list(real), list(simulated), run.api_late(), spread), run.figures["load"]]


def hold_quiet_deaths(folder):
    """Nothing else happens on the rig; but this machine may have much to do, which the row says."""
    name, scenario = "pods by themselves", SCENARIOS["a"]
    pods, load, late = quiet.quiet_deaths(State.default(), scenario)
    real = deaths.of_the_rig(pods, float("inf"))
    fields = dataclasses.asdict(scenario)
    report = simulate(folder / "quiet.yaml", world.world_of(fields, 25, world.balancer(0, 0), proxy=world.ALONE), "ours", 1)
    simulated = simulated_deaths(fields, [(0, report)], float("inf"))
    check(f"{name}: {quiet.DEATHS} died, and each event of their deaths happened",
          [len(death) for death in real] == [len(deaths.EVENTS)] * quiet.DEATHS, real)
    hold_order(name, real, simulated, late)
    return [*hold_times(name, real, simulated, late), load]


def simulated_deaths(scenario, reports, end, machine_ends=None):
    """Of each pod. `reports`: (the balancer's delay, report); `machine_ends`: deaths.after_told()."""
    return [death for delay, report in reports for death in deaths.of_the_simulator(
        report["deaths"], world.dying(scenario), LEAD + end, delay, machine_ends)]


def hold_told(run, reports):
    """When the handler asks for the end of the first pod: what comes before that is its own. The others wait for
    successors."""
    here = min((pod["asked"] for pod in run.pods.values() if pod["leaves"] and "asked" in pod), default=None)
    first = [min((death["told_to_end_seconds"] - LEAD for death in report["deaths"]
                  if death["node"] in run.dying and death["told_to_end_seconds"] is not None), default=None)
             for _, report in reports]
    there = None if None in first else statistics.median(first)
    within = deaths.WITHIN + run.api_late()
    check(f"{run.name}: the end of the first pod is asked for, within {within:.1f} s", deaths.near(here, there, there, within),
          f"{seconds(here)} s after the notice on the rig, {seconds(there)} s simulated")


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
    """Of each pod. `late`: seconds by which what goes through the API was. `spread`: events that are so by
    deaths.middle()."""
    here, there, cells = deaths.usual(real), deaths.usual(simulated), []
    for event, _, says, by_the_api in deaths.EVENTS:
        if not any(event in death for death in (*real, *simulated)):
            cells.append("–")
            continue
        told = " / ".join(map(seconds, (here.get(event), there.get(event))))
        cells.append(told)
        if spread and event in deaths.AFTER_EXIT and not (event in here and event in there):
            continue  # an instant decides whether the kubelet can tell of an end at the machine's end before that
        within = deaths.WITHIN + (late if by_the_api else 0)
        where = deaths.middle(simulated, event) if event in spread and event in there else [there.get(event)] * 2
        check(f"{name}: {says}, within {within:.1f} s", deaths.near(here.get(event), *where, within),
              f"{told} s after the deletion, on the rig and simulated")
    return [name, *cells]


def seconds(when):
    return "–" if when is None else f"{round(when, 1) + 0:.1f}"  # never -0.0


def hold_order(name, real, simulated, late):
    here, there = deaths.usual(deaths.whole(real)), deaths.usual(deaths.whole(simulated))
    wrong = deaths.out_of_order(here, there, late)
    check(f"{name}: what a pod's death consists of comes in the same order", len(here) > 2 and not wrong,
          f"{wrong}: {here}, {there}")
