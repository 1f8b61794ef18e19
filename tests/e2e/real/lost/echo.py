"""How late this machine's API is: from a write to when a watch tells of it, as who watches nodes hears of a cordon."""
import threading
import time

from api import Api
from watch import Watch

EVERY = 0.25  # seconds from one write's answer to the next write
NAME = "echo"


class Echo(threading.Thread):
    """Writes to an object of its own in the service's namespace, over a connection of its own, until end()."""

    def __init__(self, state, service, timeout):
        super().__init__(daemon=True)
        self._api = Api(state.admin, timeout=timeout)
        self._path = f"/api/v1/namespaces/{service.namespace}/configmaps"
        self._written, self._heard = [], {}  # time of each; number to time
        self.broke = None  # as Watch has it
        self._ended = threading.Event()
        self._api.create(self._path, {"metadata": {"name": NAME}, "data": {"number": "-1"}})
        self._watch = Watch(self._api, f"{self._path}?fieldSelector=metadata.name%3D{NAME}", self._tell)
        self.start()

    def run(self):
        try:
            while not self._ended.wait(EVERY):
                self._written.append(time.time())
                self._api.merge(f"{self._path}/{NAME}", {"data": {"number": str(len(self._written) - 1)}})
        except Exception as error:
            self.broke = f"{type(error).__name__}: {error}"

    def _tell(self, when, _, written):
        self._heard[int(written["data"]["number"])] = when

    def end(self):
        self._ended.set()
        self.join()
        self._watch.end()
        self.broke = self.broke or self._watch.broke

    def latest(self, since, until):
        """Seconds that the slowest of those written between these times took."""
        return latest(self._written, self._heard, since, until)


def latest(written, heard, since, until):
    """`written`: the time of each write, `heard`: number to time. What is heard no more is counted until `until`; a watch
    may leave out a number whose object was written again before it could tell, and tells of the later one."""
    slowest = 0.0
    for number, when in enumerate(written):
        if since <= when <= until:
            later = [heard[one] for one in heard if one >= number]
            slowest = max(slowest, min(later, default=max(until, when)) - when)
    return slowest
