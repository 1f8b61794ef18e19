#!/usr/bin/env bash
# What the agent's command makes of its flags and environment: agents started by hand in a served world. --dry-run sends
# every change once and leaves nothing behind; POD_NAME keeps the agent from evicting itself; --rebalance-hold says when
# a recommendation that nothing follows is undone.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=${SPOTKEEPER_BINARY:-$here/../../build/release/spotkeeper}
kubectl=${SPOTKEEPER_PEERS_BIN:?the folder of kubectl (scripts/build-test-peers prints it)}/kubectl
failed=0
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

cat >"$work/three.yaml" <<'YAML'
scenario: three
description: two machines are told to go, and a third is recommended to
duration: 10m
cluster:
  nodes:
    - {count: 5, name: node, zone: us-east-1a, type: m5.large}
workloads:
  - {name: web, replicas: 5, requests: {cpu: 200m, memory: 256Mi}, start: 2s, ready-after: 8s, probe-period: 5s, grace: 30s, spread: [{over: node, max-skew: 1, required: false}]}
  - {name: self, replicas: 5, requests: {cpu: 200m, memory: 256Mi}, start: 2s, ready-after: 8s, probe-period: 5s, grace: 30s, spread: [{over: node, max-skew: 1, required: false}]}
events:
  - {at: 60s, notice: spot, nodes: [node-1, node-2], deadline: 120s}
  - {at: 60s, notice: rebalance, nodes: [node-3]}
YAML
"$binary" simulate "$work/three.yaml" --serve --keep --speed 10 --directory "$work/run" >"$work/out" 2>&1 &
pids+=($!)
within() { # within SECONDS COMMAND…
  local end=$((SECONDS + $1))
  shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done
}
check() { # check SENTENCE COMMAND…
  local sentence=$1
  shift
  if "$@" >"$work/said" 2>&1; then echo "ok $sentence"; else echo "FAIL $sentence: $(cat "$work/said")"; failed=1; fi
}
is() { [ "$1" = "$2" ] || { echo "expected '$2', got '$1'; $(tail -n 20 "$work"/*.log)" >&2; return 1; }; }
k() { KUBECONFIG=$work/run/kubeconfig timeout 60 "$kubectl" "$@"; }
pod_of() { # pod_of WORKLOAD NODE
  k get pods --field-selector "spec.nodeName=$2" -o name | sed -n "s|^pod/\($1-.*\)|\1|p" | head -n 1
}
agent() { # agent NODE [VARIABLE=VALUE…] [--flag…]: the command that the world wrote down for NODE, with these
  local node=$1 command
  shift
  command=$(awk -F'\t' -v node="$node" '$1 == node {print $4}' "$work/run/agents")
  local variables=() flags=()
  for word in "$@"; do case $word in --*) flags+=("$word") ;; *) variables+=("$word") ;; esac; done
  env "${variables[@]}" sh -c "exec $command ${flags[*]}" >"$work/$node.log" 2>&1 &
  pids+=($!)
}
logged() { grep -q "$2" "$work/$1.log"; }
gone() { ! k get pod "$1" >/dev/null 2>&1; }
taints() { k get node "$1" -o jsonpath='{.spec.taints[*].key}'; }

check "the world is there" within 60 grep -q "node-3" "$work/run/agents"
within 30 k get --raw /readyz >/dev/null 2>&1
self=$(pod_of self node-2)
web=$(pod_of web node-2)
agent node-1 --dry-run
agent node-2 "POD_NAME=$self" POD_NAMESPACE=default
agent node-3 --rebalance-hold=10s

check "the agent that drains marks its node" within 60 logged node-2 '"node marked"'
check "and moves the others" within 30 gone "$web"
check "it does not evict the pod that POD_NAME says it is" k get pod "$self"
check "a dry-run says what it would have done" within 30 logged node-1 '"pod evicted"'
check "it sends its mark once" is "$(grep -c '"node marked"' "$work/node-1.log")" 1
check "and each eviction once" is "$(grep -oE '"pod evicted","pod":"[^"]*"' "$work/node-1.log" | sort | uniq -d)" ""
check "nothing of that stands on the node" is "$(taints node-1)" ""
check "a recommendation is undone after the time that --rebalance-hold says" within 30 logged node-3 '"node unmarked"'
check "and leaves no taint" is "$(taints node-3)" ""
exit $failed
