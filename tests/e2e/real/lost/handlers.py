"""Who acts on a notice: our agent as it is shipped, or a control. Each on the nodes of one cell."""
import os
import pathlib

import node
from cells import LABEL
from machine import Failed, await_until
from testing import kubectl, must, ready, shipped_manifest

WATCHER = pathlib.Path(__file__).with_name("drain_watcher.py")


class Handler:
    """Nobody acts."""

    def __init__(self, state, api, cell, name):
        self._state, self._api, self._cell = state, api, cell
        self._name = name  # of the run, and of what is made for it

    @staticmethod
    def prepare():
        """Once, before the first run."""

    def begin(self):
        """Returns when it would hear a notice."""

    def again(self, between):
        """Ends it, and begins it anew when `between` is done. Returns when it would hear a notice."""
        between()

    def end(self):
        pass


class Ours(Handler):
    @staticmethod
    def prepare():
        must("image", os.environ["SPOTKEEPER_BINARY"], "spotkeeper")

    def begin(self):
        namespace = f"{self._name}-agents"
        self._api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        done = kubectl("apply", "-f", "-", text_input=self._manifest())
        if done.returncode != 0:
            raise Failed(f"the API server does not take the manifest: {done.stderr.strip()}")
        self._await_agents()

    def _pods(self):
        return self._api.get(f"/api/v1/namespaces/{self._name}-agents/pods")["items"]

    def _await_agents(self):
        names = set(self._cell.node_names)
        await_until("agents", lambda: {pod["spec"]["nodeName"] for pod in self._pods() if ready(pod)} >= names, 90)

    def again(self, between):
        # Nobody runs on a node where it may not be placed.
        self._place("yes")
        await_until("the end of the agents", lambda: not self._pods(), 90)
        between()
        self._place(None)
        self._await_agents()

    def _place(self, nowhere):
        self._api.merge(
            f"/apis/apps/v1/namespaces/{self._name}-agents/daemonsets/spotkeeper-{self._name}",
            {"spec": {"template": {"spec": {"nodeSelector": {"rig/nowhere": nowhere}}}}})

    def end(self):
        kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", text_input=self._manifest())
        kubectl("delete", "namespace", f"{self._name}-agents", "--wait=false", "--ignore-not-found")

    def _manifest(self):
        """The shipped one, but for names (what is in it is there once for each cell), the image and the nodes."""
        text = shipped_manifest()
        for there, here in (("spotkeeper-agent", f"spotkeeper-{self._name}"),
                            ("namespace: kube-system", f"namespace: {self._name}-agents"),
                            ("image: spotkeeper:latest", "image: docker.io/local/spotkeeper:1"),
                            ("imagePullPolicy: IfNotPresent", "imagePullPolicy: Never"),
                            ("      nodeSelector:\n", f"      nodeSelector:\n        {LABEL}: {self._cell.name}\n")):
            if there not in text:
                raise Failed(f"deploy/agent.yaml has no {there!r}")
            text = text.replace(there, here)
        return text


class OnEachNode(Handler):
    """A program beside each kubelet."""

    def command(self, number):
        raise NotImplementedError

    def begin(self):
        for number in self._cell.numbers:
            must("start", number, self._label(number), *self.command(number))

    def again(self, between):
        OnEachNode.end(self)
        between()
        OnEachNode.begin(self)

    def end(self):
        for number in self._cell.numbers:
            must("stop", self._label(number), "--kill")

    def _label(self, number):
        return f"{self._name}-{node.name_of(number)}"


class KubectlDrain(OnEachNode):
    def command(self, number):
        return ["python3", WATCHER, self._state.bin / "kubectl", self._state.folder / "node.kubeconfig",
                node.name_of(number)]


class AwsHandler(OnEachNode):
    """AWS's own, with its defaults, which are IMDS mode."""

    path = None  # of the program that the user has built

    def begin(self):
        self._account()
        super().begin()
        self._await_started(1)

    def again(self, between):
        super().again(between)
        self._starts += 1
        self._await_started(self._starts)

    def _await_started(self, times):
        self._starts = times
        for number in self._cell.numbers:
            log = self._state.log / f"{self._label(number)}.log"
            await_until("AWS's handler", lambda file=log: file.read_text(errors="replace").count(
                "has started successfully") >= times, 30)

    def command(self, number):
        return ["sh", "-c", f"""
            mkdir -p /var/run/secrets/kubernetes.io && ln -sfn {self._secret} /var/run/secrets/kubernetes.io/serviceaccount
            exec env -i KUBERNETES_SERVICE_HOST=10.96.0.1 KUBERNETES_SERVICE_PORT=443 NAMESPACE=kube-system \\
                NODE_NAME={node.name_of(number)} POD_NAME={self._label(number)} {AwsHandler.path}"""]

    @property
    def _secret(self):
        return self._state.folder / f"account-{self._name}"

    def _account(self):
        """What a pod with a service account finds in its file system."""
        account, binding = f"{self._name}-handler", f"{self._name}-handler"
        kubectl("-n", "kube-system", "create", "serviceaccount", account)
        kubectl("create", "clusterrolebinding", binding, "--clusterrole=cluster-admin",
                f"--serviceaccount=kube-system:{account}")
        self._secret.mkdir(exist_ok=True)
        token = kubectl("-n", "kube-system", "create", "token", account)
        if token.returncode != 0:
            raise Failed(f"no token for AWS's handler: {token.stderr.strip()}")
        (self._secret / "token").write_text(token.stdout.strip())
        (self._secret / "ca.crt").write_text((self._state.pki / "ca.crt").read_text())

    def end(self):
        super().end()
        kubectl("-n", "kube-system", "delete", "serviceaccount", f"{self._name}-handler", "--ignore-not-found")
        kubectl("delete", "clusterrolebinding", f"{self._name}-handler", "--ignore-not-found")


HANDLERS = {"undisturbed": Handler, "none": Handler, "kubectl-drain": KubectlDrain, "nth": AwsHandler, "ours": Ours}
