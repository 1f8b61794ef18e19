"""The nodes that tests run on, several tests at a time, each on a node of its own."""
import contextlib
import json
import queue
import sys
import threading
import time
import traceback

from agents import BINARY
from case import Case
from machine import Failed, await_until
from observer import Observer
from state import REPOSITORY
from testing import admin, check, end_namespaces, kubectl, must

GROUP = "spotkeeper-agents"
BINDING = "conform-agents"
FAKES = 12  # nodes of kwok, so that the floor of healthy targets never holds a test's node back


class TestNodes:
    NAMESPACE = "conform"

    def __init__(self, state, nodes):
        self.state, self.api = state, admin()
        self._wanted = nodes

    def __enter__(self):
        with contextlib.ExitStack() as made:  # what is there already goes when the rest can't be had
            made.callback(must, "kwok", 0)
            must("kwok", FAKES)
            for _ in range(len(self._living()), self._wanted + 1):
                made.callback(self._kill, int(must("node", "add")))
            self.harbour, *self.nodes = self._living()[:self._wanted + 1]
            for node in self.nodes:
                must("imds", node["number"])
                made.callback(must, "stop", f"imds-{node['number']}")
            self._users = {node["name"]: must("user", f"conform-{node['name']}", GROUP) for node in self.nodes}
            made.callback(self._revoke)
            self._grant()
            made.callback(end_namespaces, self.api, self.NAMESPACE)
            self._run_daemons()
            self.observer = Observer(self.state)
            made.callback(self.observer.end)
            self._harbour_before = self._harbour_facts()
            self._made = made.pop_all()
        return self

    def __exit__(self, *_):
        with self._made:
            check("the node on which nothing happens was never touched", self._harbour_facts() == self._harbour_before,
                  f"{self._harbour_facts()} was {self._harbour_before}")

    def _living(self):
        return [node for node in json.loads(must("status", "--json"))["nodes"] if node["alive"]]

    def user_of(self, node):
        return f"conform-{node['name']}"

    def kubeconfig_of(self, node):
        return self._users[node["name"]]

    def _grant(self):
        """Exactly the rights of the manifest."""
        roles = [one for one in self.manifest() if one["kind"] == "ClusterRole"]
        self.api.create("/apis/rbac.authorization.k8s.io/v1/clusterroles",
                        {"metadata": {"name": BINDING}, "rules": roles[0]["rules"]})
        self.api.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
            "metadata": {"name": BINDING},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": BINDING},
            "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": GROUP}]})

    def _revoke(self):
        for kind in ("clusterrolebindings", "clusterroles"):
            self.api.delete(f"/apis/rbac.authorization.k8s.io/v1/{kind}/{BINDING}")

    @staticmethod
    def manifest():
        """The objects of deploy/agent.yaml."""
        done = kubectl("create", "--dry-run=client", "-o", "json", "-f", REPOSITORY / "deploy/agent.yaml")
        if done.returncode != 0:
            raise Failed(f"deploy/agent.yaml: {done.stderr}")
        objects, decoder, rest = [], json.JSONDecoder(), done.stdout.strip()
        while rest:
            one, end = decoder.raw_decode(rest)
            objects += one["items"] if one["kind"] == "List" else [one]
            rest = rest[end:].strip()
        return objects

    def _run_daemons(self):
        """A pod of a DaemonSet on every node, which no drain may touch."""
        labels = {"app": "daemon"}
        self.api.create("/api/v1/namespaces", {"metadata": {"name": self.NAMESPACE}})
        await_until("the namespace's account", lambda: self.api.answers(
            f"/api/v1/namespaces/{self.NAMESPACE}/serviceaccounts/default"))
        self.api.create(f"/apis/apps/v1/namespaces/{self.NAMESPACE}/daemonsets", {
            "metadata": {"name": "daemon"},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
                "containers": [{"name": "web", "image": "docker.io/local/web-server:1", "imagePullPolicy": "Never",
                                "args": ["--linger", "0s"]}],
                "automountServiceAccountToken": False, "dnsPolicy": "Default", "terminationGracePeriodSeconds": 1}}}})
        path = f"/api/v1/namespaces/{self.NAMESPACE}/pods"
        names = {node["name"] for node in self.nodes}
        await_until("the daemons", lambda: {pod["spec"].get("nodeName") for pod in self.api.get(path)["items"]
                                            if pod["status"]["phase"] == "Running"} >= names)

    def _harbour_facts(self):
        node = self.api.get(f"/api/v1/nodes/{self.harbour['name']}")
        return (node["metadata"]["labels"], node["metadata"]["annotations"], node["spec"])

    def _kill(self, number):
        must("node", "kill", number)
        self.api.delete(f"/api/v1/nodes/rn{number}")

    # Running

    def run(self, jobs):
        """Each (test, mode) once; gives (test, mode, seconds, case) as they end."""
        if any(test.pods for test, _ in jobs):  # beforehand: all nodes at work on an image disturb every test
            must("image", BINARY, "spotkeeper")
        waiting, done = queue.Queue(), queue.Queue()
        for job in sorted(jobs, key=lambda job: -job[0].seconds):
            waiting.put(job)

        def work(node):
            while True:
                try:
                    test, mode = waiting.get_nowait()
                except queue.Empty:
                    return
                began = time.monotonic()
                case = self._run_one(test, mode, node)
                done.put((test, mode, time.monotonic() - began, case))

        workers = [threading.Thread(target=work, args=(node,), daemon=True) for node in self.nodes]
        for worker in workers:
            worker.start()
        for _ in jobs:
            yield done.get()
        for worker in workers:
            worker.join()

    def _run_one(self, test, mode, node):
        case = Case(self, test, mode, node)
        try:
            case.prepare()
            test.run(case)
            case.finish()
        except (Failed, OSError, SystemExit) as error:
            case.problems.append(f"it broke off: {error}")
        except Exception:
            case.problems.append(f"it broke off: {traceback.format_exc()}")
        log = case.agent.log if case.agent and case.problems else ""
        try:
            case.clean_up()
        except (Exception, SystemExit) as error:
            case.problems.append(f"the node could not be cleaned: {error}")
        if log:
            print(f"--- {test} [{mode}] on {node['name']}: the agent's log\n{log}", file=sys.stderr, flush=True)
        return case
