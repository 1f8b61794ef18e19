"""One test on one node: what it may use, and what holds in every one of them."""
from agent_pods import AgentPod
from agents import AgentProcess, nth_manifest, nth_setup
from api import Api
from case_assertions import Assertions
from case_machine import Machine
from case_mark import Mark
from case_pods import Pods
from case_told import Told
from machine import await_until
from tools import FaultProxy


class Case(Assertions, Machine, Mark, Pods, Told):
    def __init__(self, nodes, test, mode, node):
        Assertions.__init__(self)
        Mark.__init__(self)
        Told.__init__(self)
        self.nodes, self.test, self.mode, self.node = nodes, test, mode, node
        self.compat = mode == "compat"
        self.state, self.observer = nodes.state, nodes.observer
        self.api = Api(nodes.state.admin)
        self.name = f"{test.label}-{mode}"
        self.namespace = f"conform-{self.name}"
        self.user = nodes.user_of(node)
        self.agent = self.proxy = None

    # Before and after

    def prepare(self):
        self.note_node()
        self.note_told()
        self._daemon = self.daemon_pod()
        self.tell("reset")
        self.api.create("/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        await_until("the namespace's account", lambda: self.api.answers(
            f"/api/v1/namespaces/{self.namespace}/serviceaccounts/default"))

    def finish(self):
        """What holds in every test: the agent ends well, and has touched nothing else."""
        if self.agent is not None:
            self.equal("the agent's exit code", self.agent.end(), 0)
            self.check_told_no_more()
        self.check_only_own_writes()
        self.equal("what broke of the watches", self.observer.broken(), [])
        self.equal("the node's DaemonSet pod stays", self.daemon_pod(), self._daemon)

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
        objects = nth_manifest(dict(values)) if self.compat else self.nodes.manifest()
        if not self.compat:
            change(objects[-1]["spec"]["template"]["spec"])
        account = next(one["metadata"]["name"] for one in objects if one["kind"] == "ServiceAccount")
        self.user = f"system:serviceaccount:{self.namespace}:{account}"
        self.note_writes()
        self.agent = AgentPod(self.observer, objects, self.namespace, self.node)
        self.agent.await_answering()
        return self.agent

    # What stands between the agent and the API server

    def start_fault_proxy(self):
        """A proxy that disturbs the agent's calls as it is told; the kubeconfig that goes through it."""
        self.proxy = FaultProxy(self.state, self.node, self.kubeconfig(), f"faults-{self.name}")
        return self.proxy.kubeconfig

    def kubeconfig(self):
        return self.nodes.kubeconfig_of(self.node)
