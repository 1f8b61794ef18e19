"""The end of the agent in the middle of a drain."""
import collections
import signal
import time

from beyond_budgets import GRACE
from catalogue import BOTH, beyond
from machine import await_until
from nth_spot import SPOT

# It does not wait for the last pod's end, so it does not tell of the drain's.
EVENTS = ["Node NodeInterrupted Warning", "Pod EvictedFromDyingNode Normal", "Pod BudgetOverridden Warning"]


def half_way(case):
    """One pod is told to end, and another waits for its last safe start."""
    free, free_pod = case.workload("free", grace=GRACE, linger=2)
    held, held_pod = case.workload("held", grace=GRACE, budgets=[0])
    case.start_agent(SPOT | {"emitKubernetesEvents": True})
    case.notice("notice terminate in 25s")
    case.await_marked("kill")
    await_until("the first eviction", lambda: case.ending(free_pod).told, 15, every=0.02)
    return free, free_pod, held, held_pod


def check_both_went(case, free, free_pod, held, held_pod, deadline):
    case.check_held_to_last_safe_start(held_pod, deadline, GRACE)
    case.check_moved(free, free_pod)
    case.await_in_harbour(held)
    case.equal("evictions asked for", case.evictions(), [(free_pod["metadata"]["name"], 201)])
    case.equal("pods deleted", case.deleted(), [held_pod["metadata"]["name"]])


@beyond("SIGTERM in mid-drain: the agent ends when every pod has been told to", modes=BOTH)
def sigterm_in_drain(case):
    pods = half_way(case)
    deadline = case.deadline()
    case.agent.signal(signal.SIGTERM)
    case.agent.await_polls()
    case.check("it goes on", not case.agent.ended())
    check_both_went(case, *pods, deadline)
    case.equal("its exit code", case.agent.await_end(10), 0)
    case.check("it ended before its machine", time.time() < deadline, time.time() - deadline)
    if not case.compat:
        case.check_events(EVENTS)


@beyond("SIGKILL in mid-drain: the next agent goes on, and tells nobody twice", modes=BOTH)
def sigkill_in_drain(case):
    pods = half_way(case)
    deadline = case.deadline()
    # What it had not come to, the next one does.
    await_until("all of the mark", lambda: case.compat or case.record()["did"]["exclude"], 10, every=0.02)
    case.agent.kill()
    mark = case.node_now()["metadata"]["annotations"]["spotkeeper.dev/interruption"]
    patches = [write for write in case.writes() if write[1] == "nodes"]
    case.start_agent(SPOT | {"emitKubernetesEvents": True})
    check_both_went(case, *pods, deadline)
    case.equal("the record on the Node", case.node_now()["metadata"]["annotations"]["spotkeeper.dev/interruption"],
               mark)
    case.equal("patches of the Node by the second agent", len([
        write for write in case.writes() if write[1] == "nodes"]) - len(patches), 0)
    case.equal("pods killed hard", case.agent.metrics().sum("spotkeeper_pods_killed_hard_total"), 0)
    told = collections.Counter((event["regarding"]["name"], event["reason"]) for event in case.events())
    case.check("the notice was told", told[case.node["name"], "SpotInterruption" if case.compat else "NodeInterrupted"],
               told)
    case.equal("what was told twice", [what for what, times in told.items() if times > 1], [])


@beyond("an agent that is idle ends at once")
def sigterm_idle(case):
    case.start_agent()
    began = time.monotonic()
    case.equal("its exit code", case.agent.end(), 0)
    case.between("seconds that its end takes", 0, round(time.monotonic() - began, 2), 2)
    case.equal("what it has written", [write[:3] for write in case.writes()], [])
