"""What one pod's death consists of, beyond what clock.py follows: what its EndpointSlices said, what its kubelet did, when
its object was gone, and the balancer's delay. By this machine's clock."""
import datetime
import json
import re

import node
from clock import end_watches
from watch import Watch

HOOKS = {"Running preStop hook": "pre_stop", "PreStop hook completed": "pre_stop_over",
         "PreStop hook not completed in grace period": "pre_stop_over"}
KUBELET_LINE = re.compile(r'^I(\d{4} [\d:.]+) .*\] "([^"]+)" .*pod="([^"]+)"')


class Timeline:
    """Follows the endpoints of one namespace's pods, and which of its pods go, until end()."""

    def __init__(self, api, service):
        self._namespace = service.namespace
        self._not_ready, self._endpoint_gone, self._gone = {}, {}, {}  # pod name to time
        self._slices = {}  # EndpointSlice name to the pods in it
        self._watches = [
            Watch(api, service.pods_path, self._pod),
            Watch(api, f"/apis/discovery.k8s.io/v1/namespaces/{self._namespace}/endpointslices", self._slice)]

    def end(self):
        end_watches(self._watches)

    def _pod(self, when, kind, pod):
        if kind == "DELETED":
            self._gone.setdefault(pod["metadata"]["name"], when)

    def _slice(self, when, kind, slice_):
        name = slice_["metadata"]["name"]
        present = set()
        for endpoint in [] if kind == "DELETED" else slice_.get("endpoints") or []:
            pod = endpoint.get("targetRef", {}).get("name")
            present.add(pod)
            if endpoint["conditions"].get("terminating") and not endpoint["conditions"].get("ready"):
                self._not_ready.setdefault(pod, when)
        for pod in self._slices.get(name, set()) - present:
            self._endpoint_gone.setdefault(pod, when)
        self._slices[name] = present

    def found(self, state, numbers):
        """Key to pod name to time: "not_ready", "pre_stop", "pre_stop_over", "endpoint_gone", "gone"."""
        found = {"not_ready": self._not_ready, "endpoint_gone": self._endpoint_gone, "gone": self._gone,
                 "pre_stop": {}, "pre_stop_over": {}}
        for pod, key, when in _hooks(state, numbers, self._namespace):
            found[key].setdefault(pod, when)
        return found


def _hooks(state, numbers, namespace):
    """From these nodes' kubelets: (pod, key, time). Their lines have no year, and are in this machine's zone."""
    now = datetime.datetime.now()
    for number in numbers:
        log = state.log / node.name_of(number) / "kubelet.log"
        for line in log.read_text(errors="replace").splitlines():
            found = KUBELET_LINE.match(line)
            if not found or found[2] not in HOOKS or not found[3].startswith(namespace + "/"):
                continue
            when = datetime.datetime.strptime(f"{now.year}{found[1]}", "%Y%m%d %H:%M:%S.%f")
            if when > now:  # written before midnight of 31 December
                when = when.replace(year=now.year - 1)
            yield found[3].partition("/")[2], HOOKS[found[2]], when.timestamp()


def asked(audit_log, namespace):
    """Pod name to the time at which the API server was asked for its end, and did it; by its audit log, which leaves out
    what administrators do. How long it took for that is another matter."""
    found = {}
    for line in audit_log.read_text().splitlines():
        if f'"{namespace}"' not in line:
            continue
        entry = json.loads(line)
        what = entry["objectRef"]
        ends = (entry["verb"], what["resource"], what.get("subresource")) in (
            ("create", "pods", "eviction"), ("delete", "pods", None))
        if ends and what["namespace"] == namespace and entry["responseStatus"]["code"] < 300:
            when = datetime.datetime.fromisoformat(entry["requestReceivedTimestamp"]).timestamp()
            found[what["name"]] = min(when, found.get(what["name"], when))
    return found


def delays(feed_log):
    """"l7_leave_delay", "l7_join_delay": pod name to the seconds that the balancer drew (tools/endpoint_feeder)."""
    found = {"l7_leave_delay": {}, "l7_join_delay": {}}
    for line in feed_log.read_text().splitlines():
        event = json.loads(line) if line.endswith("}") else {}
        if event.get("event") == "seen":
            drawn = sum(event[f"{part}_ms"] for part in ("controller", "api", "propagation", "joining")) / 1000
            found["l7_leave_delay" if event["change"] == "removed" else "l7_join_delay"].setdefault(event["pod"], drawn)
    return found
