"""The agent on a node of the test: in the node's network namespace, with the rights of deploy/agent.yaml and no others;
with its own options, or as NTH's chart would set it up."""
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import urllib.request

from machine import Failed, Process, await_until, children_of, start_time
from testing import must

BINARY = os.environ.get("SPOTKEEPER_BINARY", "spotkeeper")
WITH_EXIT_CODE = pathlib.Path(__file__).with_name("with-exit-code")
SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def migrate(values):
    """(exit code, document, standard error) of `spotkeeper migrate nth-values` for these values of NTH's chart."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(values, file)  # JSON is YAML
        file.flush()
        # Without the environment of the tests, whose variables are no options.
        done = subprocess.run([BINARY, "migrate", "nth-values", file.name, "-o", "json"],
                              capture_output=True, text=True, env={})
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def nth_manifest(values):
    """The objects that take the place of NTH's chart with these values."""
    code, document, problem = migrate(values)
    if code != 0:
        raise Failed(f"migrate nth-values: exit code {code}: {problem}")
    return document["manifest"]


def nth_setup(values, fields):
    """Arguments and environment of the container that takes the place of NTH's, as a kubelet would make them."""
    container = nth_manifest(values)[-1]["spec"]["template"]["spec"]["containers"][0]
    environment = {entry["name"]: entry["value"] if "value" in entry else fields[
        entry["valueFrom"]["fieldRef"]["fieldPath"]] for entry in container["env"]}
    return container["args"], environment


class Metrics:
    """A page of metrics."""

    def __init__(self, text):
        self.text = text
        self._series = {}
        for line in text.splitlines():
            match = SERIES.match(line)
            if match:
                labels = frozenset(LABEL.findall(match[2] or ""))
                self._series[match[1], labels] = float(match[3])

    def sum(self, name, **labels):
        """Of all series of the metric that have these labels."""
        return sum(value for (metric, has), value in self._series.items()
                   if metric == name and has >= set(labels.items()))


class Polls:
    """Of an agent whose metrics are served."""

    def polls(self):
        """How often it has asked for a Spot notice, whatever the answer."""
        return self.metrics().sum("spotkeeper_imds_answers_total", place="spot")

    def await_polls(self, more=2):
        """What would happen at the next look has happened when it has asked so often again."""
        wanted = self.polls() + more
        await_until(f"{more} more polls", lambda: self.polls() >= wanted, 10 + 2 * more)


class AgentProcess(Polls):
    def __init__(self, state, node, label, arguments, environment):
        """`node` as `rig status --json` tells of it."""
        self._state, self._node, self._label = state, node, label
        self._log = state.log / f"{label}.log"
        self._code = state.folder / f"{label}.code"
        self._from = self._log.stat().st_size if self._log.exists() else 0
        self._code.unlink(missing_ok=True)
        given = [f"{name}={value}" for name, value in environment.items()]
        must("start", node["number"], label, WITH_EXIT_CODE, self._code, "env", "-i", "PATH=/usr/bin:/bin", *given,
             BINARY, *arguments)

    @property
    def log(self):
        with open(self._log, errors="replace") as file:
            file.seek(self._from)
            return file.read()

    def await_answering(self, bound=15):
        """Until it has seen its Node and the metadata service."""
        await_until("the agent to be ready", lambda: self._page("readyz") is not None, bound,
                    alive=lambda: not self._code.exists())

    def _page(self, path, port=9464):
        try:
            with urllib.request.urlopen(f"http://{self._node['address']}:{port}/{path}", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def metrics(self, port=9464):
        page = self._page("metrics", port)
        if page is None:
            raise Failed(f"the agent's metrics are not served at port {port}")
        return Metrics(page)

    def signal(self, number):
        for process in self._processes():
            process.signal(number)

    def _processes(self):
        """The agent alone, without what entered the node and notes its end."""
        started = self._state.living(self._label)
        found, look = [], [started.pid] if started else []
        while look:
            pid = look.pop()
            look += children_of(pid)
            if os.path.basename(_executable(pid)) == os.path.basename(BINARY):
                found.append(Process(pid, start_time(pid)))
        return found

    def anonymous_kib(self):
        """Its resident memory but for pages of files, which come as the program reaches more of itself."""
        with open(f"/proc/{self._processes()[0].pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))

    def ended(self):
        return self._code.exists() and self._code.read_text().strip() != ""

    def await_end(self, bound):
        """Its exit code."""
        await_until("the agent's end", self.ended, bound)
        return int(self._code.read_text())

    def end(self, bound=10):
        """SIGTERM, and its exit code."""
        self.signal(signal.SIGTERM)
        return self.await_end(bound)

    def kill(self):
        if not self.ended():
            self.signal(signal.SIGKILL)
            await_until("the agent's death", self.ended, 10)


def _executable(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""
