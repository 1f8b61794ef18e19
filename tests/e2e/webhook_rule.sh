#!/usr/bin/env bash
# What stands behind an admission webhook with failurePolicy Fail is moved first, and its last copy last: agents that
# read the webhook configurations from the API, before and after somebody creates one.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=${SPOTKEEPER_BINARY:-$here/../../build/release/spotkeeper}
kubectl=${SPOTKEEPER_PEERS_BIN:?the folder of kubectl (scripts/build-test-peers prints it)}/kubectl
failed=0
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -INT "$pid" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

# The same pods on every machine. api's need longer to end, so that they go before guard's where nothing else is known.
cat >"$work/guarded.yaml" <<'YAML'
scenario: guarded
description: two machines go, one before and one after a webhook is there; guard serves it
duration: 10m
cluster:
  nodes:
    - {count: 4, name: node, zone: us-east-1a, type: m5.large}
workloads:
  - {name: api, replicas: 4, requests: {cpu: 200m, memory: 256Mi}, start: 2s, ready-after: 8s, probe-period: 5s, grace: 60s, spread: [{over: node, max-skew: 1, required: false}]}
  - {name: guard, replicas: 4, requests: {cpu: 200m, memory: 256Mi}, start: 2s, ready-after: 8s, probe-period: 5s, grace: 30s, spread: [{over: node, max-skew: 1, required: false}]}
services:
  - {name: api}
  - {name: guard}
events:
  - {at: 10s, notice: spot, nodes: [node-1], deadline: 120s}
  - {at: 200s, notice: spot, nodes: [node-2], deadline: 120s}
YAML
"$binary" simulate "$work/guarded.yaml" --serve --agents --keep --speed 10 --directory "$work/run" >"$work/out" 2>&1 &
pid=$!
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
k() { KUBECONFIG=$work/run/kubeconfig timeout 60 "$kubectl" "$@"; }
# The workloads in the order in which NODE's agent moved their pods, each once.
order() { grep '"pod evicted"\|"pod deleted"' "$work/run/agent-$1.log" 2>/dev/null | grep -oE '"[a-z-]*/?(api|guard)-' | grep -oE 'api|guard' | awk '!seen[$0]++' | paste -sd, -; }
moved_both() { [[ $(order "$1") == *,* ]]; }
is() { [ "$1" = "$2" ] || { echo "expected '$2', got '$1'; $(tail -n 40 "$work/run/agent-$3.log")" >&2; return 1; }; }

check "both pods of the first machine are moved" within 60 moved_both node-1
check "the one that needs longer first, where no webhook is known" is "$(order node-1)" api,guard node-1
cat >"$work/webhook.yaml" <<'YAML'
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: guard}
webhooks:
  - name: guard.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    clientConfig: {service: {namespace: default, name: guard}}
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
YAML
check "somebody creates a webhook that guard serves" k create --validate=false -f "$work/webhook.yaml"
check "both pods of the second machine are moved" within 90 moved_both node-2
check "what serves the webhook first" is "$(order node-2)" guard,api node-2
exit $failed
