"""Who acts on a notice: our agent as it is shipped, or a control."""
import os
import pathlib

import daemonset
from machine import await_until
from testing import kubectl, must

WATCHER = pathlib.Path(__file__).with_name("drain_watcher.py")


class Nobody:
    def begin(self, state, nodes):
        pass

    def end(self, nodes):
        pass


class Ours(Nobody):
    def begin(self, state, nodes):
        must("image", os.environ["SPOTKEEPER_BINARY"], "spotkeeper")
        daemonset.install()

    def end(self, nodes):
        kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", text_input=daemonset.MANIFEST)
        names = {node["name"] for node in daemonset.living()}
        await_until("the end of the agents", lambda: not any(
            pod["spec"].get("nodeName") in names for pod in daemonset.api.get(daemonset.AGENTS)["items"]))


class KubectlDrain(Nobody):
    def begin(self, state, nodes):
        for node in nodes:
            must("start", node["number"], f"drain-{node['name']}", "python3", WATCHER, state.bin / "kubectl",
                 state.folder / "node.kubeconfig", node["name"])

    def end(self, nodes):
        for node in nodes:
            must("stop", f"drain-{node['name']}", "--kill")


# In the order in which they run: what says whether the rig can be trusted comes first.
HANDLERS = {"undisturbed": Nobody(), "none": Nobody(), "kubectl-drain": KubectlDrain(), "ours": Ours()}
