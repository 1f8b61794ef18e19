"""Machines that come back, and events that are called off."""
from case_mark import NTH, SCHEDULED_BOUND, label_value
from catalogue import BOTH, beyond
from machine import await_until
from nth_maintenance import VALUES, node_takes_pods_again
from nth_spot import OWN_EVENTS, SPOT, TAINTS


@beyond("a machine that was stopped and comes back is in service again", modes=BOTH, seconds=60)
def stopped_and_back(case):
    workload, pod = case.workload()
    case.start_agent(SPOT | TAINTS)
    case.notice("notice stop in 20s")
    record = case.await_marked("kill")
    case.equal("the effect", record["effect"], "stop")
    case.check_moved(workload, pod)
    deadline = case.metadata()["spot"]["time"]
    await_until("the stop", lambda: case.metadata()["now"] > deadline, 30)
    case.reboot()
    case.start_agent(SPOT | TAINTS)
    case.await_unmarked(5)
    case.check_untouched_node()
    node_takes_pods_again(case)
    case.check_events([] if case.compat else [*OWN_EVENTS, "Node InterruptionOver Normal"])


@beyond("a scheduled event that is cancelled in mid-drain: what waits stays, and somebody else's cordon, too",
        modes=BOTH, seconds=50)
def cancelled_in_drain(case):
    workload, pod = case.workload(budgets=[0])
    case.api.merge(f"/api/v1/nodes/{case.node['name']}", {"spec": {"unschedulable": True}})
    await_until("the cordon", lambda: case.node_versions()[-1].object["spec"].get("unschedulable"))
    case.start_agent(VALUES | TAINTS)
    case.notice("maintenance instance-retirement in 5m")
    record = case.await_marked("maintenance", SCHEDULED_BOUND)
    case.equal("what the record claims", record["did"]["cordon"], False)
    case.agent.await_polls()
    case.tell("maintenance cancel")
    case.await_unmarked()
    case.check_node(set(), True, {}, [])
    workload.allow(0, 1)
    case.agent.await_polls(3)
    case.check_stays(pod)


@beyond("labels that somebody else has set stay when an event is called off", modes=("compat",), seconds=50)
def foreign_label_stays(case):
    key = f"{NTH}/event-id"
    case.api.merge(f"/api/v1/nodes/{case.node['name']}", {"metadata": {"labels": {key: "somebody-elses"}}})
    case.start_agent(VALUES)
    case.notice("maintenance system-reboot in 1h")
    record = case.await_marked("maintenance", SCHEDULED_BOUND)
    labels = case.node_now()["metadata"]["labels"]
    case.check("the label is not the event's", labels[key] != label_value(record["id"]), labels[key])
    case.tell("maintenance cancel")
    case.await_unmarked()
    case.check_node(set(), False, {key: "somebody-elses"}, [])
