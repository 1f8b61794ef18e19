"""What a machine must have, looked at before anything is started."""
import ipaddress
import json
import os
import shutil
import subprocess

import network
from state import REPOSITORY

# command: which group of scripts/install-deps brings it
COMMANDS = {
    "ip": "e2e", "nsenter": "e2e", "unshare": "e2e", "mount": "e2e", "containerd": "e2e", "ctr": "e2e", "runc": "e2e",
    "nft": "e2e", "curl": "e2e", "go": "e2e", "npm": "e2e", "conntrack": "e2e", "prometheus": "e2e", "promtool": "e2e",
    "haproxy": "e2e", "openssl": "test", "sysctl": "test", "cc": "build",
}
PLUGINS = "/usr/lib/cni"
FREE_DISK = 4 << 30
FREE_TO_BUILD = 10 << 30  # Go's caches, when all of Kubernetes has to be built
FREE_MEMORY = 2 << 30
MEMORY_OF_A_NODE = 200 << 20


def missing(folder, nodes):
    """One sentence for each thing that is missing; none: the rig can have so many nodes, and its state in `folder`."""
    if os.geteuid() != 0:
        return ["root: namespaces, mounts and links are made"]
    found = [f"the command {command}: scripts/install-deps {group}"
             for command, group in COMMANDS.items() if shutil.which(command) is None]
    if found:
        return found
    for plugin in ("bridge", "host-local", "loopback"):
        if not os.access(f"{PLUGINS}/{plugin}", os.X_OK):
            found.append(f"the CNI plugin {PLUGINS}/{plugin}: scripts/install-deps e2e")
    for hidden in ("/run", "/var/lib", "/var/log"):
        if os.path.commonpath([hidden, os.path.realpath(folder)]) == hidden:
            found.append(f"a state folder that is not below {hidden}, which a node has of its own")
    if not _runs("unshare", "--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "true"):
        found.append("namespaces: unshare --net --mount --pid --ipc --uts is refused")
    elif not _runs("unshare", "--net", "ip", "link", "add", "probe0", "type", "bridge") or \
            not _runs("unshare", "--net", "ip", "link", "add", "probe1", "type", "veth", "peer", "name", "probe2"):
        found.append("bridges and veth pairs in the kernel")
    elif not _runs("unshare", "--net", "nft", "add table ip t; add map ip t m { type ipv4_addr : verdict; }"):
        found.append("nftables with verdict maps in the kernel, for kube-proxy")
    parent = _existing(folder)
    if not _overlay_works(parent):
        found.append(f"a file system at {parent} that overlayfs can write to")
    if not _cgroups():
        found.append("cgroups that can be written, at /sys/fs/cgroup")
    free = shutil.disk_usage(parent).free
    if free < FREE_DISK:
        found.append(f"{FREE_DISK >> 30} GiB of disk at {parent}; there are {free >> 20} MiB")
    found += _no_room_to_build()
    available, wanted = _available_memory(), FREE_MEMORY + nodes * MEMORY_OF_A_NODE
    if available < wanted:
        found.append(f"{wanted >> 20} MiB of memory; {available >> 20} MiB are available")
    found += [f"the network {ours}: this machine has a route to {theirs} on {link}" for ours, theirs, link in _taken()]
    return found


def _no_room_to_build():
    """Where programs that are not there yet would be built without enough disk."""
    peers = _output(REPOSITORY / "scripts/build-test-peers", "--folder")
    if os.access(f"{peers}/kubelet", os.X_OK):
        return []
    full = {}  # by file system
    for folder in (peers, *_output("go", "env", "GOCACHE", "GOMODCACHE").split()):
        parent = _existing(folder)
        if shutil.disk_usage(parent).free < FREE_TO_BUILD:
            full[os.stat(parent).st_dev] = parent
    return [f"{FREE_TO_BUILD >> 30} GiB of disk at {parent}, to build Kubernetes; there are "
            f"{shutil.disk_usage(parent).free >> 20} MiB" for parent in full.values()]


def _output(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout.strip()


def _runs(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


def _existing(folder):
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


def _overlay_works(parent):
    script = """d=$(mktemp -d -p "$1") && trap 'rm -rf "$d"' EXIT && mkdir "$d/l" "$d/u" "$d/w" "$d/m" &&
        unshare --mount mount -t overlay overlay -o "lowerdir=$d/l,upperdir=$d/u,workdir=$d/w" "$d/m" """
    return _runs("sh", "-c", script, "sh", parent)


def _cgroups():
    """Version 1 (the hierarchies a runtime needs) or version 2."""
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        return os.access("/sys/fs/cgroup", os.W_OK)
    return all(os.access(f"/sys/fs/cgroup/{name}", os.W_OK) for name in ("cpu", "memory", "devices", "freezer", "pids"))


def _available_memory():
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("MemAvailable:"))


def _taken():
    """(network of the rig, network of the machine, its link): where something else has addresses that a rig needs."""
    wanted = [network.SUBNET, *map(ipaddress.ip_network, (
        network.PODS_OF_ALL, network.SERVICES, network.FAKE_PODS))]
    for route in json.loads(_output("ip", "-json", "-4", "route") or "[]"):
        if route["dst"] == "default" or route.get("dev") == network.BRIDGE:
            continue
        theirs = ipaddress.ip_network(route["dst"])
        yield from ((ours, theirs, route.get("dev")) for ours in wanted if ours.overlaps(theirs))
