#!/usr/bin/env python3
"""What the agent takes of a real node, and how soon it cordons one; and the same for AWS's handler, where it is given.

    agent.py [--needs] [--idle SECONDS] [--notices N] [--nth PATH] [--markdown FILE]

Memory and processor time are those of the handler's process on four nodes on which nothing happens for --idle seconds
(600); the median of the four is told. Then notices come, 50 in all, each at a moment of its own in the handler's period,
and the time until the API server tells of the cordon is taken. After each the node is put back and the handler begins
anew. Needs a rig that is up, SPOTKEEPER_BINARY and SPOTKEEPER_TOOLS; `scripts/e2e bench` sees to that. --needs only
says what is wrong with the options, and what the machine lacks, if anything.
"""
import argparse
import os
import pathlib
import random
import statistics
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "real/lost"), str(HERE.parent / "real"), str(HERE.parent / "rig")]

from cells import SIZE, Cell  # noqa: E402
from clock import end_watches, wait_until  # noqa: E402
from figures import load_now  # noqa: E402
from handlers import HANDLERS, AwsHandler  # noqa: E402
from machine import await_until  # noqa: E402
from state import State  # noqa: E402
from testing import admin, markdown_table, rig, tell_metadata  # noqa: E402
from watch import Watch  # noqa: E402

SETTLED = 30  # seconds after its start, from when processor time counts
PERIOD = 2.0  # seconds: no handler asks less often
MIB = 1024.0  # of /proc's kB
HEAD = ("handler", "resident", "anonymous", "at its peak", "of a core", "notices", "notice → cordon, median", "at most",
        "machine's load")


def process_of(name, program):
    """The handler's process on a node."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            comm = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            given = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if comm == program[:15] and f"NODE_NAME={name}".encode() in given:
            return int(pid)
    return None


def memory(pid):
    """VmRSS, RssAnon, VmHWM, in MiB."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return [int(fields[key].split()[0]) / MIB for key in ("VmRSS", "RssAnon", "VmHWM")]


def processor(pid):
    """Seconds."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Cordons:
    """When the API server told of each node's cordon."""

    def __init__(self, api):
        self._times = {}
        self._watch = Watch(api, "/api/v1/nodes", self._heard)

    def _heard(self, when, kind, node):
        name = node["metadata"]["name"]
        if not node["spec"].get("unschedulable"):
            self._times.pop(name, None)
        elif kind != "DELETED":
            self._times.setdefault(name, when)

    def of(self, name):
        return self._times.get(name)

    def end(self):
        end_watches([self._watch])


def idle(cell, program, seconds):
    """Medians over the nodes: resident, anonymous and peak memory in MiB, and the share of a core."""
    began = time.time()
    pids = [process_of(name, program) for name in cell.node_names]
    wait_until(began + min(SETTLED, seconds / 2))
    used, since = [processor(pid) for pid in pids], time.time()
    wait_until(began + seconds)
    shares = [(processor(pid) - before) / (time.time() - since) for pid, before in zip(pids, used)]
    figures = zip(*map(memory, pids))
    return [*map(statistics.median, figures), statistics.median(shares)]


def restore(api, cell):
    """The nodes as they were before a notice."""
    for number, name in zip(cell.numbers, cell.node_names):
        tell_metadata(number, "reset")
        metadata = api.get(f"/api/v1/nodes/{name}")["metadata"]
        marks = {kind: {key: None for key in metadata.get(kind, {}) if "spotkeeper" in key or "termination" in key or
                        "exclude-from-external" in key} for kind in ("labels", "annotations")}
        api.merge(f"/api/v1/nodes/{name}", {"metadata": marks, "spec": {"unschedulable": None, "taints": None}})


def notice_to_cordon(api, cell, handler, count):
    """Seconds, of each notice."""
    cordons, took = Cordons(api), []
    chance = random.Random(1)
    try:
        while len(took) < count:
            begin = time.time()
            moments = [begin + chance.uniform(0, PERIOD) for _ in cell.numbers]
            given = [None] * len(moments)

            def give(index, number, moments=moments, given=given):
                wait_until(moments[index])
                given[index] = time.time()
                tell_metadata(number, "notice terminate in 120s")

            threads = [threading.Thread(target=give, args=one) for one in enumerate(cell.numbers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            await_until("the cordons", lambda: all(map(cordons.of, cell.node_names)), 60)
            took += [cordons.of(name) - when for name, when in zip(cell.node_names, given)]
            handler.again(lambda: restore(api, cell))
            await_until("nodes without a cordon", lambda: not any(map(cordons.of, cell.node_names)), 20)
    finally:
        cordons.end()
    return took[:count]


def measure(state, api, cell, name, chosen):
    handler = HANDLERS[name](state, api, cell, f"bench-{name}-{os.getpid()}")
    handler.prepare()
    before = load_now()
    handler.begin()
    try:
        program = "spotkeeper" if name == "ours" else AwsHandler.path.name
        resident, anonymous, peak, share = idle(cell, program, chosen.idle)
        print(f"{name}, idle: {resident:.1f} MiB resident, {anonymous:.1f} anonymous, {peak:.1f} at its peak, "
              f"{100 * share:.2f} % of a core", file=sys.stderr, flush=True)
        took = sorted(notice_to_cordon(api, cell, handler, chosen.notices))
    finally:
        handler.end()
    return (name, f"{resident:.1f} MiB", f"{anonymous:.1f} MiB", f"{peak:.1f} MiB", f"{100 * share:.2f} %",
            str(len(took)), f"{statistics.median(took):.2f} s", f"{took[-1]:.2f} s", f"{before}, {load_now()}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=int, default=600)
    parser.add_argument("--notices", type=int, default=50)
    parser.add_argument("--nth", type=pathlib.Path)
    parser.add_argument("--markdown", type=pathlib.Path)
    parser.add_argument("--needs", action="store_true")
    chosen = parser.parse_args()
    if chosen.nth and not os.access(chosen.nth, os.X_OK):
        parser.error(f"--nth: {chosen.nth} can't be executed")
    return chosen


def main():
    chosen = arguments()
    if chosen.needs:
        lacking = rig("needs", "--nodes", SIZE + 1)
        print(lacking.stderr, end="", file=sys.stderr)
        return lacking.returncode
    state, api = State.default(), admin()
    names = ["ours"]
    if chosen.nth:
        AwsHandler.path = chosen.nth.resolve(strict=True)
        names.append("nth")
    rows = [HEAD]
    cell = Cell(state, 0, 1)
    try:
        for name in names:
            cell.replenish(api)
            assert len(cell.numbers) == SIZE
            rows.append(measure(state, api, cell, name, chosen))
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    finally:
        cell.end(api)
    table = markdown_table(rows)
    print(table, end="")
    if chosen.markdown:
        chosen.markdown.write_text(table)


if __name__ == "__main__":
    sys.exit(main())
