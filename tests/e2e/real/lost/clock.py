"""What happened when, all by this machine's clock: the API's objects as they change, and the servers' processes."""
import os
import select
import threading
import time

from machine import Failed
from testing import ready
from watch import Watch


class Clock:
    """Of nodes and of the pods of one namespace: first cordon; first seen, first Ready, first deletion."""

    def __init__(self, api, service):
        self.cordoned = {}  # node name to time
        self.made = {}  # pod name to time; of those that were there before, when the clock began
        self.ready = {}  # pod name to time
        self.deleted = {}  # pod name to time: when it was told to end
        self.place = {}  # pod name to (node name, address)
        self.exits = {}  # pod name to the exit code that its kubelet told of
        self._watches = [Watch(api, "/api/v1/nodes", self._node),
                         Watch(api, service.pods_path, self._pod)]

    def end(self):
        end_watches(self._watches)

    def _node(self, when, kind, node):
        if kind != "DELETED" and node["spec"].get("unschedulable"):
            self.cordoned.setdefault(node["metadata"]["name"], when)

    def _pod(self, when, _, pod):
        name = pod["metadata"]["name"]
        self.made.setdefault(name, when)
        if ready(pod):
            self.ready.setdefault(name, when)
        if pod["spec"].get("nodeName") and pod["status"].get("podIP"):
            self.place[name] = (pod["spec"]["nodeName"], pod["status"]["podIP"])
        if "deletionTimestamp" in pod["metadata"]:
            self.deleted.setdefault(name, when)
        for container in pod["status"].get("containerStatuses", []):
            if "terminated" in container["state"]:
                self.exits[name] = container["state"]["terminated"]["exitCode"]


def end_watches(watches):
    """Ends them all. One that broke off before that has not heard everything, so that nothing can be said: Failed."""
    for watch in watches:
        watch.end()
    broke = [watch.broke for watch in watches if watch.broke]
    if broke:
        raise Failed(f"not all was heard: {', '.join(broke)}")


def servers(namespace, nodes):
    """The servers of a namespace that run on these nodes: pod name to process, from what their processes were given."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                given = dict(part.split(b"=", 1) for part in file.read().split(b"\0") if b"=" in part)
        except OSError:
            continue
        if given.get(b"POD_NAMESPACE") == namespace.encode() and given.get(b"NODE_NAME", b"").decode() in nodes:
            found[given[b"POD_NAME"].decode()] = int(pid)
    return found


class Ends(threading.Thread):
    """When each of these processes ended: pod name to time."""

    def __init__(self, processes):
        super().__init__(daemon=True)
        self.times = {}
        self._pods = {}
        for pod, pid in processes.items():
            self._pods[os.pidfd_open(pid)] = pod
        self._wake, self._bell = os.pipe()
        self.start()

    def run(self):
        poll = select.poll()
        for handle in (*self._pods, self._wake):
            poll.register(handle, select.POLLIN)
        while True:
            for handle, _ in poll.poll():
                if handle == self._wake:
                    return
                poll.unregister(handle)
                self.times[self._pods[handle]] = time.time()

    def end(self):
        os.write(self._bell, b"x")
        self.join()
        for handle in (*self._pods, self._wake, self._bell):
            os.close(handle)


def wait_until(moment):
    """A moment of the scenario, not a readiness: nothing can be asked whether it has come."""
    while (left := moment - time.time()) > 0:
        select.select([], [], [], left)
