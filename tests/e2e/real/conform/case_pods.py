"""The pods of a test: how each of them ends, and that it is served elsewhere."""
import time

from machine import await_until
from testing import ready
from workload import Ending, Workload


class Pods:
    """Of a class with api, observer, nodes, namespace, node and Assertions."""

    def workload(self, name="web", replicas=2, grace=5, linger=0, budgets=()):
        """Replicas of which one is on this node. Returns the workload and that pod."""
        made = Workload(self.api, self.observer, self.namespace, name, replicas)
        made.create(self.node["name"], self.nodes.harbour["name"], grace, linger)
        return made, made.await_ready(self.node["name"], budgets)

    def pods_here(self):
        return self.observer.pods.newest(lambda pod: pod["metadata"]["namespace"] == self.namespace and
                                         pod["spec"].get("nodeName") == self.node["name"])

    def daemon_pod(self):
        return [pod["metadata"]["uid"] for pod in self.observer.pods.newest(
            lambda pod: pod["metadata"]["namespace"] == self.nodes.NAMESPACE and
            pod["spec"].get("nodeName") == self.node["name"])]

    def check_moved(self, workload, pod, grace=None, evicted=True, bound=20):
        """The pod has been told to end so, and is served elsewhere."""
        name = pod["metadata"]["name"]
        await_until(f"the end of {name}", lambda: self.ending(pod).gone, bound)
        ending = self.ending(pod)
        self.equal(f"{name} was evicted through the API", ending.evicted, evicted)
        self.equal(f"the grace of {name}", ending.grace, pod["spec"]["terminationGracePeriodSeconds"]
                   if grace is None else grace)
        self.await_in_harbour(workload)
        return ending

    def await_in_harbour(self, workload):
        """All replicas are served there."""
        await_until("its successor", lambda: sum(
            ready(pod) and pod["spec"].get("nodeName") == self.nodes.harbour["name"]
            for pod in workload.pods()) == workload.replicas, 30)

    def ending(self, pod):
        return Ending(self.observer, pod)

    def check_held_to_last_safe_start(self, pod, deadline, grace, slack=1.5):
        """Deleted past its budget when its grace and the margin of two seconds just fit, and gone before the end."""
        name = pod["metadata"]["name"]
        await_until(f"the end of {name}", lambda: self.ending(pod).gone, deadline - time.time() + 10)
        ending = self.ending(pod)
        self.equal(f"{name} was evicted through the API", ending.evicted, False)
        self.equal(f"the grace of {name}", ending.grace, grace)
        self.between(f"seconds from telling {name} to the machine's end", grace + 2 - slack,
                     round(deadline - ending.told, 2), grace + 2 + slack)
        self.check(f"{name} is gone before the machine", ending.gone < deadline, ending.gone - deadline)
        return ending

    def check_stays(self, pod):
        self.equal(f"{pod['metadata']['name']} was told to end", self.ending(pod).told, None)
