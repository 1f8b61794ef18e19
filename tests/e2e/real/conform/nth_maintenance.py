"""NTH's scenarios 7 to 10: scheduled events."""
from case_mark import NTH, SCHEDULED_BOUND, label_value
from catalogue import nth
from machine import await_until
from nth_spot import TAINTS, dry_run_changes_nothing

VALUES = {"enableSpotInterruptionDraining": True, "enableScheduledEventDraining": True}
EVENT = "maintenance system-reboot in 5m"
OWN_EVENTS = ["Node MaintenanceScheduled Warning", "Pod EvictedFromDyingNode Normal", "Node NodeDrained Normal"]


def maintenance_drains(case, event=EVENT):
    """A reboot is scheduled: the mark, the one pod evicted. Returns the record."""
    workload, pod = case.workload()
    case.notice(event)
    record = case.await_marked("maintenance", SCHEDULED_BOUND)
    case.check_moved(workload, pod)
    if case.compat:
        labels = case.node_now()["metadata"]["labels"]
        case.check_nth_mark("scheduled-maintenance", record, {
            f"{NTH}/event-id": label_value(record["id"]), f"{NTH}/action": "UncordonAfterReboot",
            f"{NTH}/action-time": labels.get(f"{NTH}/action-time", "")})
        case.between("the label action-time", case.told - 1, float(labels.get(f"{NTH}/action-time", 0)),
                     case.told + SCHEDULED_BOUND + 1)
    else:
        case.check_own_mark("maintenance", record)
    case.check_told_to_end([pod])
    return record


def node_takes_pods_again(case):
    workload, _ = case.workload("after", replicas=1)
    case.check("pods are scheduled on the node again", workload.pods())


@nth(7, "a scheduled event marks the node and evicts", seconds=35)
def scheduled_event(case):
    case.start_agent(VALUES | TAINTS)
    maintenance_drains(case)
    case.check_events([] if case.compat else OWN_EVENTS)


@nth(8, "a dry run of a scheduled event changes nothing", seconds=35)
def scheduled_dry_run(case):
    _, pod = case.workload()
    case.start_agent(VALUES | {"dryRun": True}, ["--dry-run"])
    case.notice(EVENT)
    dry_run_changes_nothing(case, pod, bound=30)


@nth(9, "a scheduled event that is cancelled is undone, and pods come back", seconds=50)
def scheduled_cancelled(case):
    case.start_agent(VALUES | TAINTS)
    maintenance_drains(case)
    case.tell("maintenance cancel")
    case.await_unmarked()
    case.check_untouched_node()
    node_takes_pods_again(case)
    case.check_events([] if case.compat else [*OWN_EVENTS, "Node InterruptionOver Normal"])


@nth(10, "a reboot for a scheduled event ends its mark, though the event is still listed", seconds=60)
def scheduled_reboot(case):
    case.start_agent(VALUES | TAINTS)
    record = maintenance_drains(case, "maintenance system-reboot in 25s")
    at = case.metadata()["maintenance"]["time"]
    await_until("the time of the reboot", lambda: case.metadata()["now"] > at, 30)
    case.reboot()
    case.tell(f"maintenance system-reboot at {at}")
    case.start_agent(VALUES | TAINTS)
    case.await_unmarked()
    case.check_node(set(), False, {}, ["spotkeeper.dev/finished"])
    case.agent.await_polls(12)  # the event has been listed once more
    case.check_node(set(), False, {}, ["spotkeeper.dev/finished"])
    case.equal("the event that is done with", case.node_now()["metadata"]["annotations"]["spotkeeper.dev/finished"],
               record["id"])
    node_takes_pods_again(case)
    case.tell("maintenance complete")
    await_until("the end of what was remembered of it", lambda: "spotkeeper.dev/finished" not in case.node_now()[
        "metadata"]["annotations"], SCHEDULED_BOUND + 10)
    case.check_events([] if case.compat else [*OWN_EVENTS, "Node InterruptionOver Normal"])
