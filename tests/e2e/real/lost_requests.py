#!/usr/bin/env python3
"""Requests that are lost while Spot nodes die, with our agent and with controls, on real nodes under real traffic.

    lost_requests.py [--full] [--scenario NAME]… [--handler NAME]… [--nth PATH] [--parallel N] [--rate N]
                     [--markdown FILE] [--json FOLDER]
    lost_requests.py --recorded [--scenario NAME]… [--handler NAME]… [--markdown FILE] [--json FOLDER]

What happens in each scenario: lost/scenario.py. Without a choice the agent runs in all of them and the controls in
(a) and (b); with --full every control runs in every scenario; both lists can be cut down by name. --nth takes AWS's handler,
which the user has built, as a further control. Runs share the cluster, --parallel of them at a time, each on four nodes
of its own.

Requests leave at --rate a second in each of four kinds at once: on new connections and on kept ones, through kube-proxy
(l4) and through haproxy, which hears of endpoints as late as a cloud's load balancer does (l7). In the tables times
count from the notice; a dash: it did not happen. --json is for one file of figures for each run (lost/figures.py);
without it they go to the folder lost in $SPOTKEEPER_REPORTS, if that is set. With --recorded nothing runs: what an
earlier one left there (default: where the suite leaves it) is judged and shown.
"""
import argparse
import collections
import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "lost"), str(HERE), str(HERE.parent / "rig")]

from cells import REGIONS, Cell, in_parallel  # noqa: E402
from figures import Figures, left_by_the_suite  # noqa: E402
from handlers import HANDLERS, AwsHandler  # noqa: E402
from judges import judge, minima  # noqa: E402
from machine import Failed  # noqa: E402
from run import Run  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from state import State  # noqa: E402
from table import markdown  # noqa: E402
from testing import admin, check, end_namespaces, verdict  # noqa: E402
from traffic import RuleWatch  # noqa: E402

CONTROLLED = ("a", "b")  # the scenarios in which controls run unless all are asked for
PARALLEL = 4
RATE = 25


def tell(figures):
    print(f"({figures.scenario}) {figures.handler}: {figures.lost} of {figures.sent} lost; load {figures.load}; the "
          f"client was late by {figures.client_lag_ms:.0f} ms at most")
    if figures.handler != "undisturbed":
        print(f"  after the notice a write to the API was heard of within {figures.api_late:.2f} s, later within "
              f"{figures.api_slowest:.2f} s; the machines were dead {figures.kill_late:.1f} s after its end")
    if figures.least is not None:
        print(f"  had to be lost: {minima(figures)}; by the same model with the start times that there were: "
              f"{figures.modelled:.1f}")
    for what, count in [*figures.classes.most_common(), *figures.losses.most_common()]:
        print(f"  {count} {what}")
    sys.stdout.flush()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", default=bool(os.environ.get("SPOTKEEPER_FULL")))
    parser.add_argument("--scenario", action="append", choices=SCENARIOS)
    parser.add_argument("--handler", action="append", choices=HANDLERS)
    parser.add_argument("--nth", type=pathlib.Path, metavar="PATH", default=os.environ.get("SPOTKEEPER_NTH"))
    parser.add_argument("--parallel", type=int, default=PARALLEL, choices=range(1, len(REGIONS) + 1), metavar="N")
    parser.add_argument("--rate", type=int, default=RATE, metavar="N")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE", help="where the tables go as well")
    parser.add_argument("--json", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--recorded", action="store_true", help="what an earlier run left")
    chosen = parser.parse_args()
    if not chosen.json and (chosen.recorded or os.environ.get("SPOTKEEPER_REPORTS")):
        chosen.json = left_by_the_suite()
    return chosen


def jobs_of(chosen):
    """(scenario, handler), those that take longest first."""
    jobs = []
    for scenario in (SCENARIOS[name] for name in chosen.scenario or SCENARIOS):
        for name in chosen.handler or HANDLERS:
            controlled = chosen.full or chosen.handler or scenario.name in CONTROLLED
            if (name == "ours" or controlled) and (name != "nth" or chosen.nth):
                jobs.append((scenario, name))
    return sorted(jobs, key=lambda job: -(job[0].seconds + 2 * job[0].ready_after) * (job[1] != "undisturbed"))


def clean_up(cells):
    api = admin()
    try:
        for cell in cells:
            cell.end(api)
        end_namespaces(api, "lost-")
    except Failed as error:
        check("the nodes and namespaces of the runs are taken away", False, error)


def show(found, file):
    """`found`: {scenario's name: {handler's name: figures}}"""
    tables = [markdown(scenario, [found[scenario.name][name] for name in HANDLERS if name in found[scenario.name]])
              for scenario in SCENARIOS.values() if found[scenario.name]]
    print("\n".join(tables), flush=True)
    if file:
        file.write_text("\n".join(tables))


def recorded(chosen):
    found = collections.defaultdict(dict)
    for path in sorted(chosen.json.glob("*.json")):
        scenario, figures = Figures.read(path)
        if scenario.name in (chosen.scenario or SCENARIOS) and figures.handler in (chosen.handler or HANDLERS):
            tell(figures)
            judge(scenario, figures)
            found[scenario.name][figures.handler] = figures
    check(f"{chosen.json} has figures of runs", found)
    show(found, chosen.markdown)
    return verdict()


def main():
    chosen = arguments()
    if chosen.recorded:
        return recorded(chosen)
    state = State.default()
    if shutil.which("haproxy") is None:
        sys.exit("FAIL haproxy is not installed")
    if chosen.nth:
        AwsHandler.path = pathlib.Path(chosen.nth).resolve(strict=True)
    jobs = jobs_of(chosen)
    cells = [Cell(state, index, chosen.parallel) for index in range(min(chosen.parallel, len(jobs)))]
    for name in {name for _, name in jobs}:
        HANDLERS[name].prepare()
    rules = RuleWatch(state, f"rules-{os.getpid()}")

    def measure(job, cell):
        scenario, name = job
        try:
            return scenario, name, Run(state, rules, scenario, name, HANDLERS[name], cell, chosen.rate)()
        except (Exception, SystemExit) as error:  # the others' figures are kept, whatever one run came to
            return scenario, name, error

    found = collections.defaultdict(dict)
    try:
        for scenario, name, figures in in_parallel(jobs, cells, measure):
            if isinstance(figures, BaseException):
                check(f"({scenario.name}) {name}: the run came to its end", False,
                      f"{type(figures).__name__}: {figures}")
                continue
            tell(figures)
            judge(scenario, figures)
            found[scenario.name][name] = figures
            if chosen.json:
                figures.write(chosen.json, scenario)
        show(found, chosen.markdown)
    finally:
        rules.end()
        clean_up(cells)
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
