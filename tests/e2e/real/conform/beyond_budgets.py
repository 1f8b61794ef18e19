"""Disruption budgets and graces that do not fit."""
import time

from case_mark import NOTICE_BOUND
from catalogue import BOTH, beyond
from machine import await_until
from nth_spot import SPOT

GRACE = 5
INTERRUPTED = "Node NodeInterrupted Warning"


@beyond("a budget that allows nothing holds a pod until its last safe start", modes=BOTH)
def budget_blocks(case):
    workload, pod = case.workload(grace=GRACE, budgets=[0])
    case.start_agent(SPOT)
    case.notice("notice terminate in 22s")
    case.await_marked("kill")
    deadline = case.deadline()
    case.check_held_to_last_safe_start(pod, deadline, GRACE)
    case.await_in_harbour(workload)
    case.equal("pods deleted", case.deleted(), [pod["metadata"]["name"]])
    page = case.agent.metrics()
    case.equal("budgets overridden", page.sum("spotkeeper_budget_overrides_total", reason="last-safe-start"), 1)
    case.equal("pods killed hard", page.sum("spotkeeper_pods_killed_hard_total"), 0)
    case.check_events([] if case.compat else [INTERRUPTED, "Pod BudgetOverridden Warning", "Node NodeDrained Normal"])


@beyond("a budget that allows later is kept, and the pod goes as soon as it does")
def budget_allows_later(case):
    workload, pod = case.workload(grace=GRACE, budgets=[0])
    case.start_agent()
    case.notice("notice terminate in 2m")
    case.await_marked("kill")
    case.agent.await_polls(4)
    case.check_stays(pod)
    allowed = time.time()
    workload.allow(0, 1)
    ending = case.check_moved(workload, pod)
    case.between("seconds until the pod goes", 0, round(ending.told - allowed, 2), 3)
    case.equal("pods deleted", case.deleted(), [])


@beyond("a grace longer than the notice is cut to what fits, and told of", modes=BOTH)
def grace_does_not_fit(case):
    _, pod = case.workload(grace=300)
    case.start_agent(SPOT)
    case.notice("notice terminate in 25s")
    case.await_marked("kill")
    deadline = case.deadline()
    await_until("the pod's end", lambda: case.ending(pod).gone, 30)
    ending = case.ending(pod)
    case.equal("it was evicted", ending.evicted, True)
    # What fits at that moment, less half the margin; the API's times are whole seconds.
    case.between("its grace", deadline - ending.told - 3, ending.grace, deadline - ending.told)
    case.between("seconds from notice to SIGTERM", 0, round(ending.told - case.told, 2), NOTICE_BOUND + 5)
    page = case.agent.metrics()
    case.equal("pods short of grace", page.sum("spotkeeper_pods_short_of_grace_total"), 1)
    case.equal("pods killed hard", page.sum("spotkeeper_pods_killed_hard_total"), 0)
    case.check_events([] if case.compat else [
        INTERRUPTED, "Pod GraceDoesNotFit Warning", "Pod EvictedFromDyingNode Normal", "Node NodeDrained Normal"])


@beyond("a pod under two budgets, which can't be evicted, is deleted when both allow it, else at its last safe start")
def two_budgets(case):
    free, free_pod = case.workload("free", grace=GRACE, budgets=[1, 1])
    held, held_pod = case.workload("held", grace=GRACE, budgets=[1, 0])
    case.start_agent()
    case.notice("notice terminate in 25s")
    case.await_marked("kill")
    deadline = case.deadline()
    ending = case.check_moved(free, free_pod, evicted=False)
    case.between("seconds from notice to the one that both allow", 0, round(ending.told - case.told, 2),
                 NOTICE_BOUND + 5)
    case.check_held_to_last_safe_start(held_pod, deadline, GRACE)
    case.await_in_harbour(held)
    case.equal("pods evicted", case.evicted(), [])
    case.equal("pods deleted", case.deleted(), sorted(pod["metadata"]["name"] for pod in (free_pod, held_pod)))
