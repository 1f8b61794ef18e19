"""What sends the requests, and the two ways they take: kube-proxy, and haproxy behind a slow controller."""
import json
import os
import pathlib
import re

from machine import Failed, await_until, run
from testing import must

LONG_RATE = 1  # long requests a second, of each style on each path
GRACE_OF_LONG = 10  # seconds more than it takes, until a long request counts as lost
KEPT = 24  # connections of each stream that keeps some
SLOTS = 64
SEED = 7  # of the balancer's delays: with every handler the first, second, … pod that leaves has the same
# Apart from the clients' (cells.py): connection tracking knows both.
OTHER_PORTS = "50000 60999"
STAMPS = pathlib.Path(__file__).with_name("stamp_lines.py")


def tool(name):
    return os.path.join(os.environ["SPOTKEEPER_TOOLS"], name)


def in_client(*command):
    return ["nsenter", "--net=/run/netns/sk-client", "--", *command]


class Traffic:
    def __init__(self, state, service, cell, rate):
        self._state, self._service, self._cell, self._rate = state, service, cell, rate
        self._scenario = service.scenario
        name = service.namespace
        self._labels = {part: f"{part}-{name}" for part in ("haproxy", "feeder", "client")}
        self.feed_log = state.log / f"feed-{name}.jsonl"
        self.balancer_log = state.log / f"{self._labels['haproxy']}.log"
        self._client_log = state.log / f"{self._labels['client']}.log"
        self._report = state.log / f"report-{name}.json"
        self._socket = state.folder / f"haproxy-{name}.sock"

    def prepare(self):
        """Returns when both ways lead to every replica."""
        run(*in_client("sysctl", "-q", "-w", f"net.ipv4.ip_local_port_range={OTHER_PORTS}"))
        configuration = self._state.folder / f"haproxy-{self._service.namespace}.cfg"
        balancer = ["--socket", self._socket, "--slots", SLOTS]
        configuration.write_text(run(tool("endpoint_feeder"), "--print-config", *balancer, "--bind", self._cell.balancer))
        must("start", "client", self._labels["haproxy"], "haproxy", "-db", "-f", configuration)
        await_until("haproxy", self._socket.exists, 20)
        must("start", "client", self._labels["feeder"], tool("endpoint_feeder"), "--kubeconfig", self._state.admin,
             "--namespace", self._service.namespace, "--service", "web", *balancer, "--seed", SEED,
             "--log", self.feed_log)
        await_until("the balancer's endpoints", lambda: len(self.fed()) == self._scenario.replicas, 30, every=0.2)
        await_until("kube-proxy's endpoints", lambda: len(self._proxied()) == self._scenario.replicas, 30, every=0.2)

    def _proxied(self):
        rules = run(*in_client("nft", "list", "table", "ip", "kube-proxy"))
        return set(re.findall(rf"goto endpoint-\w+-{self._service.namespace}/web/tcp/http__([\d.]+)/", rules))

    def fed(self):
        """What the balancer was told: (time, "added" or "removed", pod), oldest first."""
        if not self.feed_log.exists():
            return []
        events = [json.loads(line) for line in self.feed_log.read_text().splitlines() if line.endswith("}")]
        return [(event["time"], event["change"], event["pod"]) for event in events if event["event"] == "applied"]

    def send(self, seconds):
        """Returns when the first requests leave."""
        targets, long = [], self._scenario.long_requests
        for name, where in (("l4", self._service.address), ("l7", self._cell.balancer)):
            targets += ["--target", f"name={name},url=http://{where},rate={self._rate},style=both,kept={KEPT}"]
            if long:
                targets += ["--target", f"name={name}-long,url=http://{where},rate={LONG_RATE},style=both,"
                            f"takes={long}s,deadline={long + GRACE_OF_LONG}s,kept={2 * long * LONG_RATE}"]
        must("start", "client", self._labels["client"], tool("web_client"), *targets, "--for", f"{seconds}s",
             "--run", self._service.namespace, "--source-ports", "{}-{}".format(*self._cell.ports),
             "--first-port", self._cell.next_port, "--report", self._report)
        await_until("the client", lambda: "sending since" in self._client_log.read_text(), 10)

    def expected(self, seconds):
        """How many requests that makes."""
        return 4 * (self._rate + (LONG_RATE if self._scenario.long_requests else 0)) * seconds

    def report(self, bound):
        """The client's report (tools/web_client/report.h), when it is over."""
        client = self._state.living(self._labels["client"])
        await_until("the client's end", lambda: client is None or not client.alive(), bound, every=0.2)
        report = json.loads(self._report.read_text())
        self._cell.next_port = report["source_ports"]["next"]
        return report

    def balanced_to(self):
        """Request id to "address:port": to whom haproxy has sent those that went wrong."""
        found = {}
        for line in self.balancer_log.read_text(errors="replace").splitlines():
            words = line.split()
            if len(words) == 4 and words[0].startswith(self._service.namespace + "-"):
                found[words[0]] = words[1]
        return found

    def end(self):
        for label in ("client", "feeder", "haproxy"):
            must("stop", self._labels[label])


class RuleWatch:
    """When the client's kube-proxy put which endpoints into the rules of which service. One for all runs; a process of the
    rig's, so that `rig down` ends it whatever became of us."""

    def __init__(self, state, label):
        self._state, self._label = state, label
        self._path = state.log / f"{label}.log"
        must("start", "client", label, "python3", STAMPS, "nft", "monitor")
        self._process = state.living(label)

    def end(self):
        must("stop", self._label)

    def changes(self, namespace):
        """Address to [(time, it is there)], oldest first, of the rule that spreads the service's connections. A service that
        has no endpoint any more is refused by its address; its old rule stays a while, and nothing leads to it."""
        pattern = re.compile(rf"endpoint-\w+-{namespace}/web/tcp/http__([\d.]+)/")
        rule = re.compile(rf"add rule ip kube-proxy service-\w+-{namespace}/web/tcp/http ")
        none_left = re.compile(rf"add element ip kube-proxy no-endpoint-services .*\"{namespace}/web:")
        # Else silence would mean nothing.
        if self._process is None or not self._process.alive():
            raise Failed(f"nobody hears of kube-proxy's rules any more: {self._state.tail(self._label, 1)}")
        before, found = set(), {}
        for line in self._path.read_text(errors="replace").splitlines():
            when, _, what = line.partition(" ")
            if not rule.match(what) and not none_left.match(what):
                continue
            there = set(pattern.findall(what))
            for address in there ^ before:
                found.setdefault(address, []).append((float(when), address in there))
            before = there
        return found
