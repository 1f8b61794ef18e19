"""The tools that run beside the agent and are told over sockets what to do."""
import datetime
import json
import os
import pathlib

from machine import await_until
from state import REPOSITORY
from testing import must, tell

FOLDER = pathlib.Path(os.environ.get("SPOTKEEPER_TOOLS") or REPOSITORY / "build/release/tools")
PROXY = "127.0.0.1:16443"  # in a node's namespace, where it is alone


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat().replace("+00:00", "Z")


class FaultProxy:
    """tests/tools/fault_proxy on a node, before the API server. To clients it shows the API server's own certificate,
    to the API server that of the kubeconfig's user."""

    def __init__(self, state, node, kubeconfig, label):
        self._label, self._socket = label, state.nodes / str(node["number"]) / "faults.sock"
        with open(kubeconfig) as file:
            config = json.load(file)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        log = state.log / f"{label}.log"
        log.unlink(missing_ok=True)
        self._socket.unlink(missing_ok=True)
        must("start", node["number"], label, FOLDER / "fault_proxy", "--listen", PROXY, "--control", self._socket,
             "--to", cluster["server"], "--ca", cluster["certificate-authority"],
             "--certificate", user["client-certificate"], "--key", user["client-key"],
             "--serve-certificate", state.pki / "kube-apiserver.crt", "--serve-key", state.pki / "kube-apiserver.key")
        process = state.living(label)
        await_until(label, lambda: "listening on" in log.read_text(), 10, alive=process.alive)
        cluster["server"] = f"https://{PROXY}"
        self.kubeconfig = state.users / f"{label}.kubeconfig"
        self.kubeconfig.write_text(json.dumps(config))

    def tell(self, command):
        return tell(self._socket, command)

    def status(self):
        """What it did to which calls: tests/tools/fault_proxy/faults.h."""
        return json.loads(self.tell("status"))

    def end(self):
        must("stop", self._label)
