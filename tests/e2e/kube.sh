#!/usr/bin/env bash
# The Kubernetes client against a real kube-apiserver.
exec "$(dirname "$0")/kube/run"
