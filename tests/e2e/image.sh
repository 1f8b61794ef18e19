#!/usr/bin/env bash
# The container image, read with a program that this project did not write.
set -uo pipefail
cd "$(dirname "$0")/../.."
export SPOTKEEPER_BINARY=${SPOTKEEPER_BINARY:-$PWD/build/release/spotkeeper}
failed=0

check() { # check SENTENCE COMMAND…
  local sentence=$1
  shift
  if "$@" >/dev/null 2>&1; then echo "ok $sentence"; else echo "FAIL $sentence"; failed=1; fi
}
is() { [ "$1" = "$2" ] || { echo "expected '$2', got '$1'" >&2; return 1; }; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
image=$(scripts/image) || { echo "FAIL the image is made"; exit 1; }
first=$(sha256sum <"$image")
scripts/image >/dev/null
inspect() { skopeo inspect "$@" "oci-archive:$image"; }
config=$(inspect --config) || { echo "FAIL skopeo reads the image"; exit 1; }
field() { python3 -c 'import json, sys; print(json.dumps(eval("json.load(sys.stdin)" + sys.argv[1])))' "$1"; }

skopeo copy -q "oci-archive:$image" "dir:$scratch/image"
layer=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["layers"][0]["digest"][7:])' "$scratch/image/manifest.json")
listing=$(tar -tvzf "$scratch/image/$layer")

check "the same binary gives the same image" is "$(sha256sum <"$image")" "$first"
check "skopeo finds one layer" is "$(inspect | field '["Layers"].__len__()')" 1
check "the process is not root" is "$(field '["config"]["User"]' <<<"$config")" '"65532:65532"'
check "the binary is the entry point" is "$(field '["config"]["Entrypoint"]' <<<"$config")" '["/spotkeeper"]'
check "the image says which version it is" is "$(field '["config"]["Labels"]["org.opencontainers.image.version"]' <<<"$config")" \
  "$("$SPOTKEEPER_BINARY" version -o json | field '["version"]')"
check "the binary is all there is" is "$(wc -l <<<"$listing")" 1
check "nobody can write to the binary" is "$(cut -c1-10 <<<"$listing")" "-r-xr-xr-x"
tar -xzf "$scratch/image/$layer" -C "$scratch" spotkeeper
check "it is the release binary, byte for byte" cmp "$scratch/spotkeeper" "$SPOTKEEPER_BINARY"
exit $failed
