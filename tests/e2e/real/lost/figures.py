"""What a run gave: the rows of the tables, and one JSON file for each run.

NAME-HANDLER.json: {"scenario": {…scenario.py's fields}, "figures": {…those of Figures, "busy"}, "pods": {POD: {…}}}.
Times are in seconds after the notice. Of each pod: "node", "leaves" (its node dies), and where they are known "made",
"ready", "asked" (the API server, for its end), "deleted", "not_ready" (its endpoint), "pre_stop", "pre_stop_over",
"sigterm", "ended", "exit" (the code that its kubelet told of), "endpoint_gone" (from its EndpointSlice), "gone" (the
object), "last_long" (when the last long request came),
"l4" and "l7": [[time, whether it is there]…] in kube-proxy's rules and in haproxy, and "l7_leave_delay" and
"l7_join_delay": the seconds of them that the balancer took its time on purpose when the pod left, and when it came.
"""
import collections
import dataclasses
import json
import os
import pathlib

from scenario import Scenario
from state import REPOSITORY

LATE = 2.0  # seconds by which the API may hold up who writes to it or hears of something, at most


def left_by_the_suite():
    """The folder in which it has these files left."""
    return pathlib.Path(os.environ.get("SPOTKEEPER_REPORTS", REPOSITORY / "build/release/e2e-reports")) / "lost"


def left_at(changes):
    """When a pod was there no more, of its "l4" or "l7"; None: it is still there, or never was."""
    return None if not changes or changes[-1][1] else changes[-1][0]


def came_at(changes):
    """When it came last; None: it never did, since the run began."""
    return max((when for when, there in changes if there), default=None)


def load_now():
    return f"{os.getloadavg()[0]:.1f}"


@dataclasses.dataclass
class Figures:
    scenario: str
    handler: str
    seconds: int
    rate: int  # requests a second, of each of the four kinds
    load: str  # of the machine, before and after
    client_lag_ms: float  # how late the client itself was at worst
    expected: int = 0  # what the client was told to send
    sent: int = 0
    lost: int = 0
    unsent: int = 0
    streams: dict = dataclasses.field(default_factory=dict)  # "l4 new": {"sent", "lost", "outcomes"}
    classes: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    losses: collections.Counter = dataclasses.field(default_factory=collections.Counter)  # by pod and node
    # By the servers' own logs.
    answered: int = 0  # exactly once, and not lost to the client
    disowned: collections.Counter = dataclasses.field(default_factory=collections.Counter)  # answered and lost, by outcome
    twice: int = 0  # answered by two servers, or two times by one
    # Seconds after the notice; None: it did not happen before the machines ended.
    cordon: float | None = None
    l4_left: float | None = None
    l7_left: float | None = None
    sigterm: float | None = None
    left: float | None = None  # from the end of the last of the dying nodes' pods to the end of the machines
    killed_hard: int = 0  # pods; with their machine, or
    killed_by_kubelet: int = 0  # of them, at the end of a grace that was too short
    kill_late: float = 0.0  # how long after the end of the notice the machines were dead
    # Seconds until a write to the API was heard of, at most: in the first seconds after the notice, and in the whole run.
    api_late: float = 0.0
    api_slowest: float = 0.0
    told: float | None = None  # the first of them to end; this and what follows: None if not all leaving pods were told
    least: float | None = None  # what had to be lost at least (minimum.py)
    least_from_told: float | None = None  # the same of a handler that could not have told any pod sooner than this one
    ready_after: float | None = None  # with successors that took so long (seconds) after their pods were told to end
    modelled: float | None = None  # what the same model has for the start times that there were
    pods: dict = dataclasses.field(default_factory=dict)

    def busy(self):
        """All was late: what handlers and the control plane do in a second took several."""
        return self.client_lag_ms > 1000 or self.api_slowest > 1 or self.kill_late > 2

    def late(self):
        """Seconds by which this machine may have held a handler up that had to write something to the API."""
        return min(LATE, self.api_late)

    def blame(self):
        """Why what came out may be the rig's own doing; empty: it is not."""
        reasons = []
        if self.client_lag_ms > 1000:
            reasons.append(f"the client was late by {self.client_lag_ms:.0f} ms")
        if self.unsent:
            reasons.append(f"{self.unsent} requests could not be tried")
        if self.kill_late > 2:
            reasons.append(f"the machines died {self.kill_late:.1f} s late")
        return f"the rig is at fault, this machine had too much to do: {', '.join(reasons)}; " if reasons else ""

    @classmethod
    def read(cls, path):
        """(scenario, figures) of a file that write() left."""
        document = json.loads(path.read_text())
        fields = document["figures"] | {"pods": document["pods"]}
        del fields["busy"]
        for counted in ("classes", "losses", "disowned"):
            fields[counted] = collections.Counter(fields[counted])
        return Scenario(**document["scenario"]), cls(**fields)

    def write(self, folder, scenario):
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        pods = fields.pop("pods")
        fields["busy"] = self.busy()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.scenario}-{self.handler}.json").write_text(json.dumps(
            {"scenario": dataclasses.asdict(scenario), "figures": fields, "pods": pods}, indent=1))
