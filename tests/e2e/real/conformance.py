#!/usr/bin/env python3
"""The agent on real nodes, held to what AWS's Node Termination Handler is tested for, and to what its tests leave out.

    conformance.py [--only PATTERN]… [--mode compat|own] [--nodes N]     on a rig that is up
    conformance.py --table                                               the table of docs/conformance.md, and the end

NTH's end-to-end scenarios keep their numbers. Each is run twice: as NTH (`--compat=nth`, set up from the values that
NTH's script gives to its chart) and with our own options. A line of the output is one test in one of the two.
"""
import argparse
import pathlib
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "conform"), str(HERE.parent / "rig")]

import catalogue  # noqa: E402
from catalogue import BOTH, NOT_YET, NTH_NAMES, TESTS  # noqa: E402


def load():
    """The tests put themselves into the catalogue."""
    for file in sorted((HERE / "conform").glob("nth_*.py")) + sorted((HERE / "conform").glob("beyond_*.py")):
        __import__(file.stem)


def check_table():
    from state import REPOSITORY
    from testing import check
    page = (REPOSITORY / "docs/conformance.md").read_text()
    check("docs/conformance.md has the table of these tests", catalogue.table() in page,
          "tests/e2e/real/conformance.py --table prints it")
    known = {test.number for test in TESTS if test.number}
    check("every number of NTH's list is a test, or said to be missing", known | set(NOT_YET) == set(NTH_NAMES),
          sorted(set(NTH_NAMES) - known - set(NOT_YET)))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", help="tests whose number is this, or whose name has it")
    parser.add_argument("--mode", choices=BOTH)
    parser.add_argument("--nodes", type=int, default=5, help="how many tests run at a time (default %(default)s)")
    parser.add_argument("--table", action="store_true")
    return parser.parse_args()


def wanted(test, only):
    return not only or any(word == str(test.number) or not word.isdigit() and word in test.name for word in only)


def judge(test, mode, seconds, case):
    from testing import check
    mark = f"{case.latency:.2f} s to the mark, " if case.latency is not None else ""
    what = f"{test} [{mode}]"
    held = f"{what}: {case.checks} assertions, {mark}{seconds:.0f} s on {case.node['name']}"
    check(held if not case.problems else what, not case.problems, "; ".join(case.problems))


def main():
    load()
    chosen = arguments()
    if chosen.table:
        print(catalogue.table(), end="")
        return 0
    from test_nodes import TestNodes
    from state import State
    from testing import verdict
    began = time.monotonic()
    jobs = [(test, mode) for test in TESTS if wanted(test, chosen.only)
            for mode in test.modes if chosen.mode in (None, mode)]
    if not chosen.only:
        check_table()
    with TestNodes(State.default(), chosen.nodes) as nodes:
        figures = []
        for result in nodes.run(jobs):
            judge(*result)
            figures += result[-1].prompt
    if not chosen.only:
        for number in NOT_YET:
            print(f"not yet: {number} {NTH_NAMES[number]} (queue: needs the controller)")
    if figures:
        print(f"from a Spot notice or a like one to the mark, undisturbed: {statistics.median(figures):.2f} s in the "
              f"median, {max(figures):.2f} s at most, of {len(figures)}")
    print(f"{len(jobs)} tests in {time.monotonic() - began:.0f} s")
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
