#!/usr/bin/env bash
# The real kubectl against the served world: get, describe, cordon, drain, delete, scale, watch.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=${SPOTKEEPER_BINARY:-$here/../../build/release/spotkeeper}
kubectl=${SPOTKEEPER_PEERS_BIN:?the folder of kubectl (scripts/build-test-peers prints it)}/kubectl
failed=0
work=$(mktemp -d)

"$binary" simulate one-node --serve --keep --speed 10 --directory "$work" >"$work/report" 2>"$work/log" &
world=$!
finish() { kill $world 2>/dev/null; wait $world 2>/dev/null; rm -rf "$work"; }
trap finish EXIT
for _ in $(seq 300); do [ -s "$work/kubeconfig" ] && break; kill -0 $world || break; sleep 0.1; done
export KUBECONFIG=$work/kubeconfig
k() { timeout 60 "$kubectl" "$@"; }
for _ in $(seq 100); do k get --raw /readyz >/dev/null 2>&1 && break; sleep 0.1; done

says() { # says SENTENCE PATTERN COMMAND…: the command succeeds and its output has the pattern
  local sentence=$1 pattern=$2 output
  shift 2
  output=$("$@" 2>&1)
  local code=$?
  if [ $code = 0 ] && grep -qE -e "$pattern" <<<"$output"; then
    echo "ok $sentence"
  else
    echo "FAIL $sentence (exit $code): $(head -c 600 <<<"$output")"
    failed=1
  fi
}
fails() { # fails SENTENCE PATTERN COMMAND…: it ends with an error that has the pattern
  local sentence=$1 pattern=$2 output
  shift 2
  if output=$("$@" 2>&1); then echo "FAIL $sentence: no error: $output"; failed=1
  elif grep -qE -e "$pattern" <<<"$output"; then echo "ok $sentence"
  else echo "FAIL $sentence: $output"; failed=1; fi
}

node=$(k get nodes -o name | tail -n 1)
node=${node#node/}
namespace=$(k get deployments -A -o jsonpath='{.items[0].metadata.namespace}')
deployment=$(k get deployments -A -o jsonpath='{.items[0].metadata.name}')
pod=$(k get pods -n "$namespace" -o jsonpath='{.items[0].metadata.name}')

says "kubectl knows the server's version" 'Server Version: v1\.34' k version
says "get nodes prints the server's columns" "NAME +STATUS +ROLES +AGE +VERSION" k get nodes
says "get nodes shows a node that is Ready" "^$node +Ready " k get nodes
says "get pods -o wide shows where a pod runs" "^$pod +1/1 +Running .* [a-z]+-?[0-9]+" k get pods -n "$namespace" -o wide
says "get -o yaml shows the whole object" "terminationGracePeriodSeconds: [0-9]+" k get pod -n "$namespace" "$pod" -o yaml
says "get with a field selector asks the server" "$pod" k get pods -A --field-selector "metadata.name=$pod"
says "describe node counts what its pods request" "Allocated resources" k describe node "$node"
says "get nodes -o wide has every column" "NAME +STATUS +ROLES +AGE +VERSION +INTERNAL-IP +EXTERNAL-IP +OS-IMAGE +KERNEL-VERSION +CONTAINER-RUNTIME" k get nodes -o wide
says "describe node shows the kubelet's lease" "HolderIdentity: +$node" k describe node "$node"
says "the lease is renewed" "RenewTime: +[A-Z][a-z]{2}, " k describe node "$node"
says "get svc prints the server's columns" "NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE" k get svc -n "$namespace"
says "get svc -o wide shows the selector" "ClusterIP .*/TCP .*=" k get svc -n "$namespace" -o wide
says "get endpointslices shows addresses" "IPv4 +[0-9]+ +10\.[0-9.]+" k get endpointslices -n "$namespace"
says "get all has the services" "^service/" k get all -n "$namespace"
says "get all has the replica sets" "^replicaset.apps/" k get all -n "$namespace"
says "there are no webhooks" "No resources found" k get validatingwebhookconfigurations,mutatingwebhookconfigurations
says "describe pod shows its conditions" "ContainersReady +True" k describe pod -n "$namespace" "$pod"
says "api-resources names the kinds" "poddisruptionbudgets +pdb +policy/v1" k api-resources
says "cordon" "$node cordoned" k cordon "$node"
says "a cordoned node is shown as such" "SchedulingDisabled" k get node "$node"
says "cordon again finds it done" "already cordoned" k cordon "$node"
says "uncordon" "$node uncordoned" k uncordon "$node"
says "taint" "$node tainted" k taint node "$node" drill=yes:NoSchedule
says "the taint is there" "drill=yes:NoSchedule" k describe node "$node"
says "untaint" "$node untainted" k taint node "$node" drill-
says "label" "$node labeled" k label node "$node" drill=yes
says "a dry-run changes nothing" "server dry run" k cordon "$node" --dry-run=server
says "drain evicts what is there" "$node drained" k drain "$node" --ignore-daemonsets --delete-emptydir-data --timeout=50s
says "the drained node has no pod of the deployment" "^0$" bash -c \
  "'$kubectl' get pods -n '$namespace' --field-selector spec.nodeName='$node' --no-headers 2>/dev/null | grep -c '^$deployment-' || true"
k uncordon "$node" >/dev/null
says "scale" "$deployment scaled" k scale -n "$namespace" "deployment/$deployment" --replicas=3
says "the deployment has its new size" "^3$" k get deployment -n "$namespace" "$deployment" -o jsonpath='{.spec.replicas}'
says "wait sees a condition come" "condition met" k wait -n "$namespace" --for=jsonpath='{.status.readyReplicas}'=3 "deployment/$deployment" --timeout=50s
pod=$(k get pods -n "$namespace" -o jsonpath='{.items[0].metadata.name}')
says "delete waits until the pod is gone" "\"$pod\" deleted" k delete pod -n "$namespace" "$pod"
fails "a pod that is gone is NotFound" "NotFound" k get pod -n "$namespace" "$pod"
says "create deployment" "created" k create deployment -n "$namespace" second --image=app:2
says "its pod comes up" "condition met" k wait -n "$namespace" --for=jsonpath='{.status.readyReplicas}'=1 deployment/second --timeout=50s
says "delete deployment" "deleted" k delete deployment -n "$namespace" second
fails "a kind that is not served is refused" "the server doesn't have a resource type" k get gizmos
says "nobody gets in without the token" "Unauthorized" bash -c "curl -sk '$(k config view -o jsonpath='{.clusters[0].cluster.server}')/api/v1/nodes'"
exit $failed
