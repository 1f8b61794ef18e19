"""NTH's scenarios 1 to 6: Spot notices."""
import json

from agents import migrate
from catalogue import nth
from machine import await_until

OWN_EVENTS = ["Node NodeInterrupted Warning", "Pod EvictedFromDyingNode Normal", "Node NodeDrained Normal"]
NTH_EVENTS = ["Node SpotInterruption Normal", "Node PreDrain Normal", "Pod PodEviction Normal",
              "Node CordonAndDrain Normal"]
SPOT = {"enableSpotInterruptionDraining": True, "enableScheduledEventDraining": False}
TAINTS = {"taintNode": True, "daemonsetTolerations": "", "tolerations": [
    {"operator": "Exists", "effect": "NoSchedule"}]}
ANNOTATIONS = {"account-id", "availability-zone", "instance-id", "instance-life-cycle", "instance-type",
               "local-hostname", "local-ipv4", "public-hostname", "public-ipv4", "region"}


def spot_drains(case, taint, events):
    """A Spot notice: the mark, the one pod evicted, nothing else. Returns the record."""
    workload, pod = case.workload()
    case.notice("notice terminate in 2m")
    record = case.await_marked("kill")
    case.check_moved(workload, pod)
    if case.compat:
        case.check_nth_mark("spot-itn" if taint else None, record)
    else:
        case.check_own_mark("kill", record)
    case.equal("the effect", record["effect"], "terminate")
    told = case.metadata()["spot"]["time"]
    case.equal("the deadline is the notice's time", record["deadline"][:19], told[:19])
    case.check_told_to_end([pod])
    case.check_events(events if not case.compat else NTH_EVENTS if events else [])
    return record


@nth(1, "a Spot notice cordons, taints and evicts")
def spot_notice(case):
    values = SPOT | TAINTS
    if case.compat:
        # NTH's script also has the out-of-service taint set, which deletes pods by force: that is refused by name.
        code, document, problem = migrate(values | {"enableOutOfServiceTaint": True})
        case.equal("exit code of the migration with the out-of-service taint", code, 1)
        case.check("which names it", "enableOutOfServiceTaint" in json.dumps(document["unsupported"]) + problem,
                   problem)
    case.start_agent(values)
    spot_drains(case, taint=True, events=[] if case.compat else OWN_EVENTS)


@nth(2, "a Spot notice is told in events, with what is known of the machine")
def spot_events(case):
    case.start_agent(SPOT | TAINTS | {"emitKubernetesEvents": True,
                                      "kubernetesEventsExtraAnnotations": "spot.itn.events/test=extra-annotation"})
    spot_drains(case, taint=True, events=OWN_EVENTS)
    if not case.compat:
        return
    known = case.metadata()
    for event in case.events():
        annotations = event["metadata"].get("annotations", {})
        if event["regarding"]["kind"] == "Node":
            case.equal(f"annotations of {event['reason']}", set(annotations),
                       ANNOTATIONS | {"spot.itn.events/test"})
            case.equal(f"the instance in {event['reason']}", (
                annotations.get("instance-id"), annotations.get("instance-life-cycle"),
                annotations.get("availability-zone"), annotations.get("local-ipv4"),
                annotations.get("spot.itn.events/test")), (
                known["instance_id"], "spot", case.node["zone"], case.node["address"], "extra-annotation"))
        else:
            case.equal("what is said of the pod", event["note"],
                       f"Pod evicted due to node drain (node {case.node['name']})")


@nth(3, "an agent without the host's network drains as well", seconds=25, pods=True)
def without_host_network(case):
    def leave_host_network(pod):
        pod["hostNetwork"] = False
        pod["dnsPolicy"] = "Default"

    agent = case.start_agent_pod(SPOT | TAINTS | {"useHostNetwork": False}, leave_host_network)
    case.check("the agent's pod has an address of its own", agent.pod()["status"]["podIP"] != case.node["address"],
               agent.pod()["status"]["podIP"])
    spot_drains(case, taint=True, events=[] if case.compat else OWN_EVENTS)


@nth(4, "a dry run sends everything as a dry run and changes nothing")
def spot_dry_run(case):
    _, pod = case.workload()
    case.start_agent({"enableSpotInterruptionDraining": True, "enableScheduledEventDraining": True, "dryRun": True},
                     ["--dry-run"])
    case.notice("notice terminate in 2m")
    dry_run_changes_nothing(case, pod)


def dry_run_changes_nothing(case, pod, bound=20):
    agent = case.agent
    await_until("the eviction that would be", lambda: agent.metrics().sum(
        "spotkeeper_evictions_total", outcome="accepted") == 1, bound)
    agent.await_polls()
    case.check_untouched_node()
    case.check_stays(pod)
    case.check("the log says what would be done", "node marked" in agent.log and "pod evicted" in agent.log, agent.log)
    real = [(verb, what, name) for verb, what, name, _, entry in case.writes() if "dryRun=All" not in
            entry["requestURI"] and entry.get("requestObject", {}).get("dryRun") != ["All"]]
    case.equal("changes that were no dry run", real, [])
    case.equal("the mark and the eviction were tried", {what for _, what, *_ in case.writes()} >= {
        "nodes", "pods/eviction"}, True)
    case.check_events([])


@nth(5, "a metadata service that wants tokens gets them")
def imds_v2(case):
    without = case.without_token()
    case.equal("what a request without a token is answered", without, 401)
    before = case.metadata()["tokens"]
    case.start_agent({"enableSpotInterruptionDraining": True, "enableScheduledEventDraining": True})
    spot_drains(case, taint=False, events=[] if case.compat else OWN_EVENTS)
    case.equal("tokens that were asked for", case.metadata()["tokens"] - before, 1)
    case.equal("answers that refused a token", case.agent.metrics().sum(
        "spotkeeper_imds_answers_total", answer="unauthorized"), 0)


@nth(6, "cordon only: the node is cordoned and its pods stay", modes=("compat",))
def cordon_only(case):
    _, pod = case.workload()
    case.start_agent({"cordonOnly": True})
    case.notice("notice terminate in 2m")
    record = case.await_marked("kill")
    case.agent.await_polls()
    case.check_nth_mark(None, record)
    case.check_stays(pod)
    case.check_told_to_end([])
    case.check_events([])


