"""How a pod dies, on the rig and simulated: each event in seconds after its deletionTimestamp."""
import statistics

from figures import left_at

# Of the rig's figures (lost/figures.py), of the simulator's report (docs/simulate.md), for people, and whether it takes
# more than the kubelet: the API, or who hears of it there. In the order in which they happen to a pod that has time.
EVENTS = (
    ("not_ready", "endpoint_not_ready_seconds", "endpoint not ready", True),
    ("pre_stop", "pre_stop_seconds", "preStop begins", False),
    ("l4", "proxies_left_seconds", "gone from kube-proxy", True),
    ("l7", "load_balancer_left_seconds", "gone from the balancer, without its delay", True),
    ("pre_stop_over", "pre_stop_over_seconds", "preStop ends", False),
    ("sigterm", "sigterm_seconds", "SIGTERM", False),
    ("ended", "ended_seconds", "exit", False),
    ("endpoint_gone", "endpoint_gone_seconds", "gone from the EndpointSlice", True),
    ("gone", "object_gone_seconds", "object gone", True),
)
# Where the machine ends before a pod has had its grace, the handler gives what is left: these follow from that end, not
# from when the handler heard of the notice.
CUT_SHORT = ("pre_stop_over", "sigterm", "ended")
AFTER_EXIT = ("endpoint_gone", "gone")
WITHIN = 1.0  # seconds between an event here and there
TOGETHER = 0.5  # seconds: events that are no further apart than that have no order: who hears of them differs


def after_told(times, told, end, machine_ends):
    """Event to seconds after `told`, of those that happened before `end`; all by one clock. `machine_ends` (None: later
    than anything): those that it cuts short are counted from there."""
    return {event: times[event] - (machine_ends if machine_ends is not None and event in CUT_SHORT else told)
            for event, *_ in EVENTS if times.get(event) is not None and times[event] < end}


def of_the_rig(pods, end, machine_ends=None):
    """Of each pod that was told to end on a node that dies. `end`: of the count, after the notice."""
    found = []
    for pod in pods.values():
        if not pod["leaves"] or "deleted" not in pod:
            continue
        times = {**pod, "l4": left_at(pod["l4"]), "l7": left_at(pod["l7"])}
        if times["l7"] is not None:
            times["l7"] -= pod["l7_leave_delay"]
        found.append(after_told(times, pod["deleted"], end, machine_ends))
    return found


def of_the_simulator(deaths, dying, end, delay, machine_ends=None):
    """The same of a report's `deaths`. `end`: after the clock's start; `delay`: the balancer's."""
    found = []
    for death in deaths:
        if death["node"] not in dying or death["told_to_end_seconds"] is None:
            continue
        times = {event: death[field] for event, field, *_ in EVENTS}
        if times["l7"] is not None:
            times["l7"] -= delay
        found.append(after_told(times, death["told_to_end_seconds"], end, machine_ends))
    return found


def from_exit(death):
    """As it is told where requests that are under way keep a program up: the exit is another matter (outlasted()), and
    what follows it is counted from there."""
    counted = {event: when for event, when in death.items() if event not in AFTER_EXIT and event != "ended"}
    if "ended" in death:
        counted |= {event: death[event] - death["ended"] for event in AFTER_EXIT if event in death}
    return counted


def outlasted(death):
    """Seconds from SIGTERM to the exit; None: one of them did not come."""
    return death["ended"] - death["sigterm"] if "ended" in death and "sigterm" in death else None


def whole(deaths):
    """Those of which as much is known as of any: medians of others would be of other pods."""
    most = max((len(death) for death in deaths), default=0)
    return [death for death in deaths if len(death) == most]


def usual(deaths):
    """Event to the median of when it happened; of those that happened in more than half of the deaths."""
    found = {}
    for event, *_ in EVENTS:
        times = [death[event] for death in deaths if event in death]
        if 2 * len(times) > len(deaths):
            found[event] = statistics.median(times)
    return found


def middle(deaths, event):
    """The middle half of when it happened: where a handler gives whole seconds of what is left, that is spread over one
    by the moment at which it heard."""
    times = [death[event] for death in deaths if event in death]
    return statistics.quantiles(times)[::2] if len(times) > 1 else times * 2


def near(real, least, most, within=WITHIN):
    """Whether a median (None: it did not happen) is so many seconds at most from where it should be."""
    if real is None or least is None:
        return real is least
    return least - within <= real <= most + within


def out_of_order(real, simulated, late):
    """Pairs of events of which one comes first on the rig and the other one simulated; of medians. `late`: seconds by which
    what goes through the API was, so that where one of the two does they must be so much further apart to have an order."""
    both = [(event, by_the_api) for event, _, _, by_the_api in EVENTS if event in real and event in simulated]
    wrong = []
    for first, first_by_the_api in both:
        for second, second_by_the_api in both:
            together = TOGETHER + (late if first_by_the_api or second_by_the_api else 0)
            if real[first] + together < real[second] and simulated[second] + together < simulated[first]:
                wrong.append((first, second))
    return wrong
