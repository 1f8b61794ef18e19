"""The namespace that traffic comes from: no node, but with a kube-proxy of its own, so that ClusterIPs work there."""
import network
import node
from machine import await_until


def start(state, api):
    network.make_namespace(state, network.CLIENT, "skvclient", network.CLIENT_ADDRESS)
    network.run("nsenter", f"--net=/run/netns/{network.CLIENT}", "--", "sh", "-c",
                "echo 1 >/proc/sys/net/ipv4/ip_forward")
    # A kube-proxy asks for the Node that it runs on, once, and waits half a minute for one that is not there. So there
    # is one for as long as it takes to start; afterwards the client belongs to no zone, and nothing is scheduled on it.
    api.create("/api/v1/nodes", {"metadata": {"name": network.CLIENT}, "spec": {"unschedulable": True}})
    api.merge(f"/api/v1/nodes/{network.CLIENT}/status", {
        "status": {"addresses": [{"type": "InternalIP", "address": network.CLIENT_ADDRESS}]}})
    state.start("kube-proxy-client", [
        state.bin / "kube-proxy", f"--kubeconfig={state.pki}/kube-proxy.kubeconfig", "--proxy-mode=nftables",
        f"--hostname-override={network.CLIENT}", "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0"], namespace=network.CLIENT)


def await_ready(state, api):
    process = state.living("kube-proxy-client")
    await_until("kube-proxy of the client", lambda: node.proxy_is_ready(network.CLIENT_ADDRESS),
                alive=lambda: process is not None and process.alive())
    api.delete(f"/api/v1/nodes/{network.CLIENT}")
