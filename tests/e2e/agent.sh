#!/usr/bin/env bash
# The agent's own process: what it holds and how fast it is (the short form of scripts/measure-agent), and that SIGTERM
# does not end a drain half-way.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=${SPOTKEEPER_BINARY:-$here/../../build/release/spotkeeper}
failed=0
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -INT "$pid" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

check() { # check SENTENCE COMMAND…
  local sentence=$1
  shift
  if "$@" >"$work/said" 2>&1; then echo "ok $sentence"; else echo "FAIL $sentence: $(cat "$work/said")"; failed=1; fi
}

check "the agent holds at most 6 MiB, is idle when nothing happens, and cordons nine times of ten within a poll and 100 ms" \
  "$here/../../scripts/measure-agent" --idle 45 --notices 12 --share 90 "$binary"

# SIGTERM in mid-drain. A budget that allows nothing: the pod is deleted at its last safe start, which is far off.
cat >"$work/blocked.yaml" <<'YAML'
scenario: blocked
description: one node goes, and a budget stands against it until the last safe start
duration: 5m
cluster:
  nodes:
    - {count: 3, name: node, zone: us-east-1a, type: m5.large}
workloads:
  - {name: web, replicas: 3, requests: {cpu: 500m, memory: 512Mi}, start: 2s, ready-after: 8s, probe-period: 5s, grace: 30s}
services:
  - {name: web}
budgets:
  - {name: web, max-unavailable: 0}
load:
  - {service: web, rate: 10, kept: 50%, time-limit: 10s}
events:
  - {at: 5s, notice: spot, nodes: [node-1], deadline: 120s}
YAML
"$binary" simulate "$work/blocked.yaml" --serve --agents --keep --speed 10 --directory "$work/run" >"$work/out" 2>&1 &
pid=$!
log=$work/run/agent-node-1.log
within() { # within SECONDS COMMAND…
  local end=$((SECONDS + $1))
  shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done
}
logged() { grep -q "$1" "$log" 2>/dev/null; }
agent_of() { pgrep -P "$pid" -f -- "--node-name $1 "; }

check "the node is marked" within 60 logged '"node marked"'
kill -TERM "$(agent_of node-1)"
check "the agent hears of SIGTERM" within 10 logged '"asked to end"'
check "the drain was under way then" grep -q '"asked to end".*"draining":true' "$log"
check "it ends when the last pod has been told to end" within 30 logged '"the agent has ended"'
is() { [ "$1" = "$2" ] || { echo "expected '$2', got '$1'" >&2; return 1; }; }
order=$(grep -oE '"(node marked|asked to end|pod deleted|the agent has ended)"' "$log" | tr -d '"' | paste -sd, -)
check "and not before" is "$order" "node marked,asked to end,pod deleted,the agent has ended"
exit $failed
