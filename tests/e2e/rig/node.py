"""A real node: namespaces of its own, and in them containerd, kubelet and kube-proxy."""
import http.client
import json
import os
import pathlib
import signal
import urllib.request

import network
import pki
from api import is_ready
from machine import Failed, Process, await_until, children_of, start_time

INIT = pathlib.Path(__file__).with_name("node-init")
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")

# A node's programs watch files with about eight of these; Linux gives all of a user's programs together 128.
WATCHERS = pathlib.Path("/proc/sys/fs/inotify/max_user_instances")
ENOUGH_WATCHERS = 4096


def name_of(number):
    return f"rn{number}"


def process_name(number):
    """Its entry in the journal: the parent of the node's first process, with which the kernel ends that one."""
    return f"node-{number}"


def numbers(state):
    """Every node that this run has had, the dead ones too."""
    return sorted(int(folder.name) for folder in state.nodes.iterdir()) if state.nodes.is_dir() else []


def alive(state, number):
    return state.living(process_name(number)) is not None


def living(state):
    return [number for number in numbers(state) if alive(state, number)]


def zone_of(state, number):
    return (state.nodes / str(number) / "zone").read_text().strip()


def first_process(state, number):
    """Process 1 of the living node, as the host sees it."""
    parent = state.living(process_name(number))
    child = next(iter(children_of(parent.pid)), None) if parent else None
    if child is None:
        raise Failed(f"node {number} is not alive")
    return child


def enter(state, where, command):
    """The command line that runs `command` inside: `where` is a node's number, client or control."""
    if where in ("client", "control"):
        return ["nsenter", f"--net=/run/netns/sk-{where}", "--", *command]
    if not where.isdigit() or int(where) not in numbers(state):
        raise Failed(f"there is no node {where}; nodes: {' '.join(map(str, numbers(state)))}")
    return ["nsenter", f"--target={first_process(state, int(where))}", "--pid", "--mount", "--net", "--uts", "--ipc",
            f"--wd={os.getcwd()}", "--", *command]


def allow_many():
    """Raises the machine's limit that a few nodes reach. It stays raised: a limit takes nothing."""
    if int(WATCHERS.read_text()) < ENOUGH_WATCHERS:
        WATCHERS.write_text(str(ENOUGH_WATCHERS))


def start(state, zone=None):
    """Makes the next node and returns its number, before it is Ready."""
    number = max(numbers(state), default=0) + 1
    if number > network.LAST_NODE:
        raise Failed(f"a run has at most {network.LAST_NODE} nodes")
    folder = state.nodes / str(number)
    others = numbers(state)
    folder.mkdir()
    (folder / "zone").write_text((zone or ZONES[(number - 1) % len(ZONES)]) + "\n")
    name, namespace = name_of(number), network.node_namespace(number)
    network.make_namespace(state, namespace, network.node_link(number), network.node_address(number))
    network.run("ip", "-n", namespace, "address", "add", f"{network.METADATA}/32", "dev", "lo")
    network.route_pods(number, others)
    pki.write_kubeconfig(state, folder / "kubeconfig", f"system:node:{name}", ["system:nodes"])
    _write_configuration(state, number, folder)
    boot(state, number)
    return number


def boot(state, number):
    """Starts the machine of a node whose folder is there."""
    name = name_of(number)
    (state.log / name).mkdir(exist_ok=True)
    state.start(process_name(number), [
        "unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount", "--mount-proc", "--uts", "--ipc", "--",
        INIT, state.folder, number, name, network.node_address(number), zone_of(state, number),
        f"{state.cgroup}/{name}"],
        log=state.log / name / "init.log", namespace=network.node_namespace(number), folder="/")


def kill(state, number):
    """The machine loses its network and its power. Returns when nothing of it runs any more."""
    first = first_process(state, number)
    init = Process(first, start_time(first))
    network.cut(number)
    init.signal(signal.SIGKILL)
    parent = state.living(process_name(number))
    await_until(f"the death of node {number}", lambda: not init.alive() and not (parent and parent.alive()), 10,
                every=0.005)


def await_ready(state, api, wanted, since=None):
    """Until all nodes are Ready and their kube-proxies have written their rules.

    `since`: a time as the API writes it; what a kubelet reported earlier does not count (a node that came back).
    """
    def ready(number):
        status, text = api.send("GET", f"/api/v1/nodes/{name_of(number)}")
        return status == 200 and is_ready(json.loads(text)) and _reported_after(json.loads(text), since) and \
            proxy_is_ready(network.node_address(number))

    for number in wanted:
        try:
            await_until(f"node {name_of(number)}", lambda: ready(number), alive=lambda: alive(state, number))
        except Failed as error:
            raise Failed(f"{error}; its logs: {state.log / name_of(number)}") from error


def _reported_after(node, since):
    beats = [c["lastHeartbeatTime"] for c in node["status"]["conditions"] if c["type"] == "Ready"]
    return since is None or any(beat > since for beat in beats)


def proxy_is_ready(address):
    try:
        return urllib.request.urlopen(f"http://{address}:10256/healthz", timeout=5).status == 200
    except (OSError, http.client.HTTPException):
        return False


def _write_configuration(state, number, folder):
    (folder / "containerd.toml").write_text(f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "{folder}/containerd.sock"
[ttrpc]
  address = "{folder}/containerd.sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/local/pause:1"
  disable_tcp_service = true
  # Without CAP_SYS_RESOURCE nobody may lower a process's oom_score_adj.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
""")
    (folder / "cni").mkdir()
    (folder / "cni/rig.conflist").write_text(json.dumps({
        "cniVersion": "0.4.0", "name": "rig", "plugins": [{
            "type": "bridge", "bridge": "pods", "isGateway": True, "ipMasq": False, "hairpinMode": True,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": network.PODS.format(number)}]],
                     "routes": [{"dst": "0.0.0.0/0"}]}}]}, indent=1))
    # A lease of 8 s is renewed every 2 s: any grace of the node monitor from 5 s up can be told.
    (folder / "kubelet.json").write_text(json.dumps({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                           "x509": {"clientCAFile": f"{state.pki}/ca.crt"}},
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": f"unix://{folder}/containerd.sock",
        "cgroupDriver": "cgroupfs", "cgroupRoot": "/pods", "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [], "failCgroupV1": False, "failSwapOn": False, "resolvConf": "",
        "makeIPTablesUtilChains": False, "localStorageCapacityIsolation": False, "evictionHard": {},
        "imageGCHighThresholdPercent": 100, "nodeStatusUpdateFrequency": "5s", "nodeLeaseDurationSeconds": 8,
        "registryPullQPS": 0, "kubeAPIQPS": 100, "kubeAPIBurst": 200, "eventRecordQPS": 0}, indent=1))
