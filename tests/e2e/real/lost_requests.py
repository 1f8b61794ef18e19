#!/usr/bin/env python3
"""Requests that are lost while Spot nodes die, with our agent and with controls, on real nodes under real traffic.

    lost_requests.py [--scenario a|b]… [--handler undisturbed|none|kubectl-drain|ours]… [--seconds N] [--markdown FILE]

Twelve replicas with a budget of 80 % and a preStop of 15 s; 100 requests a second of each of four kinds at once: on new
connections and on kept ones, through kube-proxy (l4) and through haproxy, which hears of endpoints as late as a cloud's
load balancer does (l7). The notice is 60 s. In the table times count from the notice; a dash: it did not happen.
"""
import argparse
import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "lost"), str(HERE), str(HERE.parent / "rig")]

from daemonset import living  # noqa: E402
from handlers import HANDLERS  # noqa: E402
from machine import Failed, await_until  # noqa: E402
from run import LEAD, NOTICE, SCENARIOS, Run  # noqa: E402
from state import State  # noqa: E402
from table import STREAMS, markdown  # noqa: E402
from testing import admin, check, must, verdict  # noqa: E402
from traffic import RATE  # noqa: E402

AFTER = 25  # seconds of traffic after the death
UNDISTURBED = 30


def judge(figures):
    name = f"({figures.scenario}) {figures.handler}"
    told = f"{dict(figures.classes)}, {dict(figures.pods)}"
    expected = 4 * RATE * figures.seconds
    check(f"{name}: the client sent what it was told to", figures.sent == expected and figures.unsent == 0,
          f"{figures.sent} of {expected}, {figures.unsent} unsent")
    check(f"{name}: no request was answered twice", figures.twice == 0, figures.twice)
    if figures.handler == "undisturbed":
        check(f"{name}: nothing is lost when nothing dies", figures.lost == 0, f"the rig is at fault: {told}")
    if figures.handler == "none":
        check(f"{name}: requests are lost when nobody acts", figures.lost > 0, "the rig is too weak")
    if figures.handler == "kubectl-drain":
        check(f"{name}: the nodes are cordoned", figures.cordon is not None)
    if figures.handler == "ours":
        for stream in STREAMS:
            lost = figures.streams[stream]["lost"]
            check(f"{name}: no request is lost, {stream}", lost == 0, f"{lost} lost: {told}")
        check(f"{name}: no pod is killed hard", figures.killed_hard == 0, figures.killed_hard)


def tell(figures):
    print(f"({figures.scenario}) {figures.handler}: {figures.lost} of {figures.sent} lost; load {figures.load}; the "
          f"client was late by {figures.client_lag_ms:.0f} ms at most")
    if figures.handler != "undisturbed":
        print(f"  the machines were dead {figures.kill_late:.1f} s after the end of the notice")
    for what, count in [*figures.classes.most_common(), *figures.pods.most_common()]:
        print(f"  {count} {what}")
    sys.stdout.flush()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", action="append", choices=SCENARIOS)
    parser.add_argument("--handler", action="append", choices=HANDLERS)
    parser.add_argument("--seconds", type=int, default=LEAD + NOTICE + AFTER, help="of traffic (default %(default)s)")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE", help="where the tables go as well")
    return parser.parse_args()


def clean_up(api):
    for node in living():
        must("stop", f"imds-{node['number']}")
    await_until("the end of the namespaces", lambda: not any(
        one["metadata"]["name"].startswith("lost-") for one in api.get("/api/v1/namespaces")["items"]), every=0.5)


def measure(state, api, scenario, names, seconds):
    """The figures of these handlers; a run that broke off has failed and gives none."""
    for name in names:
        length = min(seconds, UNDISTURBED) if name == "undisturbed" else seconds
        try:
            figures = Run(state, api, scenario, name, HANDLERS[name], length)()
        except (Failed, OSError, RuntimeError) as error:
            check(f"({scenario.name}) {name}: the run came to its end", False, error)
            continue
        tell(figures)
        judge(figures)
        yield figures


def main():
    chosen = arguments()
    state, api = State.default(), admin()
    if shutil.which("haproxy") is None:
        sys.exit("FAIL haproxy is not installed")
    tables = []
    try:
        for scenario in (SCENARIOS[name] for name in chosen.scenario or SCENARIOS):
            found = list(measure(state, api, scenario, chosen.handler or HANDLERS, chosen.seconds))
            tables.append(markdown(scenario, found))
            print(tables[-1], flush=True)
    finally:
        clean_up(api)
    if chosen.markdown:
        chosen.markdown.write_text("\n".join(tables))
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
