"""A metadata service that fails."""
import time

import tools
from case_mark import NOTICE_BOUND
from catalogue import BOTH, beyond
from machine import await_until
from nth_spot import OWN_EVENTS, SPOT, spot_drains
from testing import must

BURST = 6  # seconds


def errors(case, answer):
    return case.agent.metrics().sum("spotkeeper_imds_answers_total", answer=answer)


@beyond("a notice in a burst of 503 is seen when it ends, and errors take nothing back", modes=BOTH)
def burst_of_503(case):
    workload, pod = case.workload()
    case.start_agent(SPOT)
    case.tell(f"errors 503 for {BURST}s")
    case.agent.await_polls()
    case.notice("notice terminate in 2m")
    case.await_marked("kill", BURST + NOTICE_BOUND)
    case.check("errors are counted", errors(case, "server-error") >= 2, errors(case, "server-error"))
    case.check_moved(workload, pod)
    case.tell("errors 503 for 5s")
    case.agent.await_polls(4)
    case.equal("the mark's kind", (case.record() or {}).get("kind"), "kill")
    if case.compat:
        case.check("NTH counts them, too", case.agent.metrics().sum(
            "events_error_total", event_error_where="SPOT_ITN_MONITOR") >= 2)


@beyond("a token that is refused is replaced, and no notice comes late by it")
def token_expiry(case):
    case.start_agent()
    before = case.metadata()["tokens"]
    case.tell("tokens expire")
    spot_drains(case, taint=True, events=OWN_EVENTS)
    case.equal("new tokens", case.metadata()["tokens"] - before, 1)
    case.equal("answers that refused a token", errors(case, "unauthorized"), 1)


@beyond("answers that hang, break off or mean nothing end nothing", seconds=40)
def broken_answers(case):
    case.start_agent()
    for fault, answer in (("hang", "timeout"), ("half", "half"), ("garbage", "garbage")):
        case.tell(f"{fault} for 3s")
        await_until(f"answers that {fault}", lambda answer=answer: errors(case, answer) >= 1, 10)
        case.tell(f"{fault} off")
    spot_drains(case, taint=True, events=OWN_EVENTS)


# An hour of polls, in 90 seconds: the agent and its metadata service share a clock that runs four times as fast, and
# the agent asks ten times a second by that clock instead of once. The API server is given a quarter of its time limits.
RATE, POLLS = 4, 3600


@beyond("an hour of 404 on every place that tells of events costs nothing and writes nothing", seconds=120)
def hour_of_404(case):
    number, now = case.node["number"], tools.rfc3339(time.time())
    clock = [f"--clock-epoch={now}", f"--clock-origin={now}", f"--clock-rate={RATE}"]
    must("stop", f"imds-{number}")
    try:
        case.start_imds(*clock)
        case.tell("no-events for 24h")
        agent = case.start_agent(flags=["--poll-interval", "100ms", *clock])
        agent.await_polls(POLLS // 10)
        early = agent.anonymous_kib()
        await_until(f"{POLLS} polls", lambda: agent.polls() >= POLLS, 150, every=0.5)
        case.equal("what it has written", [write[:3] for write in case.writes()], [])
        case.check_untouched_node()
        case.between("growth of its memory in KiB", -100000, agent.anonymous_kib() - early, 1024)
        page = agent.metrics()
        odd = page.sum("spotkeeper_imds_answers_total") - sum(page.sum(
            "spotkeeper_imds_answers_total", answer=answer) for answer in ("found", "none"))
        # On a busy machine an answer may take longer than the agent waits.
        case.between("answers that are neither found nor none", 0, odd, POLLS // 1000)
        case.check("every place was asked", min(page.sum("spotkeeper_imds_answers_total", place=place, answer="none")
                                                for place in ("spot", "rebalance", "asg", "scheduled")) >= POLLS / 110)
        case.tell("no-events off")
        workload, pod = case.workload()
        case.notice("notice terminate in 2m")
        case.await_marked("kill")
        case.check_moved(workload, pod)
    finally:
        must("stop", f"imds-{number}")
        must("imds", number)
