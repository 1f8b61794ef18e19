# Starting and ending servers for tests; to be sourced. $dir is the folder that holds their logs and their ids.
# A process is known by its id and its start time, so that nothing else is ever ended.

start_time() { # of a process, in ticks after boot: with its id it names one process for ever
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  set -- ${stat##*) }
  echo "${20}"
}

down() {
  local pid started
  [ -f "$dir/pids" ] || { rm -rf "$dir"; return 0; }
  while read -r pid started; do
    [ "$(start_time "$pid" || true)" = "$started" ] && kill -9 "$pid" 2>/dev/null
  done < <(tac "$dir/pids") || true
  while read -r pid started; do
    for _ in $(seq 100); do [ "$(start_time "$pid" || true)" = "$started" ] || break; sleep .05; done
  done < "$dir/pids"
  rm -rf "$dir"
}

start() { # start LOG COMMAND…
  local log=$1
  shift
  setsid "$@" >"$dir/$log" 2>&1 </dev/null &
  last=$!
  disown "$last"
  echo "$last $(start_time "$last")" >>"$dir/pids"
}

# Polls until the command succeeds; gives up when the process started last has ended, or after a minute.
await() { # await LOG COMMAND…
  local log=$1
  shift
  for _ in $(seq 600); do
    "$@" >/dev/null 2>&1 && return 0
    kill -0 "$last" 2>/dev/null || break
    sleep .1
  done
  echo "$(basename "$0"): not ready; the end of $log:" >&2
  tail -5 "$dir/$log" >&2
  return 1
}
