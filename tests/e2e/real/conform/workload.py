"""What stands on the nodes: services of some replicas, of which one is on the node of the test and the others in the
harbour, a node that nothing happens to and where there is always room."""
from machine import await_until
from testing import ready

HARBOUR_LABEL = "conform/harbour"
OWN_EVICTION = "EvictionByEvictionAPI"


def affinity(labels, node, harbour):
    """One of the pods goes to `node`, all others to the harbour; nobody goes anywhere else."""
    def named(*names):
        return {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": list(names)}]}

    return {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [named(node, harbour)]},
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 40, "preference": named(node)}]},
        "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": {
            "labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}}]}}


def pod_template(labels, node, harbour, grace, linger):
    container = {
        "name": "web", "image": "docker.io/local/web-server:1", "imagePullPolicy": "Never",
        "args": ["--linger", f"{linger}s"],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1}}
    return {"metadata": {"labels": labels}, "spec": {
        "containers": [container], "dnsPolicy": "Default", "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": grace, "affinity": affinity(labels, node, harbour)}}


class Workload:
    """A Deployment. `budgets`: one for each number of disruptions that it allows, made when all replicas are Ready: of
    several that cover a pod the cluster's controller looks at one alone when the pod changes."""

    def __init__(self, api, observer, namespace, name, replicas):
        self._api, self._observer = api, observer
        self.namespace, self.name, self.replicas = namespace, name, replicas

    def create(self, node, harbour, grace, linger):
        labels = {"app": self.name}
        self._api.create(f"/apis/apps/v1/namespaces/{self.namespace}/deployments", {
            "metadata": {"name": self.name},
            "spec": {"replicas": self.replicas, "selector": {"matchLabels": labels},
                     "template": pod_template(labels, node, harbour, grace, linger)}})

    def allow(self, number, disruptions):
        """Another allowance for one of its budgets."""
        self._api.merge(f"{self._budget(number)}", {"spec": {"maxUnavailable": disruptions}})

    def _budget(self, number):
        return f"/apis/policy/v1/namespaces/{self.namespace}/poddisruptionbudgets/{self.name}-{number}"

    def await_ready(self, node, budgets):
        """Its pod on the node; all are Ready, and the budgets know them."""
        def one_there():
            pods = self.pods()
            if not sum(map(ready, pods)) == self.replicas == len(pods):
                return None
            here = [pod for pod in pods if pod["spec"].get("nodeName") == node]
            if len(here) == 1:
                return here[0]
            # The scheduler may still have seen the node as the test before left it.
            wrong = (here or pods)[0]["metadata"]["name"]
            self._api.delete(f"/api/v1/namespaces/{self.namespace}/pods/{wrong}?gracePeriodSeconds=0")
            return None

        pod = await_until(f"{self.replicas} pods of {self.name}, one of them on {node}", one_there, 60)
        for number, allowed in enumerate(budgets):
            self._api.create(f"/apis/policy/v1/namespaces/{self.namespace}/poddisruptionbudgets", {
                "metadata": {"name": f"{self.name}-{number}"},
                "spec": {"maxUnavailable": allowed, "selector": {"matchLabels": {"app": self.name}}}})
            await_until("the budget's status", lambda: self._api.get(
                self._budget(number))["status"].get("currentHealthy") == self.replicas, 20)
        return pod

    def pods(self, gone=False):
        return self._observer.pods.newest(
            lambda pod: pod["metadata"]["namespace"] == self.namespace and
            pod["metadata"].get("labels", {}).get("app") == self.name, gone)


class Ending:
    """How a pod was told to end; None where it was not."""

    def __init__(self, observer, pod):
        self.gone = observer.pods.gone(pod["metadata"]["uid"])
        versions = [seen for seen in observer.pods.versions(pod["metadata"]["uid"])
                    if "deletionTimestamp" in seen.object["metadata"]]
        self.told = versions[0].when if versions else None
        if not versions:
            return
        first = versions[0].object
        self.grace = first["metadata"]["deletionGracePeriodSeconds"]
        # A pod that ends, or is ended by force, is told of once more with less.
        self.evicted = any(condition["type"] == "DisruptionTarget" and condition.get("reason") == OWN_EVICTION
                           for condition in first["status"].get("conditions", []))
