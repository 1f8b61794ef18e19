"""What happens in a scenario, and to what kind of service."""
import dataclasses

LEAD = 5  # seconds of traffic before the notice


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    says: str
    # The service
    replicas: int = 12
    budget: str = "80%"  # at least so many available
    ready_after: int = 2  # seconds from a server's start
    grace: int = 40  # seconds: preStop, linger, and then what is under way
    pre_stop: int = 15
    linger: int = 20  # seconds after SIGTERM in which it answers each request with the end of its connection
    abrupt: bool = False  # SIGTERM ends it at once instead
    long_requests: int = 0  # seconds that further requests take, at LONG_RATE; 0: there are none
    # What becomes of its nodes
    dying: int = 1  # of the four nodes of a run
    notice: int = 60  # seconds from the notice to the end of the machine
    after: int = 25  # seconds of traffic after the death
    spared: bool = True  # a handler can do so well that nothing is lost
    why: str = ""  # where not: what takes it

    @property
    def seconds(self):
        """Of traffic."""
        return LEAD + self.notice + self.after


SCENARIOS = {one.name: one for one in (
    Scenario("a", "pods that are ready in 2 s, one of four nodes"),
    Scenario("b", "pods that need 40 s to be ready, two of four nodes at once", ready_after=40, dying=2),
    Scenario("c", "a grace of 90 s with requests of 20 s under way, two of four nodes at once, notice of 120 s",
             grace=90, long_requests=20, dying=2, notice=120),
    Scenario("d", "a single replica that needs 40 s to be ready, under a budget that allows nothing",
             replicas=1, ready_after=40, after=45, spared=False,
             why="a successor is made when the pod is told to end, and is Ready only after that pod has stopped to answer"),
    Scenario("e", "a notice of 10 s, pods that are ready in 2 s, one of four nodes", notice=10, after=35, spared=False,
             why="the balancer hears of an endpoint later than the machine ends"),
    Scenario("abrupt", "as (a), but the service ends at once when it is told to", abrupt=True, spared=False,
             why="what is under way when the service ends, and what a balancer sends that hears after its preStop"),
)}
