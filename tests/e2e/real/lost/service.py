"""The service under load: a Deployment of the web server with a budget, in a namespace of its own for each run."""
from cells import LABEL
from machine import await_until
from testing import kubectl, ready

LOGS = "web"  # a folder in the log folder of each node: what a server notes outlives its pod there


def from_field(path):
    return {"valueFrom": {"fieldRef": {"fieldPath": path}}}


def pod_template(scenario, cell):
    labels = {"app": "web"}
    ends = ["--abrupt"] if scenario.abrupt else ["--linger", f"{scenario.linger}s"]
    container = {
        "name": "web", "image": "docker.io/local/web-server:1", "imagePullPolicy": "Never",
        "args": [*ends, "--ready-after", f"{scenario.ready_after}s", "--log", "/log/$(POD_NAME).log"],
        "env": [{"name": "POD_NAME"} | from_field("metadata.name"),
                {"name": "POD_NAMESPACE"} | from_field("metadata.namespace"),
                {"name": "NODE_NAME"} | from_field("spec.nodeName")],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "timeoutSeconds": 5},
        "lifecycle": {"preStop": {"sleep": {"seconds": scenario.pre_stop}}},
        "volumeMounts": [{"name": "log", "mountPath": "/log"}]}
    spread = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
              "labelSelector": {"matchLabels": labels}}
    return {"metadata": {"labels": labels}, "spec": {
        "containers": [container], "dnsPolicy": "Default", "topologySpreadConstraints": [spread],
        "terminationGracePeriodSeconds": scenario.grace, "nodeSelector": {LABEL: cell.name},
        "securityContext": {"runAsUser": 0},
        "volumes": [{"name": "log", "hostPath": {"path": f"/var/log/{LOGS}", "type": "DirectoryOrCreate"}}]}}


class WebService:
    def __init__(self, api, namespace, scenario, cell):
        self._api, self.namespace = api, namespace
        self.scenario, self._cell = scenario, cell
        self.address = None  # the ClusterIP

    @property
    def pods_path(self):
        return f"/api/v1/namespaces/{self.namespace}/pods"

    def pods(self):
        return self._api.get(self.pods_path)["items"]

    def deploy(self):
        """Returns when all replicas are Ready."""
        api, namespace = self._api, self.namespace
        api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        await_until("the namespace's account", lambda: api.answers(
            f"/api/v1/namespaces/{namespace}/serviceaccounts/default"))
        selector = {"matchLabels": {"app": "web"}}
        api.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", {"metadata": {"name": "web"}, "spec": {
            "replicas": self.scenario.replicas, "selector": selector,
            "template": pod_template(self.scenario, self._cell)}})
        api.create(f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets", {
            "metadata": {"name": "web"}, "spec": {"minAvailable": self.scenario.budget, "selector": selector}})
        made = api.create(f"/api/v1/namespaces/{namespace}/services", {"metadata": {"name": "web"}, "spec": {
            "selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}})
        self.address = made["spec"]["clusterIP"]
        await_until("the replicas", lambda: sum(map(ready, self.pods())) == self.scenario.replicas, 120, every=0.5)

        def budget_stands():
            status = api.get(f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets/web")["status"]
            return status.get("currentHealthy", 0) == self.scenario.replicas

        await_until("the budget", budget_stands)

    def remove(self):
        # The namespace first: in one that ends nobody makes new pods, which would have their whole grace.
        kubectl("delete", "namespace", self.namespace, "--wait=false", "--ignore-not-found")
        kubectl("-n", self.namespace, "delete", "pods", "--all", "--force", "--grace-period=0", "--wait=false")
