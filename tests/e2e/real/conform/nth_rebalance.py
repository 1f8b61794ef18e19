"""NTH's scenarios 11 to 14: rebalance recommendations, and the target state of an Auto Scaling group."""
from catalogue import nth
from nth_spot import SPOT, TAINTS, dry_run_changes_nothing

ONLY_REBALANCE = {"enableSpotInterruptionDraining": False, "enableScheduledEventDraining": False}
DRAIN = ["--rebalance=drain-after-replacement"]
EVICTED = ["Pod EvictedFromDyingNode Normal", "Node NodeDrained Normal"]


@nth(11, "a rebalance recommendation only marks the node; a Spot notice then evicts")
def rebalance_marks(case):
    workload, pod = case.workload()
    case.start_agent(SPOT | TAINTS | {"enableRebalanceMonitoring": True})
    case.notice("rebalance")
    record = case.await_marked("maybe")
    case.agent.await_polls()
    if case.compat:
        case.check_nth_mark("rebalance-recommendation", record)
    else:
        case.check_own_mark("maybe", record)
    case.check_stays(pod)
    case.notice("notice terminate in 2m")
    record = case.await_marked("kill")
    case.check_moved(workload, pod)
    if case.compat:
        case.check_nth_mark("spot-itn", record)
    else:
        case.check_own_mark("kill", record)
    case.check_events([] if case.compat else [
        "Node RebalanceRecommended Warning", "Node NodeInterrupted Warning", *EVICTED])


@nth(12, "a rebalance recommendation drains where that is asked for")
def rebalance_drains(case):
    workload, pod = case.workload()
    case.start_agent(ONLY_REBALANCE | TAINTS | {"enableRebalanceDraining": True}, DRAIN)
    case.notice("rebalance")
    retires(case, workload, pod, "rebalance-recommendation", ["Node RebalanceRecommended Warning", *EVICTED])


@nth(13, "a dry run of a rebalance recommendation that drains changes nothing")
def rebalance_dry_run(case):
    _, pod = case.workload()
    case.start_agent(ONLY_REBALANCE | TAINTS | {"enableRebalanceDraining": True, "dryRun": True}, [*DRAIN, "--dry-run"])
    case.notice("rebalance")
    dry_run_changes_nothing(case, pod)


@nth(14, "an Auto Scaling group that ends the machine has it drained")
def lifecycle(case):
    workload, pod = case.workload()
    case.start_agent(ONLY_REBALANCE | TAINTS | {"enableASGLifecycleDraining": True})
    case.notice("lifecycle Terminated")
    retires(case, workload, pod, "asg-lifecycle-termination", ["Node NodeRetiring Warning", *EVICTED])


def retires(case, workload, pod, taint, events):
    record = case.await_marked("retire")
    case.check_moved(workload, pod)
    case.agent.await_polls()  # the signal stands, and is one event
    if case.compat:
        case.check_nth_mark(taint, record)
    else:
        case.check_own_mark("retire", record)
    case.check_told_to_end([pod])
    case.check_events([] if case.compat else events)
