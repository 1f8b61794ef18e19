"""etcd, kube-apiserver, kube-controller-manager and kube-scheduler, in a namespace of their own: their ports are nobody
else's, and a node that dies does not take them with it."""
import http.client
import json
import ssl
import urllib.request

import network
import pki
from api import Api
from machine import Failed, await_until, kill_all

ETCD = "http://127.0.0.1:2379"
# What the cluster's own parts write is not told.
AUDIT = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": [
    {"level": "None", "verbs": ["get", "list", "watch"]},
    {"level": "None", "userGroups": ["system:nodes", "system:masters", "system:serviceaccounts:kube-system"]},
    {"level": "None", "users": ["system:kube-controller-manager", "system:kube-scheduler", "system:kube-proxy",
                                "system:apiserver"]},
    {"level": "Request"}]}


def start(state, node_grace):
    """Up to the first answer of /readyz; controllers and scheduler are awaited by `await_controllers`."""
    network.make_namespace(state, network.CONTROL, "skvcontrol", network.CONTROL_ADDRESS)
    pki.make_authority(state)
    _start_etcd(state)
    _start_api_server(state)
    pki.write_kubeconfig(state, state.admin, "admin", ["system:masters"])
    (state.folder / "node.kubeconfig").symlink_to(state.admin.name)
    for component in ("kube-controller-manager", "kube-scheduler", "kube-proxy"):
        pki.write_kubeconfig(state, state.pki / f"{component}.kubeconfig", f"system:{component}")
    api = Api(state.admin)
    # The first answers of a new server are refusals, until its own roles are there.
    _await(state, "kube-apiserver", lambda: api.answers("/readyz"))
    start_controllers(state, node_grace)
    _start_scheduler(state)
    return api


def _start_etcd(state):
    # Its data is thrown away, so nothing needs to reach the disk.
    state.start("etcd", [
        state.bin / "etcd", "--name=rig", f"--data-dir={state.folder}/etcd", f"--listen-client-urls={ETCD}",
        f"--advertise-client-urls={ETCD}", "--listen-peer-urls=http://127.0.0.1:2380", "--unsafe-no-fsync",
        "--quota-backend-bytes=8589934592", "--log-level=warn"], namespace=network.CONTROL)


def _start_api_server(state):
    # It waits for etcd by itself.
    keys = state.pki
    pki.client_certificate(state, "kube-apiserver-kubelet-client", ["system:masters"])
    (state.folder / "audit.json").write_text(json.dumps(AUDIT))
    state.start("kube-apiserver", [
        state.bin / "kube-apiserver", f"--etcd-servers={ETCD}", "--bind-address=0.0.0.0",
        f"--advertise-address={network.CONTROL_ADDRESS}", "--secure-port=6443",
        f"--tls-cert-file={keys}/kube-apiserver.crt", f"--tls-private-key-file={keys}/kube-apiserver.key",
        f"--client-ca-file={keys}/ca.crt", "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--kubelet-client-certificate={keys}/kube-apiserver-kubelet-client.crt",
        f"--kubelet-client-key={keys}/kube-apiserver-kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={keys}/service-accounts.key",
        f"--service-account-signing-key-file={keys}/service-accounts.key",
        f"--service-cluster-ip-range={network.SERVICES}", "--endpoint-reconciler-type=lease",
        f"--audit-policy-file={state.folder}/audit.json", f"--audit-log-path={state.log}/audit.log",
        "--allow-privileged=true", "--profiling=false"], namespace=network.CONTROL)


def start_controllers(state, node_grace):
    config = state.pki / "kube-controller-manager.kubeconfig"
    state.start("kube-controller-manager", [
        state.bin / "kube-controller-manager", f"--kubeconfig={config}", f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}", "--leader-elect=false", "--use-service-account-credentials=true",
        f"--service-account-private-key-file={state.pki}/service-accounts.key", f"--root-ca-file={state.pki}/ca.crt",
        "--kube-api-qps=300", "--kube-api-burst=600", f"--node-monitor-grace-period={node_grace}s",
        "--node-monitor-period=1s", "--profiling=false"], namespace=network.CONTROL)


def restart_controllers(state, node_grace):
    """The only way to another grace: it is a flag."""
    running = state.living("kube-controller-manager")
    if running is not None:
        kill_all([running])
    start_controllers(state, node_grace)
    await_controllers(state)


def _start_scheduler(state):
    config = state.pki / "kube-scheduler.kubeconfig"
    state.start("kube-scheduler", [
        state.bin / "kube-scheduler", f"--kubeconfig={config}", f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}", "--leader-elect=false", "--kube-api-qps=300", "--kube-api-burst=600",
        "--profiling=false"], namespace=network.CONTROL)


def await_controllers(state):
    _await(state, "kube-controller-manager", lambda: _healthy(10257))
    _await(state, "kube-scheduler", lambda: _healthy(10259))


def await_default_namespace(api):
    """Pods can be created once the controllers have made the service account and the configuration they mount."""
    await_until("the service account default", lambda: api.answers(
        "/api/v1/namespaces/default/serviceaccounts/default"))
    await_until("the root certificate for pods", lambda: api.answers(
        "/api/v1/namespaces/default/configmaps/kube-root-ca.crt"))


def _healthy(port):
    # Their certificates are of their own making; that they answer is all that is asked.
    trusting = ssl._create_unverified_context()
    try:
        url = f"https://{network.CONTROL_ADDRESS}:{port}/healthz"
        return urllib.request.urlopen(url, timeout=5, context=trusting).status == 200
    except (OSError, http.client.HTTPException):
        return False


def _await(state, name, probe):
    process = state.living(name)
    try:
        await_until(name, probe, alive=lambda: process is not None and process.alive())
    except Failed as error:
        raise Failed(f"{error}; its log ends:\n{state.tail(name)}") from error
