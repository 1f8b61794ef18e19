"""An API server that throttles, refuses, does not answer, or breaks off: through tests/tools/fault_proxy."""
from catalogue import BOTH, beyond
from machine import await_until
from nth_spot import NTH_EVENTS, OWN_EVENTS, SPOT

STORM = 10  # seconds
EVENTS_AGAIN = 30  # seconds; an event that could not be sent is sent again some ten seconds later


def drained_through(case, *storm, bound=STORM + 5, disturbed=(("node", 1), ("evict", 1))):
    """The storm breaks out before the notice, and meets at least so many of the calls that change something. All the
    same: one mark, each pod evicted once with its grace, and no call again before the server wanted it."""
    pods = [case.workload(name) for name in ("web", "api")]
    case.start_agent(SPOT | {"emitKubernetesEvents": True}, kubeconfig=case.start_fault_proxy())
    for command in storm:
        case.proxy.tell(command)
    case.notice("notice terminate in 60s")
    record = case.await_marked("kill", bound)
    for workload, pod in pods:
        case.check_moved(workload, pod, bound=40)
    case.proxy.tell("clear")
    if case.compat:
        case.check_nth_mark(None, record)
    else:
        case.check_own_mark("kill", record)
    told = case.proxy.status()
    for kind, fewest in disturbed:
        case.check(f"the storm met {fewest} {kind} calls", told["disturbed"][kind] >= fewest, told)
    case.equal("calls that came again before their Retry-After was over", told["early"], 0)
    granted, names = case.evicted(), sorted(pod["metadata"]["name"] for _, pod in pods)
    case.equal("pods whose eviction was granted", sorted(set(granted)), names)
    case.check("none is granted again but where the answer was lost",
               len(granted) - len(names) <= told["met"]["lose"] + told["met"]["half"], granted)
    page = case.agent.metrics()
    case.equal("pods killed hard, budgets overridden", (
        page.sum("spotkeeper_pods_killed_hard_total"), page.sum("spotkeeper_budget_overrides_total")), (0, 0))
    case.check_events(events_of(case, len(pods)), EVENTS_AGAIN, besides=["Pod EvictionFailed Warning"])
    return page


def events_of(case, pods):
    every = list(NTH_EVENTS if case.compat else OWN_EVENTS)
    about_pods = [event for event in every if event.startswith("Pod")]
    return every + about_pods * (pods - 1)


@beyond("429 with Retry-After to half of all changes", modes=BOTH)
def throttled(case):
    drained_through(case, "answer 429 retry-after 1 of node times 1", "answer 429 retry-after 1 of evict times 1",
                    f"answer 429 retry-after 1 of node,evict,delete,event share 50 for {STORM}s")


@beyond("409 to most changes")
def conflicts(case):
    page = drained_through(case, "answer 409 of node times 4", "answer 409 of evict times 1",
                           f"answer 409 of node,evict share 60 for {STORM}s", disturbed=(("node", 4), ("evict", 1)))
    case.check("conflicts are counted", page.sum("spotkeeper_node_patches_total", outcome="conflict") >= 4, page.text)


@beyond("500 and 503 to half of everything, watches cut", modes=BOTH)
def server_errors(case):
    drained_through(case, "answer 500 of node times 1", "answer 500 of evict times 1",
                    f"answer 503 retry-after 1 of watch,read share 50 for {STORM}s",
                    f"answer 500 share 50 for {STORM}s", "cut")


@beyond("no answer to a third of all calls")
def timeouts(case):
    drained_through(case, "hang of node times 1", "hang of evict times 1",
                    f"hang of watch,read,node,evict,delete share 33 for {STORM}s", "cut", bound=STORM + 15)


@beyond("connections that end before, in the middle of, and after an answer")
def resets(case):
    drained_through(case, "reset of node times 1", "half of evict times 1",
                    f"reset share 30 for {STORM}s", f"half share 30 for {STORM}s", "cut")


@beyond("answers that are lost after the server has done what it was asked")
def lost_answers(case):
    drained_through(case, "lose of node times 2", "lose of evict times 2", disturbed=(("node", 2), ("evict", 2)))


@beyond("an API server that ends every connection around the notice")
def server_away(case):
    drained_through(case, f"reset for {STORM}s", "cut", disturbed=[("node", 1)])


@beyond("an API server that does not answer at all around the notice")
def server_silent(case):
    drained_through(case, f"hang for {STORM}s", "cut", bound=STORM + 15, disturbed=[("node", 1)])


@beyond("an agent that starts while the API server refuses")
def refused_at_start(case):
    workload, pod = case.workload()
    config, storm = case.start_fault_proxy(), 4  # after five seconds without a mark pods would not wait for it
    case.notice("notice terminate in 60s")
    case.proxy.tell(f"answer 503 share 70 for {storm}s")
    case.start_agent(kubeconfig=config, await_ready=False)
    case.await_marked("kill", storm + 5)
    case.check_moved(workload, pod, bound=40)
    case.agent.await_answering()
    case.check_events(OWN_EVENTS, EVENTS_AGAIN)


@beyond("evictions that are forbidden are told of, and the drain goes on when they are allowed")
def forbidden(case):
    workload, pod = case.workload()
    case.start_agent(kubeconfig=case.start_fault_proxy())
    case.proxy.tell("answer 403 of evict on")
    case.notice("notice terminate in 2m")
    case.await_marked("kill")
    await_until("an event of it", lambda: any(event["reason"] == "EvictionFailed" for event in case.events()), 20)
    case.check_stays(pod)
    case.proxy.tell("clear")
    case.check_moved(workload, pod, bound=20)
    case.check_events([*OWN_EVENTS, "Pod EvictionFailed Warning"])

