#!/usr/bin/env python3
"""The plainest handler: asks this node's metadata service every two seconds, and drains the node with kubectl when a
Spot notice is there.

    drain_watcher.py KUBECTL KUBECONFIG NODE
"""
import os
import select
import sys
import urllib.error
import urllib.request

SERVICE = "http://169.254.169.254/latest"
PERIOD = 2


def noticed():
    try:
        token = urllib.request.urlopen(urllib.request.Request(
            f"{SERVICE}/api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"}), timeout=2)
        urllib.request.urlopen(urllib.request.Request(
            f"{SERVICE}/meta-data/spot/instance-action",
            headers={"X-aws-ec2-metadata-token": token.read().decode()}), timeout=2)
        return True
    except (OSError, urllib.error.URLError):
        return False


kubectl, kubeconfig, node = sys.argv[1:]
while not noticed():
    select.select([], [], [], PERIOD)
os.execv(kubectl, [
    kubectl, f"--kubeconfig={kubeconfig}", "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force"])
