"""Nodes of kwok: objects in the API that are kept Ready, and pods on them that run nowhere."""
import network
import node
from api import is_ready
from machine import await_until, kill_all

TAINT = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}
# The delays of these stages are none: a pod is Ready, and a deleted one gone, as fast as the API takes it.
STAGES = ("node/fast/node-initialize", "node/heartbeat-with-lease/node-heartbeat-with-lease", "pod/fast/pod-ready",
          "pod/fast/pod-complete", "pod/fast/pod-delete")


def have(state, api, count):
    """Nodes kwok-0 … kwok-(count-1), Ready; those above go."""
    there = state.facts().get("kwok", 0)
    for number in range(count, there):
        api.delete(f"/api/v1/nodes/kwok-{number}")
    state.learn(kwok=min(there, count))
    if count == 0:
        return
    if state.living("kwok") is None:
        _start(state)
    for number in range(there, count):
        api.create("/api/v1/nodes", _node(number))
    state.learn(kwok=count)
    process = state.living("kwok")
    await_until(f"{count} nodes of kwok", lambda: _ready(api) >= count,
                alive=lambda: process is not None and process.alive(), every=0.25)


def with_new_grace(state):
    """How often it renews its leases is a flag."""
    running = state.living("kwok")
    if running is not None:
        kill_all([running])
        _start(state)


def _start(state):
    state.start("kwok", [
        state.bin / "kwok", f"--kubeconfig={state.admin}", "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake", f"--cidr={network.FAKE_PODS}",
        f"--node-ip={network.CONTROL_ADDRESS}", f"--node-lease-duration-seconds={_lease(state)}",
        "--server-address=127.0.0.1:10247",
        *(f"--config={state.bin}/kwok-stages/{stage}.yaml" for stage in STAGES)], namespace=network.CONTROL)


def _lease(state):
    """kwok renews a lease four times in its length: twice in the grace of the node monitor, and every ten seconds at
    least."""
    return min(2 * int(state.facts()["node_grace"]), 40)


def _ready(api):
    nodes = api.get("/api/v1/nodes?labelSelector=type%3Dkwok")["items"]
    return sum(is_ready(each) for each in nodes)


def _node(number):
    name = f"kwok-{number}"
    room = {"cpu": "32", "memory": "256Gi", "pods": "110"}
    return {
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0"},
            "labels": {"type": "kwok", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
                       "kubernetes.io/arch": "amd64",
                       "topology.kubernetes.io/zone": node.ZONES[number % len(node.ZONES)]},
        },
        "spec": {"taints": [TAINT]},
        "status": {"allocatable": room, "capacity": room},
    }
