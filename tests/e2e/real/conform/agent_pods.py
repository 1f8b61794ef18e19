"""The agent as a pod of a DaemonSet, from a manifest, on the one node of a test and in the test's own namespace."""
import copy
import urllib.request

from agents import Metrics, Polls
from machine import Failed, await_until
from testing import admin, ready

NAMES = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "DaemonSet")
GROUPS = {"ServiceAccount": "/api/v1", "DaemonSet": "/apis/apps/v1",
          "ClusterRole": "/apis/rbac.authorization.k8s.io/v1",
          "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1"}


def placed(objects, namespace, node):
    """The manifest's objects, made for one test: another namespace, names of its own, our image, one node."""
    for one in copy.deepcopy(objects):
        kind = one["kind"]
        if kind.startswith("Cluster"):
            one["metadata"]["name"] = namespace
        else:
            one["metadata"]["namespace"] = namespace
        if kind == "ClusterRoleBinding":
            one["roleRef"]["name"] = namespace
            one["subjects"][0]["namespace"] = namespace
        if kind == "DaemonSet":
            spec = one["spec"]["template"]["spec"]
            spec.setdefault("nodeSelector", {})["kubernetes.io/hostname"] = node
            spec["containers"][0] |= {"image": "docker.io/local/spotkeeper:1", "imagePullPolicy": "Never"}
        yield one


class AgentPod(Polls):
    """Has what an AgentProcess has, as far as tests with pods need it."""

    def __init__(self, observer, objects, namespace, node):
        self._api, self._observer, self._namespace = admin(), observer, namespace
        self._cluster_wide, self._daemon_set = [], None
        for one in placed(objects, namespace, node["name"]):
            kind = one["kind"]
            if kind not in NAMES:
                raise Failed(f"a manifest with a {kind}")
            plural = kind.lower() + "s"
            path = f"{GROUPS[kind]}/{plural}" if kind.startswith("Cluster") else \
                f"{GROUPS[kind]}/namespaces/{namespace}/{plural}"
            made = self._api.create(path, one)
            if kind.startswith("Cluster"):
                self._cluster_wide.append(f"{path}/{namespace}")
            elif kind == "DaemonSet":
                self._daemon_set = f"{path}/{one['metadata']['name']}"
                self._selector = made["spec"]["selector"]["matchLabels"]

    def pod(self, gone=False):
        pods = self._observer.pods.newest(
            lambda pod: pod["metadata"]["namespace"] == self._namespace and
            self._selector.items() <= pod["metadata"].get("labels", {}).items(), gone)
        return pods[0] if pods else None

    def await_answering(self, bound=30):
        await_until("the agent's pod", lambda: self.pod() and ready(self.pod()), bound)

    @property
    def log(self):
        pod = self.pod()
        if pod is None:
            return ""
        path = f"/api/v1/namespaces/{self._namespace}/pods/{pod['metadata']['name']}/log"
        return self._api.send("GET", path)[1]

    def metrics(self, port=9464):
        with urllib.request.urlopen(f"http://{self.pod()['status']['podIP']}:{port}/metrics", timeout=5) as answer:
            return Metrics(answer.read().decode())

    def end(self, bound=15):
        """The DaemonSet goes; its pod gets SIGTERM. The container's exit code."""
        uid = self.pod()["metadata"]["uid"]
        self._api.delete(self._daemon_set)

        def code():
            for seen in self._observer.pods.versions(uid):
                for status in seen.object["status"].get("containerStatuses", []):
                    if "terminated" in status.get("state", {}):
                        return status["state"]["terminated"]
            return None

        ended = await_until("the end of the agent's pod", code, bound)
        return ended["exitCode"]

    def kill(self):
        """Everything that its namespace does not take with it."""
        for path in self._cluster_wide:
            self._api.delete(path)
