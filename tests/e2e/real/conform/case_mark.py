"""What the agent writes on its Node, and that it takes back no more and no less."""
import json
import re
import time

from machine import Failed, await_until

RECORD = "spotkeeper.dev/interruption"
EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers"
CORDON_TAINT = "node.kubernetes.io/unschedulable"  # the cluster's own answer to a cordon
NTH = "aws-node-termination-handler"
NOTICE_BOUND = 5.0  # seconds from a notice to the mark: one poll of one second, and the work of a busy machine
SCHEDULED_BOUND = 15.0  # scheduled events are asked for every ten seconds


class Mark:
    """Of a class that is a Machine and has Assertions."""

    def __init__(self):
        self.latency = None
        self.prompt = []  # seconds from notice to mark, where nothing was in the way

    def note_node(self):
        """The node is as it should be again after the test."""
        self._node_before = self._facts(self.node_now())

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


def label_value(text):
    """As much of it as a label or a taint may hold."""
    return re.sub(r"[^A-Za-z0-9_.]", "-", text[:63]).strip("-_.")
