#!/usr/bin/env bash
# Our webhook templates against Go's own text/template with sprig: those that people write, and random ones.
set -uo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
suite=${SPOTKEEPER_TEMPLATE_SUITE:-$here/build/release/tests/template_suite}
[ -x "$suite" ] || { echo "FAIL templates: template_suite was not built: $suite"; exit 1; }
export SPOTKEEPER_PEERS_BIN=${SPOTKEEPER_PEERS_BIN:-$("$here/scripts/build-test-peers" --test)}
failed=0
for name in $("$suite" --gtest_list_tests | sed -n 's/^  //p'); do
  if output=$("$suite" --gtest_brief=1 --gtest_filter="*.$name" 2>&1); then
    echo "ok templates: $name"
  else
    echo "$output"
    echo "FAIL templates: $name"
    failed=1
  fi
done
exit $failed
