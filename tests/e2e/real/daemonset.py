#!/usr/bin/env python3
"""The agent as it is shipped: deploy/agent.yaml with our image, on real nodes, with the rights that its manifest grants
and no others, scraped by Prometheus. A Spot notice of one node moves its pods while a budget is kept."""
import json
import os
import pathlib
import sys
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "rig"))

import prometheus  # noqa: E402
from machine import await_until  # noqa: E402
from state import State  # noqa: E402
from testing import (  # noqa: E402
    admin, check, check_settles, kubectl, must, ready, shipped_manifest, tell_metadata, verdict)

BINARY = os.environ["SPOTKEEPER_BINARY"]
AGENTS = "/api/v1/namespaces/kube-system/pods?labelSelector=app.kubernetes.io%2Fname%3Dspotkeeper"
WEB = "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb"
REPLICAS = 6

state = State.default()
api = admin()


def living():
    return [node for node in json.loads(must("status", "--json"))["nodes"] if node["alive"]]


def install():
    manifest = shipped_manifest().replace("image: spotkeeper:latest", "image: docker.io/local/spotkeeper:1")
    manifest = manifest.replace("imagePullPolicy: IfNotPresent", "imagePullPolicy: Never")
    done = kubectl("apply", "-f", "-", text_input=manifest)
    check("the API server takes the manifest", done.returncode == 0, done.stderr)
    names = {node["name"] for node in living()}
    check_settles("an agent is Ready on every node", lambda: {
        pod["spec"]["nodeName"] for pod in api.get(AGENTS)["items"] if ready(pod)} >= names,
        detail=lambda: kubectl("-n", "kube-system", "get", "pods").stdout)


def rights(rules):
    return {(group, resource, verb) for rule in rules for group in rule["apiGroups"]
            for resource in rule["resources"] for verb in rule["verbs"]}


def rights_of(account):
    """What the API server itself says."""
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": "kube-system"}}
    # Unvalidated: an account without rights could not read what a client validates by.
    said = kubectl("create", "--validate=false", "--filename=-", "--output=json",
                   f"--as=system:serviceaccount:kube-system:{account}", text_input=json.dumps(review))
    return rights(json.loads(said.stdout)["status"]["resourceRules"])


def check_rights():
    granted = rights(api.get("/apis/rbac.authorization.k8s.io/v1/clusterroles/spotkeeper-agent")["rules"])
    has = rights_of("spotkeeper-agent") - rights_of("any-account")
    check("its account may do what its manifest grants, and nothing else", has == granted and ("", "nodes", "patch") in has,
          sorted(has ^ granted))


def ask_prometheus(path, **parameters):
    url = f"{prometheus.ENDPOINT}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    return json.loads(urllib.request.urlopen(url, timeout=10).read())["data"]


def check_metrics():
    must("prometheus")
    names = {node["name"] for node in living()}

    def scraped():
        return {one["metric"]["node"] for one in ask_prometheus("query", query="up")["result"]
                if one["value"][1] == "1"} >= names

    check("Prometheus scrapes every agent", await_until("Prometheus", scraped, 30))
    rules = [rule for group in ask_prometheus("rules")["groups"] for rule in group["rules"]]
    await_until("the rules", lambda: all(
        rule["health"] != "unknown" for group in ask_prometheus("rules")["groups"] for rule in group["rules"]), 30)
    broken = [rule["name"] for rule in rules if rule["health"] == "err"]
    check("and evaluates the alert rules", rules and not broken, broken)


def deploy():
    labels = {"app": "web"}
    container = {
        "name": "web", "image": "docker.io/local/web-server:1", "imagePullPolicy": "Never", "args": ["--linger", "2s"],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1}}
    spread = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
              "labelSelector": {"matchLabels": labels}}
    pod = {"containers": [container], "dnsPolicy": "Default", "topologySpreadConstraints": [spread],
           "terminationGracePeriodSeconds": 10}
    api.create("/apis/apps/v1/namespaces/default/deployments", {"metadata": {"name": "web"}, "spec": {
        "replicas": REPLICAS, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod}}})
    api.create("/apis/policy/v1/namespaces/default/poddisruptionbudgets", {"metadata": {"name": "web"}, "spec": {
        "minAvailable": REPLICAS - 1, "selector": {"matchLabels": labels}}})
    await_until("the workload", lambda: sum(map(ready, api.get(WEB)["items"])) == REPLICAS)


def check_notice():
    victim = next(node for node in living() if any(
        pod["spec"]["nodeName"] == node["name"] for pod in api.get(WEB)["items"]))
    path = f"/api/v1/nodes/{victim['name']}"
    check("the metadata service takes a notice", tell_metadata(victim["number"], "notice terminate in 60s") == "ok")
    began = time.monotonic()
    await_until("the cordon", lambda: api.get(path)["spec"].get("unschedulable"), 30, every=0.02)
    print(f"notice to cordon: {time.monotonic() - began:.1f} s")
    check("the node is cordoned within five seconds", time.monotonic() - began < 5, time.monotonic() - began)
    fewest = REPLICAS

    def moved():
        nonlocal fewest
        pods = api.get(WEB)["items"]
        fewest = min(fewest, sum(map(ready, pods)))
        return all(pod["spec"].get("nodeName") != victim["name"] for pod in pods) and \
            sum(map(ready, pods)) == REPLICAS

    await_until("the drain", moved, 60, every=0.1)
    print(f"notice to the last pod moved: {time.monotonic() - began:.1f} s")
    check("its pods are served elsewhere before the machine ends", time.monotonic() - began < 60)
    check("the budget was kept", fewest >= REPLICAS - 1, fewest)
    must("node", "kill", victim["number"])
    return victim


def clean_up():
    api.delete("/apis/apps/v1/namespaces/default/deployments/web?propagationPolicy=Background")
    api.delete("/apis/policy/v1/namespaces/default/poddisruptionbudgets/web")
    kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", text_input=shipped_manifest())
    names = {node["name"] for node in living()}
    await_until("the end of the pods", lambda: not any(
        pod["spec"].get("nodeName") in names for path in (AGENTS, WEB) for pod in api.get(path)["items"]))
    for node in living():
        must("stop", f"imds-{node['number']}")
    must("stop", "prometheus")


def main():
    must("imds")
    must("image", BINARY, "spotkeeper")
    try:
        install()
        check_rights()
        check_metrics()
        deploy()
        check_notice()
    finally:
        clean_up()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
