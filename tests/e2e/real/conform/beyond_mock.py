"""The agent against the mock of the metadata service that AWS publishes and this project did not write."""
import contextlib
import os
import time

from case_mark import NTH, SCHEDULED_BOUND, label_value
from catalogue import BOTH, beyond
from nth_maintenance import VALUES
from nth_rebalance import DRAIN, ONLY_REBALANCE
from nth_spot import SPOT, TAINTS
from testing import must
from tools import rfc3339

AHEAD = 5  # seconds until the mock tells: it counts from its own start, and the agent has to be there first


@contextlib.contextmanager
def metadata_of_aws(case, *flags, ahead=AHEAD):
    """In the place of ours. Notes when it tells what the flags say."""
    number = case.node["number"]
    service = f"imds-{number}"
    mock = os.environ.get("SPOTKEEPER_IMDS_MOCK") or case.state.bin / "metadata_mock"
    must("stop", service)
    try:
        must("imds", number, "--imds-mock", mock, *(f"--flag={flag}" for flag in (
            *flags, "--hostname=169.254.169.254", "--port=80", "--imdsv2")))
        case.told = time.time() - case.state.living(service).age() + ahead
        yield
    finally:
        must("stop", service)
        must("imds", number)


def evicts_once(case, workload, pod, record, kind, taint, labels=()):
    case.check_moved(workload, pod)
    case.agent.await_polls()  # the signal stands, and is one event
    if case.compat:
        case.check_nth_mark(taint, record, labels)
    else:
        case.check_own_mark(kind, record)
    case.check_told_to_end([pod])


@beyond("AWS's own mock of the metadata service: a Spot notice cordons, taints and evicts", modes=BOTH, seconds=25)
def mock_spot(case):
    workload, pod = case.workload()
    ends = int(time.time()) + 90
    with metadata_of_aws(case, "spot", "--action=terminate", f"--time={rfc3339(ends)}", f"--mock-delay-sec={AHEAD}"):
        case.start_agent(SPOT | TAINTS)
        record = case.await_marked("kill")
        case.equal("the effect", record["effect"], "terminate")
        case.equal("the deadline is the notice's time", record["deadline"][:19], rfc3339(ends)[:19])
        evicts_once(case, workload, pod, record, "kill", "spot-itn")


@beyond("AWS's own mock: a scheduled event marks the node and evicts", modes=BOTH, seconds=40)
def mock_scheduled(case):
    workload, pod = case.workload()
    begins = time.time() + 300
    with metadata_of_aws(case, "events", "--code=system-reboot", "--state=active",
                         f"--not-before={rfc3339(int(begins))}", ahead=0):
        case.told = time.time()  # the mock tells from its start: what counts is how long the agent takes, with its own
        case.start_agent(VALUES | TAINTS)
        record = case.await_marked("maintenance", SCHEDULED_BOUND)
        labels = case.node_now()["metadata"]["labels"]
        evicts_once(case, workload, pod, record, "maintenance", "scheduled-maintenance", {
            f"{NTH}/event-id": label_value(record["id"]), f"{NTH}/action": "UncordonAfterReboot",
            f"{NTH}/action-time": labels.get(f"{NTH}/action-time", "")})


@beyond("AWS's own mock: a rebalance recommendation drains where that is asked for", modes=BOTH, seconds=25)
def mock_rebalance(case):
    workload, pod = case.workload()
    # Its spot command would tell of a Spot notice as well, which must not come before the end of the test.
    with metadata_of_aws(case, f"--rebalance-delay-sec={AHEAD}", "--mock-delay-sec=3600",
                         "--asg-termination-delay-sec=3600"):
        case.start_agent(ONLY_REBALANCE | TAINTS | {"enableRebalanceDraining": True}, DRAIN)
        evicts_once(case, workload, pod, case.await_marked("retire"), "retire", "rebalance-recommendation")


@beyond("AWS's own mock: an Auto Scaling group that ends the machine has it drained", modes=BOTH, seconds=25)
def mock_lifecycle(case):
    workload, pod = case.workload()
    with metadata_of_aws(case, "asglifecycle", f"--asg-termination-delay-sec={AHEAD}"):
        case.start_agent(ONLY_REBALANCE | TAINTS | {"enableASGLifecycleDraining": True})
        evicts_once(case, workload, pod, case.await_marked("retire"), "retire", "asg-lifecycle-termination")
