"""What the API server says has happened: each change of nodes, pods and events with the time at which it was heard, and
what users asked the server to change (its audit log)."""
import collections
import json
import threading

from api import Api
from watch import Watch

Seen = collections.namedtuple("Seen", "when object")


class History:
    """Keeps every version of every object of a list, by uid, in the order in which they came."""

    def __init__(self, kubeconfig, path):
        self._lock = threading.Lock()
        self._versions = {}
        self._gone = {}
        self._watch = Watch(Api(kubeconfig), path, self._heard)

    def _heard(self, when, kind, thing):
        uid = thing["metadata"]["uid"]
        with self._lock:
            self._versions.setdefault(uid, []).append(Seen(when, thing))
            if kind == "DELETED":
                self._gone[uid] = when

    @property
    def broke(self):
        return self._watch.broke

    def end(self):
        self._watch.end()

    def versions(self, uid):
        with self._lock:
            return list(self._versions.get(uid, ()))

    def gone(self, uid):
        """When it went; None: it is there."""
        with self._lock:
            return self._gone.get(uid)

    def newest(self, wanted=lambda thing: True, gone=False):
        """The last version of each object that is wanted; `gone`: also of those that are no more."""
        with self._lock:
            return [versions[-1].object for uid, versions in self._versions.items()
                    if (gone or uid not in self._gone) and wanted(versions[-1].object)]


class Audit:
    """The log of changes that were asked for, read as it grows."""

    def __init__(self, path):
        self._path = path
        self._lock = threading.Lock()
        self._read = 0
        self._lines = []

    def entries(self, user):
        """Of a user, oldest first."""
        with self._lock:
            self._read_on()
            return [entry for entry in self._lines if entry["user"]["username"] == user]

    def _read_on(self):
        with open(self._path, "rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[:text.rfind(b"\n") + 1]
        self._read += len(whole)
        self._lines += [json.loads(line) for line in whole.splitlines()]


class Observer:
    def __init__(self, state):
        self.nodes = History(state.admin, "/api/v1/nodes")
        self.pods = History(state.admin, "/api/v1/pods")
        self.events = History(state.admin, "/apis/events.k8s.io/v1/events")
        self.audit = Audit(state.log / "audit.log")

    def broken(self):
        """Why watches hear nothing any more; then "nothing has happened" could not be known."""
        return [watch.broke for watch in (self.nodes, self.pods, self.events) if watch.broke]

    def end(self):
        for watch in (self.nodes, self.pods, self.events):
            watch.end()

    def node(self, name):
        """Its versions, oldest first."""
        newest = self.nodes.newest(lambda node: node["metadata"]["name"] == name)
        return self.nodes.versions(newest[0]["metadata"]["uid"]) if newest else []
