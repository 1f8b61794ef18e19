"""What the agent has asked the API server to change, and the events that it has written."""
from case_mark import NTH
from machine import Failed, await_until


class Told:
    """Of a class with observer, namespace, node, user, compat and Assertions."""

    def __init__(self):
        self._events_told = lambda: None

    def note_told(self):
        """What was there before the test does not count."""
        self.note_writes()
        self._events_before = {event["metadata"]["uid"] for event in self._events(gone=True)}

    def note_writes(self):
        self._audit_from = len(self.observer.audit.entries(self.user))

    def writes(self):
        """What the agent has asked the API server to change: (verb, what, name, answer's code, what was sent)."""
        return [(entry["verb"], "/".join(filter(None, (reference["resource"], reference.get("subresource")))),
                 reference.get("name", ""), entry["responseStatus"].get("code"), entry)
                for entry in self.observer.audit.entries(self.user)[self._audit_from:]
                for reference in (entry["objectRef"],)]

    def evictions(self):
        """The pods that it wanted evicted, in order, each with the API server's answer."""
        return [(name, code) for _, what, name, code, _ in self.writes() if what == "pods/eviction"]

    def evicted(self):
        """Those of which the API server has granted it, by name."""
        return sorted(name for name, code in self.evictions() if code == 201)

    def deleted(self):
        """The pods that it has deleted, by name."""
        return sorted(name for verb, what, name, *_ in self.writes() if (verb, what) == ("delete", "pods"))

    def check_told_to_end(self, pods):
        """Each was evicted at the first asking; nothing else was evicted, and nothing deleted."""
        self.equal("evictions asked for", sorted(self.evictions()),
                   sorted((pod["metadata"]["name"], 201) for pod in pods))
        self.equal("pods deleted", self.deleted(), [])

    def check_only_own_writes(self):
        """The Node of its own, pods of its own node, events: nothing else."""
        mine = {pod["metadata"]["name"] for pod in self.observer.pods.newest(
            lambda pod: pod["metadata"]["namespace"] == self.namespace, gone=True)
            if pod["spec"].get("nodeName") == self.node["name"]}
        strange = []
        for verb, what, name, _, entry in self.writes():
            allowed = (verb, what) in (("create", "events"), ("patch", "events")) or \
                (verb, what, name) == ("patch", "nodes", self.node["name"]) or \
                (verb, what) in (("create", "pods/eviction"), ("delete", "pods")) and name in mine
            if not allowed:
                strange.append((verb, what, name))
        self.equal("writes to anything but its own Node, its pods and events", strange, [])

    def check_told_no_more(self):
        """Nothing has come after what check_events saw. To be called when the agent has ended."""
        self._events_told()

    def _events(self, gone=False):
        return self.observer.events.newest(lambda event: event.get("reportingController") in (
            NTH, "spotkeeper.dev/agent") and self._mine(event), gone)

    def _mine(self, event):
        about = event.get("regarding", {})
        return about.get("name") == self.node["name"] or about.get("namespace") == self.namespace

    def events(self):
        return [event for event in self._events() if event["metadata"]["uid"] not in self._events_before]

    def check_events(self, wanted, bound=8, besides=()):
        """Exactly these: "Kind Reason Type" of each. To be called when nothing more will come of the agent. `besides`:
        those that may come, or not."""
        def told():
            every = (f"{event['regarding']['kind']} {event['reason']} {event['type']}" for event in self.events())
            return sorted(event for event in every if event not in besides)

        try:
            await_until("the events", lambda: told() == sorted(wanted), bound)
        except Failed:
            pass
        self.equal("events", told(), sorted(wanted))
        self._events_told = lambda: self.equal("events when the agent has ended", told(), sorted(wanted))
        source = NTH if self.compat else "spotkeeper.dev/agent"
        self.equal("who the events are from", {event["reportingController"] for event in self.events()} - {source},
                   set())
