#!/usr/bin/env bash
# The Kubernetes client's suite at both addresses: a real kube-apiserver, and the simulated world behind the same API.
here=$(dirname "$0")
failed=0
"$here/kube/run" real || failed=1
"$here/kube/run" served || failed=1
exit $failed
