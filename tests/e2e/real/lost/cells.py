"""Cells: four nodes each, of one zone of a region of its own and of one type, so that a cloud would take them back
together, for one run at a time. So several runs share the cluster at the same
time: the pods of a run and its handler are on its cell's nodes alone, and its traffic has ports of its own."""
import concurrent.futures
import threading

import network
import node
from machine import await_until
from testing import must

LABEL = "rig/cell"
SIZE = 4
ZONE, TYPE = "a", "m5.large"
REGIONS = ("us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-central-1", "ap-south-1", "sa-east-1")
CLIENT_PORTS = (2000, 49999)  # of all cells; haproxy's own connections take those above
BALANCER_PORT = 8000


class Cell:
    def __init__(self, state, index, count):
        self._state, self._index = state, index
        self._slots = [None] * SIZE  # the number of the node that is there
        share = (CLIENT_PORTS[1] - CLIENT_PORTS[0] + 1) // count
        first = CLIENT_PORTS[0] + index * share
        self.ports = (first, first + share - 1)
        self.next_port = first  # a port rests before it is used again, also from one run to the next
        self.balancer = f"{network.CLIENT_ADDRESS}:{BALANCER_PORT + index}"

    @property
    def name(self):
        return REGIONS[self._index]

    @property
    def numbers(self):
        return [number for number in self._slots if number is not None]

    @property
    def node_names(self):
        return [node.name_of(number) for number in self.numbers]

    def replenish(self, api):
        """Dead machines go from the API, and fresh ones take their place. Returns when all take pods."""
        labels = {LABEL: self.name, "node.kubernetes.io/instance-type": TYPE}
        empty = []
        for slot, number in enumerate(self._slots):
            if number is not None and not node.alive(self._state, number):
                api.delete(f"/api/v1/nodes/{node.name_of(number)}")
                self._slots[slot] = None
            if self._slots[slot] is None:
                empty.append(slot)
        if empty:
            added = must("node", "add", "--count", len(empty), "--zone", self.name + ZONE).split()
            for slot, number in zip(empty, map(int, added)):
                self._slots[slot] = number
                api.merge(f"/api/v1/nodes/{node.name_of(number)}", {"metadata": {"labels": labels}})
        must("imds", *self.numbers)
        await_until("nodes that take pods", lambda: all(
            not one["spec"].get("unschedulable") and not one["spec"].get("taints")
            for one in map(api.get, (f"/api/v1/nodes/{name}" for name in self.node_names))))

    def kill(self, numbers):
        """These machines, in the same moment."""
        failed = []

        def kill(number):
            try:
                node.kill(self._state, number)
            except Exception as error:
                failed.append(error)

        killers = [threading.Thread(target=kill, args=(number,)) for number in numbers]
        for killer in killers:
            killer.start()
        for killer in killers:
            killer.join()
        if failed:
            raise failed[0]

    def end(self, api):
        self.kill([number for number in self.numbers if node.alive(self._state, number)])
        for name in self.node_names:
            api.delete(f"/api/v1/nodes/{name}")
        self._slots = [None] * SIZE


def in_parallel(jobs, cells, do):
    """Runs do(job, cell) for each job, as many at a time as there are cells; gives what came out as it comes."""
    free = list(cells)
    guard = threading.Lock()

    def work(job):
        with guard:
            cell = free.pop(0)
        try:
            return do(job, cell)
        finally:
            with guard:
                free.append(cell)

    with concurrent.futures.ThreadPoolExecutor(len(cells)) as pool:
        for future in concurrent.futures.as_completed([pool.submit(work, job) for job in jobs]):
            yield future.result()
