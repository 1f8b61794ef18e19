#!/usr/bin/env python3
"""In the place of AWS Node Termination Handler: the chart's values become a manifest, which a real kube-apiserver takes, and
whose environment makes an agent of a served world drain a node with NTH's taint, labels, events, metrics, probe and webhook."""
import http.server
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.path.abspath(os.environ.get("SPOTKEEPER_BINARY") or os.path.join(HERE, "../../build/release/spotkeeper"))
SPEED = 4
SCENARIO = """scenario: replaced
description: one node goes
duration: 4m
cluster:
  nodes:
    - {count: 3, name: node, zone: us-east-1a, type: m5.large}
workloads:
  - {name: web, replicas: 3, requests: {cpu: 500m, memory: 512Mi}, start: 1s, ready-after: 2s, probe-period: 1s, grace: 10s}
services:
  - {name: web}
load:
  - {service: web, rate: 5, kept: 50%, time-limit: 10s}
events:
  - {at: 40s, notice: spot, nodes: [node-1], deadline: 120s}
"""
VALUES = """taintNode: true
excludeFromLoadBalancers: true
emitKubernetesEvents: true
kubernetesEventsExtraAnnotations: team=web
enablePrometheusServer: true
prometheusServerPort: %(metrics)d
enableProbesServer: true
probes:
  httpGet: {path: /livez, port: %(probes)d}
webhookURL: http://127.0.0.1:%(webhook)d/hook
webhookHeaders: '{"Content-type":"application/json","X-Team":"web"}'
podTerminationGracePeriod: 8
useHostNetwork: true
image: {tag: v1.25.6}
extraEnv: [{name: SPOTKEEPER_LISTEN, value: "127.0.0.1:0"}]
"""
failed = 0
posts = []


def check(sentence, holds, detail=""):
    global failed
    print(f"ok {sentence}" if holds else f"FAIL {sentence}: {detail}", flush=True)
    failed += not holds


class Inbox(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        posts.append((self.headers["X-Team"], json.loads(body)["text"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def page(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError) as problem:
        return f"no answer: {problem}"


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=120, **options)


class Api:
    """The API server of a kubeconfig."""

    def __init__(self, kubectl, kubeconfig):
        self.command = [kubectl, "--kubeconfig", kubeconfig]

    def get(self, path):
        answer = run(*self.command, "get", "--raw", path)
        return json.loads(answer.stdout) if answer.returncode == 0 else {"items": [], "problem": answer.stderr}


def check_manifest(peers, manifest, work):
    """The text that is printed, given to a real kube-apiserver."""
    server = os.path.join(work, "server")
    real = os.path.join(HERE, "kube/real-apiserver")
    up = run(real, "up", server)
    try:
        check("kube-apiserver starts", up.returncode == 0, up.stderr)
        taken = run(os.path.join(peers, "kubectl"), "--kubeconfig", os.path.join(server, "kubeconfig"), "create",
                    "--validate=strict", "-f", "-", input=manifest)
        created = [line.split(" ")[0] for line in taken.stdout.splitlines()]
        check("a real kube-apiserver takes the manifest, every field known", created ==
              ["serviceaccount/spotkeeper-agent", "clusterrole.rbac.authorization.k8s.io/spotkeeper-agent",
               "clusterrolebinding.rbac.authorization.k8s.io/spotkeeper-agent", "daemonset.apps/spotkeeper-agent"],
              taken.stdout + taken.stderr)
    finally:
        run(real, "down", server)


def environment_of(container, node):
    """As a kubelet makes it of the manifest."""
    fields = {"spec.nodeName": node, "metadata.name": "spotkeeper-agent-x", "metadata.namespace": "kube-system"}
    return {entry["name"]: entry["value"] if "value" in entry else fields[entry["valueFrom"]["fieldRef"]["fieldPath"]]
            for entry in container["env"]}


def flag_of(command, name):
    return command[command.index(name) + 1]


def drain(peers, container, ports, work):
    scenario = os.path.join(work, "replaced.yaml")
    with open(scenario, "w") as file:
        file.write(SCENARIO)
    directory = os.path.join(work, "world")
    log = open(os.path.join(work, "agent.log"), "w+")
    world = subprocess.Popen([BINARY, "simulate", scenario, "--serve", "--keep", "--speed", str(SPEED), "--directory",
                              directory], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    agent = None
    try:
        agents = os.path.join(directory, "agents")
        wait_for(lambda: os.path.exists(agents) and "node-1\t" in open(agents).read())
        _, metadata, kubeconfig, line = next(
            entry for entry in open(agents).read().splitlines() if entry.startswith("node-1\t")).split("\t")
        command = line.split(" ")
        environment = {**os.environ, **environment_of(container, "node-1"),
                       "INSTANCE_METADATA_URL": metadata, "SPOTKEEPER_KUBECONFIG": kubeconfig,
                       "SPOTKEEPER_CLOCK_EPOCH": flag_of(command, "--clock-epoch"),
                       "SPOTKEEPER_CLOCK_ORIGIN": flag_of(command, "--clock-origin"),
                       "SPOTKEEPER_CLOCK_RATE": flag_of(command, "--clock-rate")}
        agent = subprocess.Popen([BINARY, *container["args"]], env=environment, stdout=subprocess.DEVNULL, stderr=log)
        api = Api(os.path.join(peers, "kubectl"), kubeconfig)
        probe = f"http://127.0.0.1:{ports['probes']}/livez"
        wait_for(lambda: page(probe) == '{"health":"OK"}', 30)
        check("NTH's probe answers at its port and path", page(probe) == '{"health":"OK"}', page(probe))
        marked = wait_for(lambda: api.get("/api/v1/nodes/node-1").get("spec", {}).get("unschedulable"))
        node = api.get("/api/v1/nodes/node-1")
        check("the node is cordoned", marked, open(log.name).read()[-2000:])
        taints = {taint["key"]: taint for taint in node["spec"].get("taints", [])}
        taint = taints.get("aws-node-termination-handler/spot-itn", {})
        check("it has NTH's taint", taint.get("effect") == "NoSchedule" and taint.get("value", "").startswith("spot-"),
              taints)
        check("and none of ours", not any(key.startswith("spotkeeper") for key in taints), taints)
        wait_for(lambda: posts)
        check("the webhook is posted once, with its header and NTH's default text", len(posts) == 1 and
              posts[0][0] == "web" and posts[0][1].startswith("[NTH][Instance Interruption] EventID: spot-") and
              " - Kind: SPOT_ITN - Instance: i-" in posts[0][1] and " - Node: node-1 - " in posts[0][1], posts)
        node = api.get("/api/v1/nodes/node-1")
        check("NTH's label keeps the node out of load balancers", node["metadata"]["labels"].get(
            "node.kubernetes.io/exclude-from-external-load-balancers") == "aws-node-termination-handler",
            node["metadata"]["labels"])
        pods = [pod["metadata"]["name"] for pod in api.get("/api/v1/pods")["items"]
                if pod["spec"].get("nodeName") == "node-1"]
        check("no pod is left on the node", pods == [], pods)
        check_metrics(page(f"http://127.0.0.1:{ports['metrics']}/metrics"))
        check("metrics and probe are at both ports", "actions_total{" in page(f"http://127.0.0.1:{ports['probes']}/metrics")
              and "OK" in page(f"http://127.0.0.1:{ports['metrics']}/livez"))
        check_events(api)
    finally:
        for process in (agent, world):
            if process is not None:
                process.terminate()
                process.wait()
        log.close()


def check_metrics(text):
    scope = 'otel_scope_name="aws.node.termination.handler",otel_scope_version=""'
    for action in ("pre-drain", "cordon-and-drain"):
        check(f"actions_total counts {action}",
              f'actions_total{{node_action="{action}",node_status="success",{scope}}} 1\n' in text,
              [line for line in text.splitlines() if line.startswith("actions_")] or text[:300])
    check("our own metrics are beside it", 'spotkeeper_node_marks_total{kind="kill"} 1\n' in text)


def check_events(api):
    wanted = {"SpotInterruption", "PreDrain", "PodEviction", "CordonAndDrain"}

    def ours():
        return [event for event in api.get("/apis/events.k8s.io/v1/events")["items"]
                if event.get("reportingController") == "aws-node-termination-handler"]

    wait_for(lambda: wanted <= {event["reason"] for event in ours()}, 20)
    events = ours()
    check("the events have NTH's name and reasons", {event["reason"] for event in events} == wanted,
          [event["reason"] for event in events])
    on_node = [event for event in events if event["regarding"]["kind"] == "Node"]
    annotations = on_node[0]["metadata"].get("annotations", {}) if on_node else {}
    check("and its annotations, with those that are set", annotations.get("team") == "web" and
          annotations.get("instance-id", "").startswith("i-") and annotations.get("availability-zone") == "us-east-1a",
          annotations)


def shown_in(document):
    """The commands of its examples, each with the lines that it is said to print."""
    examples = []
    for block in document.split("```console\n")[1:]:
        for line in block.split("```")[0].splitlines():
            if line.startswith("$ "):
                examples.append((line[2:], []))
            else:
                examples[-1][1].append(line)
    return examples


def check_document(work):
    """What docs/nth.md shows is what is printed; "…" stands for what is left out."""
    folder = os.path.join(work, "document")
    os.makedirs(os.path.join(folder, "bin"))
    os.symlink(BINARY, os.path.join(folder, "bin/spotkeeper"))
    environment = {**os.environ, "PATH": os.path.join(folder, "bin") + ":" + os.environ["PATH"]}
    with open(os.path.join(HERE, "../../docs/nth.md")) as file:
        examples = shown_in(file.read())
    check("docs/nth.md shows both commands", {"spotkeeper migrate", "spotkeeper agent"} <=
          {f"spotkeeper {word}" for command, _ in examples for word in ("migrate", "agent") if f"r {word}" in command})
    for command, lines in examples:
        if command.startswith("helm"):
            continue
        if command == "cat values.yaml":
            with open(os.path.join(folder, "values.yaml"), "w") as file:
                file.write("\n".join(lines) + "\n")
            continue
        said = run("bash", "-c", command, cwd=folder, env=environment)
        rest = (said.stdout + said.stderr).splitlines()
        missing = []
        loose = False  # after a line that stands for others
        for line in lines:
            if line == "…":
                loose = True
                continue
            tail = line[2:] if line.startswith("… ") else line
            at = next((i for i, got in enumerate(rest) if got == line or (tail != line and got.endswith(tail))), None)
            if at is None or (at > 0 and not loose):
                missing.append(line)
                break
            rest = rest[at + 1:]
            loose = False
        check(f"docs/nth.md tells what `{command}` prints", not missing and (loose or not rest), missing or rest)


def main():
    peers = os.environ.get("SPOTKEEPER_PEERS_BIN") or run(os.path.join(HERE, "../../scripts/build-test-peers"), "--test").stdout.split()[-1]
    inbox = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Inbox)
    threading.Thread(target=inbox.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as work:
        ports = {"metrics": free_port(), "probes": free_port(), "webhook": inbox.server_address[1]}
        values = os.path.join(work, "values.yaml")
        with open(values, "w") as file:
            file.write(VALUES % ports)
        printed = run(BINARY, "migrate", "nth-values", values)
        check("the values become a manifest", printed.returncode == 0, printed.stderr)
        check("what changes is told beside it", printed.stderr.startswith("What changes:\n"), printed.stderr)
        check("what has no effect is named with its line", f"{values}:14:9: image.tag: no effect: " in printed.stderr,
              printed.stderr)
        document = json.loads(run(BINARY, "migrate", "nth-values", values, "-o", "json").stdout)
        container = document["manifest"][-1]["spec"]["template"]["spec"]["containers"][0]
        check("it runs in NTH's mode", container["args"] == ["agent", "--compat=nth"], container["args"])
        check_document(work)
        check_manifest(peers, printed.stdout, work)
        drain(peers, container, ports, work)
        inbox.shutdown()
        with open(values, "a") as file:
            file.write("deleteLocalDataOnDrain: true\n")
        wrong = run(BINARY, "migrate", "nth-values", values)
        check("a key that the chart has not is named with the nearest", wrong.returncode == 2 and wrong.stderr ==
              f"{values}:16:1: deleteLocalDataOnDrain: the chart has no such value; did you mean 'deleteLocalData'?\n",
              wrong.stderr)
        refused = run(BINARY, "agent", "--compat=nth", env={**os.environ, "NODE_NAME": "n",
                                                           "ENABLE_SQS_TERMINATION_DRAINING": "true"})
        bare = run(BINARY, env={**os.environ, "SPOTKEEPER_COMPAT": "nth", "NODE_NAME": "n", "TAINT_NODE": "yes"})
        check("without arguments it is NTH where the environment says so", bare.returncode == 2 and
              bare.stderr.startswith("TAINT_NODE: 'yes' is neither true nor false\n"), bare.stderr)
        check("queue mode ends the start by its name", refused.returncode == 2 and
              "ENABLE_SQS_TERMINATION_DRAINING=true: not supported: queue mode" in refused.stderr, refused.stderr)
    sys.exit(1 if failed else 0)


main()
