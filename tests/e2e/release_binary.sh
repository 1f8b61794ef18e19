#!/usr/bin/env bash
# The release binary as it ships: what an attacker and an operator find in the file.
set -uo pipefail
binary=${SPOTKEEPER_BINARY:-$(dirname "$0")/../../build/release/spotkeeper}
failed=0

check() { # check SENTENCE COMMAND…
  local sentence=$1
  shift
  if "$@" >/dev/null 2>&1; then echo "ok $sentence"; else echo "FAIL $sentence"; failed=1; fi
}
headers=$(readelf -hlW "$binary") || { echo "FAIL there is a binary at $binary"; exit 1; }
dynamic=$(readelf -dW "$binary")
has() { grep -qE -e "$1" <<<"$2"; }
lacks() { ! grep -qE -e "$1" <<<"$2"; }
size_at_most() { [ "$(stat -c %s "$binary")" -le "$1" ]; }
runs_alone() { # in an empty root, where it can find no library
  local root
  root=$(mktemp -d)
  cp "$binary" "$root/spotkeeper"
  chroot "$root" /spotkeeper version
  local code=$?
  rm -rf "$root"
  return $code
}

check "the binary is position independent" has 'Type: +DYN' "$headers"
check "the binary needs no loader" lacks 'INTERP' "$headers"
check "the binary needs no library" lacks 'NEEDED' "$dynamic"
check "relocated data is read-only" has 'GNU_RELRO' "$headers"
check "every symbol is bound at the start" has 'BIND_NOW|FLAGS_1.*NOW' "$dynamic"
check "the stack is not executable" has 'GNU_STACK.* RW +0x' "$headers"
check "no segment is both writable and executable" lacks 'LOAD.*RWE' "$headers"
check "the stack protector and FORTIFY are compiled in" has 'stack protector", *"FORTIFY' "$("$binary" version -o json | tr -d '\n' | tr -s ' ')"
check "the binary is at most 16 MB" size_at_most 16000000
if [ "$(id -u)" -eq 0 ]; then
  check "the binary runs where nothing else is" runs_alone
fi
exit $failed
