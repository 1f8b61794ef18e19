"""The rig as a scenario of `spotkeeper simulate`: the same service, nodes, notice, traffic and balancer, from the same
numbers (lost/scenario.py)."""
import json

from scenario import LEAD
from traffic import GRACE_OF_LONG, KEPT, LONG_RATE

POLICIES = {"undisturbed": "none", "none": "none",
            "kubectl-drain": "cordon-and-drain", "nth": "cordon-and-drain", "ours": "spotkeeper"}
NODES = 4


def balancer(join, leave):
    """One that takes so many seconds until an endpoint has joined, and until one has left (tools/endpoint_feeder/plan.h
    drew them)."""
    def exactly(seconds):
        return f"{round(seconds * 1000)}ms"

    return {"controller": "0s", "api": "0s", "join": exactly(join), "leave": exactly(leave)}


def loads(scenario, rate):
    """As many requests as the rig's streams, half of them on kept connections: from inside through the proxies, from
    outside through the balancer."""
    long = scenario["long_requests"]
    for way in ("inside", "outside"):
        load = {"service": "web", "from": way, "kept": "50%"}
        yield {**load, "rate": 2 * rate, "connections": KEPT, "time-limit": "10s"}
        if long:
            # The reader wants some that are not long.
            yield {**load, "rate": 2 * LONG_RATE, "connections": 2 * long * LONG_RATE,
                   "time-limit": f"{2 * long + GRACE_OF_LONG}s",
                   "long": {"share": "99.9%", "time": f"{1000 * longest(long):.0f}ms"}}


def longest(long):
    """A long request takes between half of a time and all of it, so a third more makes the rig's mean."""
    return 4 * long / 3


def dying(scenario):
    return [f"node-{number + 1}" for number in range(scenario["dying"])]


def notice_of(scenario):
    return {"at": f"{LEAD}s", "notice": "spot", "nodes": dying(scenario),
            "deadline": f"{round(1000 * scenario['notice'])}ms", "effect": "terminate"}


# A kube-proxy writes its rules at most once a second. By itself: at once, or a second after its last change.
ALONE = {"median": "150ms", "p99": "1s", "at-most": "1100ms", "straggler": "0s"}
# One that several runs share has mostly something to wait for.
SHARED = {"median": "600ms", "p99": "1400ms", "at-most": "1500ms", "straggler": "0s"}


def world_of(scenario, rate, delays, start=1.0, undisturbed=None, proxy=SHARED):
    """`scenario`: the fields of lost/scenario.py's Scenario; `rate`: requests a second of each stream; `delays`:
    balancer(); `start`: seconds from a pod's binding to its running program; `undisturbed`: nothing dies, and requests
    come for so many seconds; `proxy`: ALONE or SHARED."""
    return {
        "scenario": f"rig-{scenario['name']}", "description": scenario["says"], "seed": 1,
        "duration": f"{undisturbed or round(LEAD + scenario['notice'] + scenario['after'])}s", "warm-up": "5m",
        "cluster": {
            "kubelet-delay": "250ms",  # from a container's end to what the API says, twice: a real one takes a second
            "nodes": [{"count": NODES, "name": "node", "zone": "us-east-2a", "type": "m5.large"}],
            "endpoint-delay": proxy,
            "node-monitor-grace": "50s", "cloud-deletes-nodes": False},
        "workloads": [{
            "name": "web", "replicas": scenario["replicas"], "requests": {"cpu": "10m", "memory": "16Mi"},
            "start": f"{round(start * 1000)}ms", "ready-after": f"{scenario['ready_after']}s", "probe-period": "1s",
            "grace": f"{scenario['grace']}s", "pre-stop": f"{scenario['pre_stop']}s",
            "spread": [{"over": "node", "max-skew": 1, "required": False}],
            "server": {"concurrency": 1000, "queue": 1000, "service-time": "1ms", "abrupt": scenario["abrupt"],
                       "answers-after-term": f"{scenario['linger']}s"}}],
        # Nobody at the rig asks whether a pod answers: an endpoint leaves with its EndpointSlice.
        "services": [{"name": "web", "load-balancer": {
            "type": "alb", "unhealthy-after": "1h", **delays}}],
        "budgets": [{"name": "web", "min-available": scenario["budget"]}],
        "load": list(loads(scenario, rate)),
        "events": [] if undisturbed else [notice_of(scenario)]}


def write(path, world):
    """As JSON, which is YAML."""
    path.write_text(json.dumps(world, indent=1) + "\n")
