"""What had to be lost at least, with the delays that a run met: tests/oracle/request_oracle.h, through drain_minimum.

Where that is more than nothing, no handler could have done better: the successor of a pod is made when the pod is told
to end, a pod answers for a known time from then on, and the balancer hears late.
"""
import json
import math
import statistics

from figures import came_at, left_at
from machine import run
from scenario import LEAD
from traffic import LONG_RATE, tool

HEARS = 1  # seconds: a handler that asks the metadata service once a second hears of a notice by then
NOISE = 0.1  # of what had to be lost: what chance does, and how much the model leaves out
TOLD = 0.5  # seconds by which we may hear of a successor before we hear of the end that had it made
FEW = 3  # requests, where some had to be lost
NOTHING = 1e-6  # requests: the oracle adds up fractions


def find(figures, scenario, folder):
    """Fills in what of the figures comes from the oracle, unless a pod that had to be told to end was not."""
    world = _world(figures, scenario)
    if world is None:
        return
    file = folder / f"minimum-{scenario.name}-{figures.handler}.json"

    def ask(first):
        file.write_text(json.dumps(world | {"first": first}, indent=1))
        return json.loads(run(tool("drain_minimum"), "--world", file))

    figures.told, figures.ready_after = world["starts"][0], world["ready_after"]
    figures.least_from_told = ask(max(world["first"], figures.told))["lost"]
    found = ask(world["first"])
    figures.least, figures.modelled = found["lost"], found["done"]["lost"]


def allowed(figures):
    """How few and how many may be lost: who loses less than the least has shown that the oracle is wrong. As much more
    as the least grew from when the handler could have heard to when it told the first pod, but no more than a balancer
    sends to the pods that leave in the time by which the machine held it up."""
    if figures.least < NOTHING:
        return 0, 0
    about = max(FEW, NOISE * figures.least)
    late = min(figures.least_from_told - figures.least, figures.late() * _sent_to_leaving(figures))
    return figures.least - about, figures.least + about + max(0, late)


def _sent_to_leaving(figures):
    """Requests a second, as long as all pods that were there before the notice are its endpoints."""
    before = _before(figures)
    return 2 * figures.rate * sum(pod["leaves"] for pod in before) / len(before)


def _before(figures):
    return [pod for pod in figures.pods.values() if pod.get("made", 0) < 0]


def _world(figures, scenario):
    until = figures.seconds - LEAD
    before = _before(figures)
    leaving = sorted((pod for pod in before if pod["leaves"]), key=lambda pod: pod.get("deleted", math.inf))
    if not leaving or any("deleted" not in pod for pod in leaving):
        return None
    starts = [pod["deleted"] for pod in leaving]
    successors = _successors(figures.pods.values(), starts)
    readiness = [pod["ready"] - start for start, pod in successors if "ready" in pod]
    ready_after = statistics.median(readiness) if readiness else until

    def path(name, rate, **more):
        key = name.partition("-")[0]
        # A start is when we heard of it, which on a busy machine is after the kernel or haproxy have done theirs.
        return {"name": name, "rate": 2 * rate,  # on new connections and on kept ones
                "leaves": [max(0, _or(until, left_at(pod[key])) - start) for start, pod in zip(starts, leaving)],
                "joins": [max(0, _or(until, came_at(pod[key])) - start - ready_after)
                          for start, pod in successors] or [until]} | more

    paths = [path("l4", figures.rate, terminating=True), path("l7", figures.rate)]
    if scenario.long_requests:
        paths += [path("l4-long", LONG_RATE, takes=scenario.long_requests, terminating=True),
                  path("l7-long", LONG_RATE, takes=scenario.long_requests)]
    return {"staying": len(before) - len(leaving), "leaving": len(leaving),
            "desired": math.ceil(scenario.replicas * int(scenario.budget.rstrip("%")) / 100),
            "notice": scenario.notice, "first": _first(figures), "until": until, "ready_after": ready_after,
            "grace": scenario.grace, "answers": scenario.pre_stop + (0 if scenario.abrupt else scenario.linger),
            "starts": starts, "paths": paths}


def _first(figures):
    """From when on pods could be told to end: when the handler had heard of the notice, and has marked the node; not when
    this handler got to it."""
    return HEARS if figures.cordon is None else min(HEARS, figures.cordon)


def _successors(pods, starts):
    """(start, pod): those that stay, each with the start that had it made: the last one before. One that was bound to
    the other node that dies has to go as well."""
    staying = [pod for pod in pods if pod.get("made", -1) >= 0 and not pod["leaves"]]
    return [(max((start for start in starts if start <= pod["made"] + TOLD), default=starts[0]), pod)
            for pod in sorted(staying, key=lambda pod: pod["made"])]


def _or(never, when):
    return never if when is None else when
