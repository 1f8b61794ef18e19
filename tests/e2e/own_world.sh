#!/usr/bin/env bash
# `simulate --from` and `--from-cluster`: a world made of manifests, and of what a live Kubernetes API shows; and the
# planner on the same API.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=${SPOTKEEPER_BINARY:-$here/../../build/release/spotkeeper}
failed=0
world=
work=$(mktemp -d)
trap '[ -z "$world" ] || kill "$world" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

ok() { echo "ok $1"; }
bad() { echo "FAIL $1: $2"; failed=1; }
check() { # check SENTENCE EXPRESSION, over `answer` and `runs` of $work/answer
  if python3 -c "
import json, sys
answer = json.load(open(sys.argv[1]))
runs = {run['policy']: run for run in answer.get('runs', [])}
sys.exit(0 if ($2) else 1)" "$work/answer"; then ok "$1"; else bad "$1" "$(head -c 2000 "$work/answer")"; fi
}

# Manifests as a chart renders them: no preStop, no node.
mkdir "$work/k8s"
cat >"$work/k8s/web.yaml" <<'YAML'
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {helm.sh/chart: shop-1.2.3}}
spec:
  replicas: 6
  selector: {matchLabels: {app.kubernetes.io/name: web}}
  template:
    metadata: {labels: {app.kubernetes.io/name: web}}
    spec:
      containers:
        - name: app
          image: registry.example/web:3
          resources: {requests: {cpu: 500m, memory: 512Mi}}
          readinessProbe: {httpGet: {path: /ready, port: 8080}, initialDelaySeconds: 20, periodSeconds: 5}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app.kubernetes.io/name: web}, ports: [{port: 80, targetPort: 8080}]}
YAML
cat >"$work/k8s/budget.json" <<'JSON'
{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web", "namespace": "shop"},
 "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/name": "web"}}}}
JSON
if "$binary" simulate --from "$work/k8s" --output json >"$work/answer" 2>"$work/log"; then ok "a folder of manifests is simulated"; else bad "a folder of manifests is simulated" "$(cat "$work/log")"; fi
check "a storm without a handler loses requests" "runs['none']['requests']['lost'] > 0"
check "AWS's handler loses some where pods have no preStop" "runs['cordon-and-drain']['requests']['lost'] > 0"
check "changes were tried by running them" "len(answer['changes']['tried']) >= 4"
check "the best one comes first, and helps" \
  "answer['changes']['tried'] == sorted(answer['changes']['tried'], key=lambda one: one['lost']) and answer['changes']['tried'][0]['lost'] < answer['changes']['lost']"
check "what was assumed is said" "any('No Node was given' in one for one in answer['assumptions'])"
cp "$work/answer" "$work/first"
"$binary" simulate --from "$work/k8s" --output json >"$work/answer" 2>/dev/null
if cmp -s "$work/first" "$work/answer"; then ok "the same manifests give the same answer, byte for byte"; else bad "the same manifests give the same answer" "they differ"; fi
if "$binary" simulate --from - <"$work/k8s/web.yaml" 2>"$work/log" | grep -q "What helps most"; then ok "manifests come from standard input, too"; else bad "manifests come from standard input" "$(cat "$work/log")"; fi

sed 's/replicas: 6/replicas: six/' "$work/k8s/web.yaml" >"$work/wrong.yaml"
"$binary" simulate --from "$work/wrong.yaml" >/dev/null 2>"$work/log"
code=$?
if [ $code = 2 ] && grep -q "wrong.yaml: document 1: line 6, column 3: /spec/replicas: expected a whole number" "$work/log"; then ok "a mistake is named with file, document, line and field"; else bad "a mistake is named" "$code $(cat "$work/log")"; fi
sed 's/replicas: 6/replicaz: 6/' "$work/k8s/web.yaml" >"$work/misspelt.yaml"
"$binary" simulate --from "$work/misspelt.yaml" >/dev/null 2>"$work/log"
code=$?
if [ $code = 2 ] && grep -q "misspelt.yaml: document 1: line 6, column 3: /spec/replicaz: unknown field 'replicaz'; did you mean 'replicas'?" "$work/log"; then ok "a misspelt field is named with the right one"; else bad "a misspelt field is named" "$code $(cat "$work/log")"; fi
"$binary" simulate one-node --from "$work/k8s" >/dev/null 2>"$work/log"
code=$?
if [ $code = 2 ] && grep -q "each choose the world" "$work/log"; then ok "a scenario and manifests together are refused"; else bad "a scenario and manifests together are refused" "$code $(cat "$work/log")"; fi

# A live cluster: the served world of a shipped scenario.
"$binary" simulate one-node --serve --keep --speed 20 --directory "$work/world" >/dev/null 2>"$work/world.log" &
world=$!
for _ in $(seq 300); do
  grep -q "the world is served" "$work/world.log" && break
  kill -0 "$world" 2>/dev/null || break
  sleep 0.1
done
if "$binary" simulate --from-cluster --kubeconfig "$work/world/kubeconfig" --output json >"$work/answer" 2>"$work/log"; then ok "a live cluster is simulated"; else bad "a live cluster is simulated" "$(cat "$work/log") $(tail -n 3 "$work/world.log")"; fi
check "its service gets the requests" "any('shop/web' in pod for pod in runs['none']['lost_by_pod'])"
check "its nodes are the live ones" "'node' in answer['storm'] and not any('No Node was given' in one for one in answer['assumptions'])"
check "how long its pods take is what live pods showed" "any('shop/web' in one and 'live pod' in one for one in answer['assumptions'])"
check "what the cluster does not serve is said" "any('horizontalpodautoscalers could not be read' in one for one in answer['assumptions'])"

# The planner reads the same cluster; what it has not comes from a file.
cat >"$work/pool.yaml" <<'YAML'
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: any}
spec: {template: {spec: {requirements: [{key: topology.kubernetes.io/zone, operator: In, values: [us-east-1a]}]}}}
YAML
if "$binary" plan --kubeconfig "$work/world/kubeconfig" -f "$work/pool.yaml" --steps 0 --output json >"$work/answer" 2>"$work/log"; then ok "a live cluster is planned for"; else bad "a live cluster is planned for" "$(cat "$work/log")"; fi
check "nothing is bought for pods that run" "answer['nodes'] == [] and answer['unplaced'] == []"
check "its workloads are known" "any('shop/web' in one['workload'] for one in answer['risk']['worst_pool_shares'])"
check "what the cluster does not have is said" "any('nodepools could not be read' in one for one in answer['remarks'])"
exit $failed
