#!/usr/bin/env python3
"""The simulator held to the rig: each run of lost_requests.py again in `spotkeeper simulate`, with the same numbers.

    simulated.py [--recorded] [--json FOLDER] [--markdown FILE]

FOLDER: what lost_requests.py --json left (default: lost/ in $SPOTKEEPER_REPORTS, or where the suite leaves it).

Every run that is there is judged. As many requests must be lost simulated, in the mean of the seeds, within a quarter,
or three; nothing when nothing dies. Under the agent what a pod's death consists of must come in the same order and, in
the median, within a second, and so must the end of the first pod be asked for after the notice. What goes through the API may be
later by what a write to it took, at most, until it was heard of in that run (no more than two seconds); what a kubelet
does by itself is not late then. Three pods' deaths are measured by themselves, too, when nothing else happens,
which needs a rig that is up. The scenario of each run is written beside its figures, for
`spotkeeper simulate FILE --policy … --explain-deaths`.
"""
import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "simulated"), str(HERE / "lost"), str(HERE), str(HERE.parent / "rig")]

import losses  # noqa: E402
import times  # noqa: E402
from again import runs_in  # noqa: E402
from figures import left_by_the_suite  # noqa: E402
from scenario import SCENARIOS  # noqa: E402
from testing import check, markdown_table, verdict  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=pathlib.Path, metavar="FOLDER", default=left_by_the_suite())
    parser.add_argument("--recorded", action="store_true", help="no rig is up: without the pods that die by themselves")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE", help="where the tables go as well")
    return parser.parse_args()


def main():
    chosen = arguments()
    chosen.json.mkdir(parents=True, exist_ok=True)
    runs = runs_in(chosen.json)
    for name in SCENARIOS:
        check(f"({name}) has been run on the rig with the agent", any(
            run.name == f"({name}) ours" for run in runs), f"nothing in {chosen.json}: lost_requests.py leaves it")
    lost, dying = [losses.HEAD], [times.HEAD]
    if not chosen.recorded:
        dying.append(times.hold_quiet_deaths(chosen.json))
    for run in runs:
        reports = run.again()
        lost.append(losses.hold_losses(run, reports))
        if run.handler == "ours":
            dying.append(times.hold_deaths(run, reports))
    tables = markdown_table(lost) + "\n" + markdown_table(dying)
    print(tables, flush=True)
    if chosen.markdown:
        chosen.markdown.write_text(tables)
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
