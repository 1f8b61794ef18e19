"""NTH's scenarios 23 to 27: webhooks, events and metrics."""
import json

from catalogue import nth
from machine import await_until
from nth_spot import ANNOTATIONS, NTH_EVENTS, OWN_EVENTS, SPOT, TAINTS, spot_drains
from people import Inbox, Proxy

VALUES = {"enableSpotInterruptionDraining": True, "enableScheduledEventDraining": True}
TEMPLATE = ('{"Content":"[NTH][Instance Interruption] InstanceId: {{ .InstanceID }} - Node: {{ .NodeName }} - '
            'InstanceType: {{ .InstanceType }} - AvailabilityZone: {{ .AvailabilityZone }} - Kind: {{ .Kind }} - '
            'Start Time: {{ .StartTime }}"}')


def check_messages(case, inbox, record):
    """NTH: one when the drain has ended. Ours: the notice and the end."""
    wanted = 1 if case.compat else 2
    await_until("the messages", lambda: len(inbox.seen) >= wanted, 10)
    case.agent.await_polls()
    case.equal("how many messages were posted", len(inbox.seen), wanted)
    case.equal("where to", {path for _, path, *_ in inbox.seen}, {"/hook"})
    bodies = [json.loads(body) for *_, body in inbox.seen]
    machine = case.metadata()["instance_id"]
    if case.compat:
        told = bodies[0]["Content"]
        for part in (f"InstanceId: {machine} ", f"Node: {case.node['name']} ", "InstanceType: m5.large ",
                     f"AvailabilityZone: {case.node['zone']} ", "Kind: SPOT_ITN "):
            case.check(f"the text has {part}", part in told, told)
        case.check("the text has the notice's time", f"Start Time: {record['deadline'][:10]}" in told, told)
        return
    case.equal("the moments", [body["moment"] for body in bodies], ["notice", "done"])
    case.equal("node, kind and machine", {(body["node"], body["kind"], body["instanceId"]) for body in bodies},
               {(case.node["name"], "SPOT_ITN", machine)})
    case.equal("one key", len({body["key"] for body in bodies}), 1)
    case.between("seconds from notice to its message", 0, inbox.seen[0][0] - case.told, 5)


def drained(case):
    return spot_drains(case, taint=False, events=[] if case.compat else OWN_EVENTS)


@nth(23, "a webhook is told")
def webhook(case):
    inbox = Inbox()
    try:
        file = case.state.folder / f"{case.name}.url"
        file.write_text(f"{inbox.url}/hook\n")
        case.start_agent(VALUES | {"webhookURL": f"{inbox.url}/hook", "webhookTemplate": TEMPLATE},
                         ["--notify-webhook-url-file", str(file)])
        check_messages(case, inbox, drained(case))
    finally:
        inbox.end()


@nth(24, "a webhook whose address is a Secret is told", seconds=25, pods=True)
def webhook_secret(case):
    inbox = Inbox()

    def mount(pod):
        pod["volumes"] = [{"name": "hook", "secret": {"secretName": "webhooksecret"}}]
        pod["containers"][0]["volumeMounts"] = [{"name": "hook", "mountPath": "/hook", "readOnly": True}]
        pod["containers"][0]["args"] += ["--notify-webhook-url-file", "/hook/webhookurl"]

    try:
        case.api.create(f"/api/v1/namespaces/{case.namespace}/secrets", {
            "metadata": {"name": "webhooksecret"}, "stringData": {"webhookurl": f"{inbox.url}/hook"}})
        case.start_agent_pod(VALUES | {"webhookURLSecretName": "webhooksecret", "webhookTemplate": TEMPLATE}, mount)
        record = drained(case)
        check_messages(case, inbox, record)
        case.check("the log does not show the address", "/hook" not in case.agent.log, case.agent.log)
    finally:
        inbox.end()


@nth(25, "a webhook is told through an HTTP proxy", modes=("compat",))
def webhook_proxy(case):
    inbox, proxy = Inbox(), Proxy()
    try:
        case.start_agent(VALUES | {"webhookURL": f"{inbox.url}/hook", "webhookTemplate": TEMPLATE,
                                   "webhookProxy": proxy.url})
        check_messages(case, inbox, drained(case))
        case.equal("what went through the proxy", proxy.seen, [("POST", f"{inbox.url}/hook")])
    finally:
        inbox.end()
        proxy.end()


@nth(26, "events tell that the node was cordoned and drained")
def emit_events(case):
    case.start_agent(VALUES | {"emitKubernetesEvents": True})
    spot_drains(case, taint=False, events=NTH_EVENTS if case.compat else OWN_EVENTS)
    last = [event for event in case.events() if event["reason"] in ("CordonAndDrain", "NodeDrained")]
    if not case.equal("events that tell of the end of the drain", len(last), 1):
        return
    case.equal("the event's object", (last[0]["regarding"]["kind"], last[0]["regarding"]["name"],
                                      last[0]["regarding"].get("uid")),
               ("Node", case.node["name"], case.node_now()["metadata"]["uid"]))
    case.equal("and namespace", last[0]["metadata"]["namespace"], "default")
    if case.compat:
        case.equal("annotations", set(last[0]["metadata"].get("annotations", {})), ANNOTATIONS)


@nth(27, "metrics count the actions")
def prometheus(case):
    case.start_agent(SPOT | TAINTS | {"enablePrometheusServer": True})
    spot_drains(case, taint=True, events=[] if case.compat else OWN_EVENTS)
    scope = {"otel_scope_name": "aws.node.termination.handler", "otel_scope_version": "", "node_status": "success"}
    if case.compat:
        page = case.agent.metrics(port=9092)
        for action in ("pre-drain", "cordon-and-drain"):
            case.equal(f"actions_total of {action}", page.sum("actions_total", node_action=action, **scope), 1)
            case.equal(f"actions_node_total of {action}", page.sum(
                "actions_node_total", node_action=action, node_name=case.node["name"], **scope), 1)
        case.equal("events_error_total", page.sum("events_error_total"), 0)
    page = case.agent.metrics()
    for name, labels, value in (
            ("spotkeeper_notices_total", {"kind": "kill"}, 1), ("spotkeeper_node_marks_total", {"kind": "kill"}, 1),
            ("spotkeeper_evictions_total", {"outcome": "accepted"}, 1), ("spotkeeper_pods_killed_hard_total", {}, 0),
            ("spotkeeper_notice_to_cordon_seconds_count", {}, 1), ("spotkeeper_drain_seconds_left_count", {}, 1),
            ("spotkeeper_drain_pods_left", {}, 0)):
        case.equal(f"{name} {labels}", page.sum(name, **labels), value)
    case.between("seconds from the notice's arrival to the cordon", 0, page.sum(
        "spotkeeper_notice_to_cordon_seconds_sum"), 1)
