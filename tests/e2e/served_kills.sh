#!/usr/bin/env bash
# Agents of a served world that are killed (SIGKILL) at several moments of a zone storm: each is started anew and goes on
# where it was. And an agent that a person starts by hand, from what the world wrote down.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=${SPOTKEEPER_BINARY:-$here/../../build/release/spotkeeper}
failed=0
work=$(mktemp -d)
world=
by_hand=
finish() {
  [ -n "$by_hand" ] && kill "$by_hand" 2>/dev/null
  [ -n "$world" ] && kill "$world" 2>/dev/null && wait "$world" 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT

mkdir "$work/storm" "$work/alone"
"$binary" simulate zone-storm --serve --agents --speed 5 --output json --directory "$work/storm" \
  >"$work/report" 2>"$work/log" &
world=$!

# At each of these moments, as the agents' own logs tell of them, one agent more is killed, each once.
moments=("node marked" "node marked" "pod evicted" "pod evicted")
: >"$work/killed"
killed() { wc -l <"$work/killed"; }
kill_one_that_said() {
  local log node pid
  for log in $(grep -l -e "$1" "$work"/storm/agent-*.log 2>/dev/null); do
    node=$(basename "$log" .log)
    node=${node#agent-}
    grep -qx -e "$node" "$work/killed" && continue
    pid=$(pgrep -f -- "agent --node-name $node --kubeconfig $work/storm/kubeconfig" | head -n 1)
    [ -n "$pid" ] && kill -9 "$pid" && echo "$node" >>"$work/killed" && return
  done
}
while kill -0 $world 2>/dev/null; do
  done_so_far=$(killed)
  [ "$done_so_far" -ge ${#moments[@]} ] && break
  kill_one_that_said "${moments[$done_so_far]}"
  sleep 0.05
done
wait $world
code=$?
world=
[ $code = 0 ] && [ -s "$work/report" ] || { echo "FAIL the storm ended with $code: $(tail -n 3 "$work/log")"; exit 1; }

check() { # check SENTENCE EXPRESSION, over `run` (the report) and `killed`
  if python3 -c "
import json, sys
run, killed = json.load(open(sys.argv[1])), int(sys.argv[2])
sys.exit(0 if ($2) else 1)" "$work/report" "$(killed)"; then echo "ok $1"; else echo "FAIL $1: $(tr -d ' \n' <"$work/report" | head -c 2000)"; failed=1; fi
}
check "an agent was killed at each of ${#moments[@]} moments" "killed == ${#moments[@]}"
check "each was started anew, and counted" "run['agent_restarts'] == killed"
check "no pod was evicted twice" "run['pods']['repeated'] == 0"
check "no pod was killed hard" "run['pods']['killed_hard'] == 0"
check "no request was lost" "run['requests']['lost'] == 0"
check "the budget was not overridden" "run['budget_overrides'] == 0"
warned=$(grep -c "an agent has ended; it is started anew" "$work/log")
if [ "$warned" = "$(killed)" ]; then echo "ok the log warns of each"; else echo "FAIL $warned warnings: $(cat "$work/log")"; failed=1; fi

# By hand.
"$binary" simulate one-node --serve --keep --speed 10 --directory "$work/alone" >/dev/null 2>"$work/alone/log" &
world=$!
for _ in $(seq 300); do grep -q "^[^#]" "$work/alone/agents" 2>/dev/null && break; kill -0 $world || break; sleep 0.1; done
if grep -q "$work/alone/agents has each node's agent" "$work/alone/log"; then echo "ok the start says where the agents' commands stand"
else echo "FAIL the start does not name the file: $(cat "$work/alone/log")"; failed=1; fi
node=$(awk -F'\t' 'NR == 2 {print $1}' "$work/alone/agents")
sh -c "exec $(awk -F'\t' 'NR == 2 {print $4}' "$work/alone/agents")" >"$work/by-hand.log" 2>&1 &
by_hand=$!
url=$(awk -F'\t' 'NR == 2 {print $2}' "$work/alone/agents")
token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$url/latest/api/token")
if curl -sf -H "X-aws-ec2-metadata-token: $token" "$url/latest/meta-data/instance-id" | grep -q '^i-'; then echo "ok the metadata service answers where the list says"
else echo "FAIL no metadata at $url"; failed=1; fi
for _ in $(seq 100); do grep -q "\"$node\"" "$work/by-hand.log" && break; kill -0 $by_hand 2>/dev/null || break; sleep 0.1; done
sleep 1
if kill -0 $by_hand 2>/dev/null && ! grep -q '"error"' "$work/by-hand.log"; then echo "ok an agent that is started by hand runs"
else echo "FAIL the agent by hand: $(cat "$work/by-hand.log")"; failed=1; fi
exit $failed
