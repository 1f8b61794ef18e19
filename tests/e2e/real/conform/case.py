"""One test on one node: what it may use, and what holds in every one of them."""
import json
import re
import time

from agent_pods import AgentPod
from agents import AgentProcess, nth_manifest, nth_setup
from api import Api
from machine import Failed, await_until
from testing import must, ready, rig, seconds_of, tell_metadata
from tools import FaultProxy
from workload import Ending, Workload

RECORD = "spotkeeper.dev/interruption"
EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers"
CORDON_TAINT = "node.kubernetes.io/unschedulable"  # the cluster's own answer to a cordon
NTH = "aws-node-termination-handler"
NOTICE_BOUND = 5.0  # seconds from a notice to the mark: one poll of one second, and the work of a busy machine
SCHEDULED_BOUND = 15.0  # scheduled events are asked for every ten seconds


class Case:
    def __init__(self, bench, test, mode, node):
        self.bench, self.test, self.mode, self.node = bench, test, mode, node
        self.compat = mode == "compat"
        self.state, self.observer = bench.state, bench.observer
        self.api = Api(bench.state.admin)
        self.name = f"{test.label}-{mode}"
        self.namespace = f"conform-{self.name}"
        self.user = bench.user_of(node)
        self.problems, self.checks, self.latency = [], 0, None
        self.prompt = []  # seconds from notice to mark, where nothing was in the way
        self.agent = self.proxy = None

    # What is asserted

    def check(self, what, condition, detail=""):
        self.checks += 1
        if not condition:
            self.problems.append(f"{what}: {detail}")
        return condition

    def equal(self, what, got, wanted):
        return self.check(what, got == wanted, f"{got} instead of {wanted}")

    def between(self, what, least, got, most):
        return self.check(what, got is not None and least <= got <= most, f"{got} is not in {least} … {most}")

    # Before and after

    def prepare(self):
        self._node_before = self._facts(self.node_now())
        self._audit_from = len(self.observer.audit.entries(self.user))
        self._events_before = {event["metadata"]["uid"] for event in self._events(gone=True)}
        self._daemon = self._daemon_pod()
        self.tell("reset")
        self.api.create("/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        await_until("the namespace's account", lambda: self.api.answers(
            f"/api/v1/namespaces/{self.namespace}/serviceaccounts/default"))

    def finish(self):
        """What holds in every test: the agent ends well, and has touched nothing else."""
        if self.agent is not None:
            self.equal("the agent's exit code", self.agent.end(), 0)
        self.check_only_own_writes()
        self.equal("what broke of the watches", self.observer.broken(), [])
        self.equal("the node's DaemonSet pod stays", self._daemon_pod(), self._daemon)

    def clean_up(self):
        """The node is as it was."""
        if self.agent is not None:
            self.agent.kill()
        if self.proxy is not None:
            self.proxy.end()
        self.tell("reset")
        self.api.delete(f"/api/v1/namespaces/{self.namespace}")
        self.api.call("DELETE", f"/api/v1/namespaces/{self.namespace}/pods?gracePeriodSeconds=0", accept=(404,))
        self.restore_node()
        await_until("the end of the test's pods", lambda: not self.pods_here(), 30)

    def restore_node(self):
        now = self.node_now()
        labels, annotations, _ = self._node_before
        undo = {"metadata": {
            "labels": dict.fromkeys(set(now["metadata"]["labels"]) - set(labels)),
            "annotations": dict.fromkeys(set(now["metadata"]["annotations"]) - set(annotations))},
            "spec": {"taints": None, "unschedulable": None}}
        path = f"/api/v1/nodes/{self.node['name']}"
        self.api.merge(path, undo)

        def clean():
            spec = self.node_now()["spec"]
            if spec.get("taints"):
                self.api.merge(path, {"spec": {"taints": None}})
            return not spec.get("taints") and not spec.get("unschedulable")

        await_until("a node that takes pods again", clean, 30)

    # The machine

    def tell(self, command):
        """A line to the node's metadata service; its answer. Returns when the service has done it."""
        return tell_metadata(self.node["number"], command)

    def start_imds(self, *flags):
        """The node's metadata service with other flags; who stops it starts the ordinary one again."""
        must("imds", self.node["number"], *(f"--flag={flag}" for flag in flags))

    def notice(self, command="notice terminate"):
        """Tells of an interruption, and notes when."""
        self.told = time.time()
        self.tell(command)

    def metadata(self):
        """What the metadata service says of itself."""
        return json.loads(self.tell("status"))

    def without_token(self):
        """The status of a request that has no session token, made on the node."""
        done = rig("exec", self.node["number"], "curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}",
                   "http://169.254.169.254/latest/meta-data/instance-id")
        return int(done.stdout or 0)

    # The agent

    def start_agent(self, values=(), flags=(), environment=(), kubeconfig=None, await_ready=True):
        """`values` of NTH's chart, `flags` of our own: each counts in its mode alone; `environment` in both."""
        number = self.node["number"]
        fields = {"spec.nodeName": self.node["name"], "metadata.name": f"agent-{number}",
                  "metadata.namespace": self.namespace}
        config = kubeconfig or self.kubeconfig()
        if self.compat:
            arguments, given = nth_setup({"logLevel": "debug"} | dict(values), fields)
            given |= {"SPOTKEEPER_KUBECONFIG": config}
        else:
            given = {}
            arguments = ["agent", "--node-name", self.node["name"], "--kubeconfig", config, "--log-level=debug", *flags]
        self.agent = AgentProcess(self.state, self.node, f"agent-{self.name}", arguments, given | dict(environment))
        if await_ready:
            self.agent.await_answering()
        return self.agent

    def start_agent_pod(self, values, change=lambda pod: None):
        """The agent as a DaemonSet's pod: from NTH's values, or from our own manifest with the pod's spec changed."""
        objects = nth_manifest(dict(values)) if self.compat else self.bench.manifest()
        if not self.compat:
            change(objects[-1]["spec"]["template"]["spec"])
        account = next(one["metadata"]["name"] for one in objects if one["kind"] == "ServiceAccount")
        self.user = f"system:serviceaccount:{self.namespace}:{account}"
        self._audit_from = len(self.observer.audit.entries(self.user))
        self.agent = AgentPod(self.observer, objects, self.namespace, self.node)
        self.agent.await_answering()
        return self.agent

    # What stands between the agent and the API server

    def start_fault_proxy(self):
        """A proxy that disturbs the agent's calls as it is told; the kubeconfig that goes through it."""
        self.proxy = FaultProxy(self.state, self.node, self.kubeconfig(), f"faults-{self.name}")
        return self.proxy.kubeconfig

    def kubeconfig(self):
        return self.bench.kubeconfig_of(self.node)

    # What stands on the nodes

    def workload(self, name="web", replicas=2, grace=5, linger=0, budgets=()):
        """Replicas of which one is on this node. Returns the workload and that pod."""
        made = Workload(self.api, self.observer, self.namespace, name, replicas)
        made.create(self.node["name"], self.bench.harbour["name"], grace, linger)
        return made, made.await_ready(self.node["name"], budgets)

    def pods_here(self):
        return self.observer.pods.newest(lambda pod: pod["metadata"]["namespace"] == self.namespace and
                                         pod["spec"].get("nodeName") == self.node["name"])

    def _daemon_pod(self):
        return [pod["metadata"]["uid"] for pod in self.observer.pods.newest(
            lambda pod: pod["metadata"]["namespace"] == self.bench.NAMESPACE and
            pod["spec"].get("nodeName") == self.node["name"])]

    # What became of them

    def node_versions(self):
        return self.observer.node(self.node["name"])

    def reboot(self):
        """The machine dies and boots again; its metadata service knows nothing of what it was told."""
        before = self.node_now()["status"]["nodeInfo"]["bootID"]
        must("node", "reboot", self.node["number"])
        must("imds", self.node["number"])
        await_until("another boot id", lambda: self.node_now()["status"]["nodeInfo"]["bootID"] != before, 30)

    def node_now(self):
        return self.api.get(f"/api/v1/nodes/{self.node['name']}")

    def record(self, node=None):
        """What the agent has written about the interruption; None: nothing."""
        text = (node or self.node_now())["metadata"]["annotations"].get(RECORD)
        return json.loads(text) if text else None

    def await_marked(self, kind, bound=NOTICE_BOUND):
        """Until the record names this kind. How long it has taken since the notice is checked, and the record given."""
        def marked():
            for seen in self.node_versions():
                record = self.record(seen.object)
                if seen.when >= self.told and record and record["kind"] == kind:
                    return seen
            return None

        seen = await_until(f"the mark {kind}", marked, bound + 20, every=0.02)
        self.latency = max(self.latency or 0.0, seen.when - self.told)
        if bound == NOTICE_BOUND:
            self.prompt.append(seen.when - self.told)
        self.between("seconds from the notice to the mark", 0, round(seen.when - self.told, 2), bound)
        return self.record(seen.object)

    def await_unmarked(self, bound=SCHEDULED_BOUND):
        since = time.time()
        await_until("the end of the mark", lambda: self.record(self.node_versions()[-1].object) is None, bound + 20)
        self.between("seconds until the mark is taken back", 0, round(time.time() - since, 2), bound)

    def _facts(self, node):
        """(labels, annotations, taints and cordon) of a node, without what others change all the time."""
        taints = {(taint["key"], taint.get("value", ""), taint["effect"]) for taint in node["spec"].get("taints", [])
                  if taint["key"] != CORDON_TAINT}
        return (dict(node["metadata"]["labels"]), dict(node["metadata"]["annotations"]),
                (taints, bool(node["spec"].get("unschedulable"))))

    def check_node(self, taints, cordoned, labels, annotations=(RECORD,)):
        """Exactly these have been added to the node. `labels` with their values, `annotations` by name."""
        def added():
            now_labels, now_annotations, spec = self._facts(self.node_now())
            return (spec, {key: value for key, value in now_labels.items() if self._node_before[0].get(key) != value},
                    sorted(set(now_annotations) - set(self._node_before[1])),
                    sorted(set(self._node_before[0]) - set(now_labels)))

        wanted = ((set(taints), cordoned), dict(labels), sorted(annotations), [])
        try:  # the label that takes the node out of load balancers may come a moment later
            await_until("the mark as it should be", lambda: added() == wanted, 3)
        except Failed:
            pass
        self.equal("taints and cordon, labels added, annotations added, labels removed", added(), wanted)

    def check_own_mark(self, kind, record):
        """The node has what our own options set for this kind, and the record says so."""
        cordoned = kind == "kill"
        self.check_node({("spotkeeper.dev/interruption", kind, "NoSchedule")}, cordoned,
                        {EXCLUDE: "spotkeeper"} if cordoned else {})
        self.check_record(record, kind, taint=True, cordon=True if cordoned else False)

    def check_nth_mark(self, taint, record, labels=()):
        """The node has what NTH sets: a cordon, and the taint of this kind of event (None: no taint was asked for)."""
        taints = {(f"{NTH}/{taint}", label_value(record["id"]), "NoSchedule")} if taint else set()
        self.check_node(taints, True, dict(labels))
        self.check_record(record, record["kind"], taint=bool(taint), cordon=True)

    def check_record(self, record, kind, taint, cordon):
        self.equal("the record's kind", record["kind"], kind)
        self.equal("the record's boot id", record["bootId"], self.node_now()["status"]["nodeInfo"]["bootID"])
        did = self.record()["did"]
        self.equal("what the record claims", (did["taint"], did["cordon"]), (taint, cordon))

    def check_untouched_node(self):
        self.check_node([], False, {}, [])

    def check_moved(self, workload, pod, grace=None, evicted=True, bound=20):
        """The pod has been told to end so, and is served elsewhere."""
        name = pod["metadata"]["name"]
        await_until(f"the end of {name}", lambda: self.ending(pod).gone, bound)
        ending = self.ending(pod)
        self.equal(f"{name} was evicted through the API", ending.evicted, evicted)
        self.equal(f"the grace of {name}", ending.grace, pod["spec"]["terminationGracePeriodSeconds"]
                   if grace is None else grace)
        self.await_in_harbour(workload)
        return ending

    def await_in_harbour(self, workload):
        """All replicas are served there."""
        await_until("its successor", lambda: sum(
            ready(pod) and pod["spec"].get("nodeName") == self.bench.harbour["name"]
            for pod in workload.pods()) == workload.replicas, 30)

    def ending(self, pod):
        return Ending(self.observer, pod)

    def deadline(self):
        """When the machine ends, as the Spot notice that stands has it."""
        return seconds_of(self.metadata()["spot"]["time"])

    def check_held_to_last_safe_start(self, pod, deadline, grace, slack=1.5):
        """Deleted past its budget when its grace and the margin of two seconds just fit, and gone before the end."""
        name = pod["metadata"]["name"]
        await_until(f"the end of {name}", lambda: self.ending(pod).gone, deadline - time.time() + 10)
        ending = self.ending(pod)
        self.equal(f"{name} was evicted through the API", ending.evicted, False)
        self.equal(f"the grace of {name}", ending.grace, grace)
        self.between(f"seconds from telling {name} to the machine's end", grace + 2 - slack,
                     round(deadline - ending.told, 2), grace + 2 + slack)
        self.check(f"{name} is gone before the machine", ending.gone < deadline, ending.gone - deadline)
        return ending

    def check_stays(self, pod):
        self.equal(f"{pod['metadata']['name']} was told to end", self.ending(pod).told, None)

    # What was written and told

    def writes(self):
        """What the agent has asked the API server to change: (verb, what, name, answer's code, what was sent)."""
        return [(entry["verb"], "/".join(filter(None, (reference["resource"], reference.get("subresource")))),
                 reference.get("name", ""), entry["responseStatus"].get("code"), entry)
                for entry in self.observer.audit.entries(self.user)[self._audit_from:]
                for reference in (entry["objectRef"],)]

    def check_only_own_writes(self):
        """The Node of its own, pods of its own node, events: nothing else."""
        mine = {pod["metadata"]["name"] for pod in self.observer.pods.newest(
            lambda pod: pod["metadata"]["namespace"] == self.namespace, gone=True)
            if pod["spec"].get("nodeName") == self.node["name"]}
        strange = []
        for verb, what, name, _, entry in self.writes():
            allowed = (verb, what) in (("create", "events"), ("patch", "events")) or \
                (verb, what, name) == ("patch", "nodes", self.node["name"]) or \
                (verb, what) in (("create", "pods/eviction"), ("delete", "pods")) and name in mine
            if not allowed:
                strange.append((verb, what, name))
        self.equal("writes to anything but its own Node, its pods and events", strange, [])

    def _events(self, gone=False):
        return self.observer.events.newest(lambda event: event.get("reportingController") in (
            NTH, "spotkeeper.dev/agent") and self._mine(event), gone)

    def _mine(self, event):
        about = event.get("regarding", {})
        return about.get("name") == self.node["name"] or about.get("namespace") == self.namespace

    def events(self):
        return [event for event in self._events() if event["metadata"]["uid"] not in self._events_before]

    def check_events(self, wanted, bound=8, besides=()):
        """Exactly these: "Kind Reason Type" of each. To be called when nothing more will come of the agent. `besides`:
        those that may come, or not."""
        def told():
            every = (f"{event['regarding']['kind']} {event['reason']} {event['type']}" for event in self.events())
            return sorted(event for event in every if event not in besides)

        try:
            await_until("the events", lambda: told() == sorted(wanted), bound)
        except Failed:
            pass
        self.equal("events", told(), sorted(wanted))
        source = NTH if self.compat else "spotkeeper.dev/agent"
        self.equal("who the events are from", {event["reportingController"] for event in self.events()} - {source},
                   set())



def label_value(text):
    """As much of it as a label or a taint may hold."""
    return re.sub(r"[^A-Za-z0-9_.]", "-", text[:63]).strip("-_.")
