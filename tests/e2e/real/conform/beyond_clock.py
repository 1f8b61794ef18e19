"""Clocks that disagree. That a pod is told to end at its last safe start, to the second, shows which one counts."""
import json
import time

import tools
from beyond_budgets import GRACE
from catalogue import BOTH, beyond
from testing import must, seconds_of

SKEW = 600  # seconds
SLACK = 2.5  # a Date is cut to the second


def held_pod_goes_in_time(case, deadline_from=lambda case: case.deadline()):
    _, pod = case.workload(grace=GRACE, budgets=[0])
    return lambda: case.check_held_to_last_safe_start(pod, deadline_from(case), GRACE, SLACK)


def trusting(case):
    """A kubeconfig that does not check the API server: of a clock ten minutes ago, its certificate is not valid yet."""
    with open(case.kubeconfig()) as file:
        config = json.load(file)
    cluster = config["clusters"][0]["cluster"]
    del cluster["certificate-authority"]
    cluster["insecure-skip-tls-verify"] = True
    path = case.state.users / f"{case.name}.kubeconfig"
    path.write_text(json.dumps(config))
    return path


def with_agent_clock(case, ahead):
    """The agent's own clock is `ahead` of everybody else's: flags that are made for served worlds shift it."""
    check = held_pod_goes_in_time(case)
    now, config = time.time(), trusting(case) if ahead < 0 else None
    shifted, origin = tools.rfc3339(now + ahead), tools.rfc3339(now)
    case.start_agent(flags=["--clock-epoch", shifted, "--clock-origin", origin], kubeconfig=config,
                     environment={"SPOTKEEPER_CLOCK_EPOCH": shifted, "SPOTKEEPER_CLOCK_ORIGIN": origin})
    case.notice("notice terminate in 20s")
    record = case.await_marked("kill")
    case.between("the record's deadline, by the notice's clock", -1, seconds_of(record["deadline"]) -
                 case.deadline(), 1)
    check()


@beyond("a node whose clock is ten minutes ahead", modes=BOTH)
def clock_ahead(case):
    with_agent_clock(case, SKEW)


@beyond("a node whose clock is ten minutes behind")
def clock_behind(case):
    with_agent_clock(case, -SKEW)


@beyond("a metadata service whose clock is ten minutes ahead of the whole cluster")
def service_clock_ahead(case):
    number = case.node["number"]
    must("stop", f"imds-{number}")
    try:
        case.start_imds(f"--clock-ahead={SKEW}s")
        check = held_pod_goes_in_time(case, lambda case: case.deadline() - SKEW)
        case.start_agent()
        case.notice(f"notice terminate at {tools.rfc3339(time.time() + SKEW + 20)}")
        case.await_marked("kill")
        check()
    finally:
        must("stop", f"imds-{number}")
        must("imds", number)
