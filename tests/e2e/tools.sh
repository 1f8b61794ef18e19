#!/usr/bin/env bash
# The tools of the traffic tests, on loopback: that the client loses nothing when nothing dies, counts and classes what is
# lost when a server is killed, and loses nothing when a well-behaved server ends behind a balancer that was told in time;
# that the feeder tells haproxy what EndpointSlices say.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=${SPOTKEEPER_BINARY:-$here/../../build/release/spotkeeper}
tools=${SPOTKEEPER_TOOLS:-$(dirname "$binary")/tools}
failed=0
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null; done; wait 2>/dev/null; rm -rf "$work"' EXIT

own_user=() # what unshare needs where we are not root
[ "$(id -u)" -eq 0 ] || own_user=(--map-root-user)

check() { # check SENTENCE COMMAND…
  local sentence=$1
  shift
  if "$@" >"$work/said" 2>&1; then echo "ok $sentence"; else echo "FAIL $sentence: $(cat "$work/said")"; failed=1; fi
}
within() { # within SECONDS COMMAND…
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.02; done
}
serve() { # serve NAME OPTION…: its address in $address, its process in $pid
  local name=$1
  shift
  "$tools/web_server" --listen 127.0.0.1:0 --name "$name" --log "$work/$name.log" "$@" 2>"$work/$name.err" &
  pid=$!
  pids+=("$pid")
  within 5 grep -q "listening on" "$work/$name.err" || { cat "$work/$name.err"; exit 1; }
  address=$(sed -n 's/listening on //p' "$work/$name.err")
}
first_port=20000
load() { # load REPORT TARGET… -- OPTION…: begun when it returns; waited for by finish
  local report=$1 arguments=()
  shift
  while [ "$1" != -- ]; do arguments+=(--target "$1"); shift; done
  shift
  "$tools/web_client" "${arguments[@]}" --run "$report" --report "$work/$report.json" --source-ports 20000-31999 \
    --first-port $first_port "$@" >"$work/$report.out" &
  client=$!
  pids+=("$client")
  within 5 grep -q "sending since" "$work/$report.out"
}
finish() { # finish REPORT
  wait "$client"
  local code=$?
  first_port=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["source_ports"]["next"])' "$work/$1.json")
  return $code
}
report() { # report NAME EXPRESSION: Python over r (the report), by (streams by "target style") and servers' logs
  python3 - "$work" "$1" "$2" <<'PY'
import json, sys
work, name, expression = sys.argv[1:]
r = json.load(open(f"{work}/{name}.json"))
by = {f"{s['target']} {s['style']}": s for s in r["streams"]}
def logged(server, word):
    lines = [line.split() for line in open(f"{work}/{server}.log")]
    return [line[2] for line in lines if line[1] == word and line[2].startswith(name + "-")]
true = eval(expression)
if not true:
    print(expression, "is not so:", json.dumps({k: (v["sent"], v["outcomes"]) for k, v in by.items()}), r["lost_requests"][:3])
sys.exit(0 if true else 1)
PY
}

# Nothing dies.
serve a
undisturbed=$address
load calm "name=l4,url=http://$address,rate=50" "name=long,url=http://$address,rate=5,takes=500ms" -- --for 2s
check "the client ends with 0" finish calm
check "it sent what it was told to" report calm 'r["sent"] == 2 * (100 + 10)'
check "nothing is lost when nothing dies" report calm 'r["lost"] == 0 and r["answered"] == r["sent"] and r["unsent"] == 0'
kill -INT "$pid"
wait "$pid"
check "the server logged each answer once" report calm 'sorted(logged("a", "answered")) == sorted(set(logged("a", "received"))) and len(logged("a", "answered")) == r["answered"]'
check "its last line says that it ended by itself" bash -c 'tail -n1 "$1" | grep -q " ended SIGINT$"' - "$work/a.log"
check "a wrong command line ends with 2" bash -c '"$1" --target nonsense; [ $? -eq 2 ]' - "$tools/web_client"

# A machine dies: its server is killed with requests of both styles under way.
serve b
load killed "name=l4,url=http://$address,rate=50,deadline=3s" "name=long,url=http://$address,rate=20,takes=300ms,deadline=3s,kept=4" -- --for 1500ms
within 5 grep -q "answered killed-long-kept-9$" "$work/b.log"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
finish killed
check "every request of a killed server is answered or lost" report killed 'r["lost"] > 0 and r["sent"] == r["answered"] + r["lost"]'
check "each lost one is in the list, by its class" report killed '[x["outcome"] for x in r["lost_requests"]].count("refused") == sum(s["outcomes"].get("refused", 0) for s in r["streams"]) > 0 and len(r["lost_requests"]) == r["lost"]'
check "requests under way were reset, on fresh connections and on reused ones" report killed 'by["long new"]["outcomes"].get("reset-fresh", 0) > 0 and by["long kept"]["outcomes"].get("reset-reused", 0) > 0'
check "a lost request on a reused connection names its pod" report killed 'all(x["pod"] == "b" for x in r["lost_requests"] if x["outcome"] == "reset-reused")'
check "a second shows when it was due" report killed 'any(second.get("refused", 0) > 0 for second in by["l4 new"]["seconds"]) and by["l4 new"]["seconds"][0]["answered"] > 0'
check "what the server logged as answered was answered" report killed 'not (set(logged("b", "answered")) & {x["id"] for x in r["lost_requests"]})'

check "who is killed does not say that it ended" bash -c '! grep -q " ended " "$1"' - "$work/b.log"

# The abrupt one ends at SIGTERM as if it were killed.
serve c --abrupt
load abrupt "name=long,url=http://$address,rate=20,takes=300ms,deadline=3s" -- --for 1s
within 5 grep -q "answered abrupt-long-kept-5$" "$work/c.log"
kill -TERM "$pid"
finish abrupt
wait "$pid"
check "an abrupt server ends by itself" bash -c 'tail -n1 "$1" | grep -q " ended SIGTERM$"' - "$work/c.log"
check "an abrupt server loses what is under way" report abrupt 'r["lost"] > 0'

# As a container's first process, to which the kernel delivers only signals that it has asked for.
unshare --pid --fork --kill-child "${own_user[@]}" "$tools/web_server" --listen 127.0.0.1:0 --linger 10ms --log /dev/null \
  2>"$work/first.err" &
outer=$!
pids+=("$outer")
within 5 grep -q "listening on" "$work/first.err"
kill -TERM "$(pgrep -P "$outer")"
check "a first process ends at SIGTERM" timeout 10 tail --pid="$outer" -f /dev/null
wait "$outer"
check "and with 0" test $? -eq 0

# Two servers behind haproxy; the well-behaved one is told to end, and the balancer a little later stops sending to it.
# haproxy takes no port 0: it gets a socket that is bound already.
"$tools/endpoint_feeder" --print-config --socket "$work/ha.sock" --slots 4 --bind fd@9 >"$work/ha.cfg"
python3 - "$work" <<'PY' &
import os, socket, sys
work = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
os.dup2(listener.fileno(), 9)
log = os.open(f"{work}/ha.log", os.O_WRONLY | os.O_CREAT, 0o600)
os.dup2(log, 1)
os.dup2(log, 2)
open(f"{work}/ha.address", "w").write(f"127.0.0.1:{listener.getsockname()[1]}")
os.execvp("haproxy", ["haproxy", "-db", "-f", f"{work}/ha.cfg"])
PY
pids+=($!)
tell() { # tell COMMAND: haproxy's runtime API
  python3 - "$work/ha.sock" "$1" <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
print(b"".join(iter(lambda: s.recv(4096), b"")).decode().strip())
PY
}
check "haproxy runs" within 5 tell "show info"
balancer=$(cat "$work/ha.address")
serve stays
stays=$pid
tell "set server pods/s1 addr 127.0.0.1 port ${address##*:}" >/dev/null
tell "set server pods/s1 state ready" >/dev/null
# It goes on answering for longer than a busy machine takes to tell the balancer.
serve ends --linger 4s
tell "set server pods/s2 addr 127.0.0.1 port ${address##*:}" >/dev/null
tell "set server pods/s2 state ready" >/dev/null
load polite "name=l7,url=http://$balancer,rate=50" "name=long,url=http://$balancer,rate=10,takes=400ms" -- --for 2500ms
within 5 grep -q "answered polite-l7-new-" "$work/ends.log"
kill -TERM "$pid"
answered() { grep -c "answered polite" "$work/ends.log"; }
before=$(answered)
within 5 bash -c '[ "$(grep -c "answered polite" "$1")" -gt '$((before + 5))' ]' - "$work/ends.log"
tell "set server pods/s2 state drain" >/dev/null
wait "$pid"
check "the well-behaved server ends by itself" test $? -eq 0
check "and says so last" bash -c 'tail -n1 "$1" | grep -q " ended SIGTERM$"' - "$work/ends.log"
finish polite
check "both servers had their share" report polite 'all(by["l7 new"]["served_by"].get(pod, 0) > 0 for pod in ("stays", "ends"))'
check "it answered after its SIGTERM" test "$(answered)" -gt "$before"
check "and nobody's request was lost, in either style" report polite 'r["lost"] == 0 and r["answered"] == r["sent"]'

# Without being told, the balancer has a server too many: its clients are told 502 or 503.
load untold "name=l7,url=http://$balancer,rate=50" -- --for 1s
tell "set server pods/s2 state ready" >/dev/null
finish untold
check "a balancer that still sends to it answers 5xx" report untold 'sum(s["outcomes"].get("5xx", 0) for s in r["streams"]) > 0'
ended=${address##*:}
check "and says which server each lost request was sent to" report untold \
  "{(x['id'], '127.0.0.1:$ended') for x in r['lost_requests']} == {tuple(line.split()[:2]) for line in open(work + '/ha.log') if line.startswith('untold-')}"
kill -INT "$stays"

# A service's address that the kernel translates, as kube-proxy has it do: in a network namespace of its own. A lost
# request says to whom it was led, though nobody has answered on its connection.
inside_namespace() {
  ip link set lo up && ip address add 10.99.0.1/24 dev lo &&
    nft 'table ip nat { chain out { type nat hook output priority -100; ip daddr 10.99.0.100 tcp dport 80 dnat to 10.99.0.2:8080; }; }'
  "$1/web_server" --listen 10.99.0.2:8080 --log /dev/null 2>"$2/translated.err" &
  server=$!
  until grep -q "listening on" "$2/translated.err"; do sleep 0.02; done
  "$1/web_client" --target name=vip,url=http://10.99.0.100,rate=40 --for 1s --run translated --report "$2/translated.json" \
    >"$2/translated.out" &
  until grep -q "sending since" "$2/translated.out"; do sleep 0.02; done
  kill -KILL "$server"
  wait $!
}
export -f inside_namespace
check "the client runs behind a translated address" timeout 20 unshare --net "${own_user[@]}" bash -c 'inside_namespace "$@"' - "$tools" "$work"
check "a lost request on a fresh connection says to which address it was led" report translated \
  'by["vip new"]["lost"] > 0 and all(x["pod_address"] == "10.99.0.2" for x in r["lost_requests"])'

# The feeder, against the simulated cluster's API.
"$binary" simulate one-node --serve --keep --speed 5 --directory "$work/world" >"$work/world.out" 2>&1 &
pids+=($!)
within 10 test -s "$work/world/kubeconfig"
"$tools/endpoint_feeder" --kubeconfig "$work/world/kubeconfig" --namespace shop --service web --socket "$work/ha.sock" --slots 4 \
  --log "$work/feed.log" --controller 10ms --api 10ms --propagation 10ms-50ms --drain 100ms &
feeder=$!
pids+=("$feeder")
seen() { python3 - "$work/feed.log" "$@" <<'PY'
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
sys.exit(0 if any(all(str(e.get(k)) == v for k, v in (w.split("=") for w in sys.argv[2:])) for e in events) else 1)
PY
}
check "the feeder lists the service's endpoints" within 10 seen event=listed
check "and gives one a slot" within 10 seen event=applied change=added slot=3
kill -TERM "$feeder"
wait "$feeder"
check "it ends with 0 when it is told to" test $? -eq 0
exit $failed
