#!/usr/bin/env bash
# What `make run` shows: a zone storm in a served world at ten times the speed, the real agent on every node.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=${SPOTKEEPER_BINARY:-$here/../../build/release/spotkeeper}
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$binary" simulate zone-storm --serve --agents --speed 10 --compare --output json --directory "$work" >"$work/report" 2>"$work/log"
code=$?
[ $code = 0 ] && [ -s "$work/report" ] || { echo "FAIL the served storm ended with $code: $(tail -n 3 "$work/log")"; exit 1; }

check() { # check SENTENCE EXPRESSION, over `none` and `kept` (the two reports)
  if python3 -c "
import json, sys
runs = {run['policy']: run for run in json.load(open(sys.argv[1]))['runs']}
none, kept = runs['none'], runs['spotkeeper']
sys.exit(0 if ($2) else 1)" "$work/report"; then echo "ok $1"; else echo "FAIL $1: $(cat "$work/report")"; failed=1; fi
}
check "without a handler requests are lost" "none['requests']['lost'] > 1000"
check "with the real agents none is lost on new connections" "kept['clients']['new']['lost'] == 0"
check "with the real agents none is lost on kept connections" "kept['clients']['kept']['lost'] == 0"
check "both runs sent requests on both kinds of connection" \
  "min(run['clients'][style]['sent'] for run in (none, kept) for style in ('new', 'kept')) > 100000"
check "a third of the machines was told to go" "kept['interruptions'] == 10"
check "no pod was killed hard" "kept['pods']['killed_hard'] == 0"
check "the budget was not overridden" "kept['budget_overrides'] == 0"
agents=$(ls "$work"/agent-*.log | wc -l)
if [ "$agents" = 30 ]; then echo "ok one agent process ran on each of 30 nodes"; else echo "FAIL $agents agents"; failed=1; fi
if pgrep -f -- "--kubeconfig $work/kubeconfig" >/dev/null; then echo "FAIL an agent outlived the world"; failed=1; else echo "ok no agent outlives the world"; fi
exit $failed
