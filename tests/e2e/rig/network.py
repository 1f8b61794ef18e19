"""The rig's network: a bridge on the host, and namespaces on it with an address each."""
import ipaddress
import os

from machine import Failed, run

BRIDGE = "skbr0"
SUBNET = ipaddress.ip_network("10.77.0.0/24")
PODS = "10.98.{}.0/24"  # of a node
PODS_OF_ALL = "10.98.0.0/16"
SERVICES = "10.96.0.0/16"
FAKE_PODS = "10.128.0.0/12"  # of kwok's nodes
METADATA = "169.254.169.254"
LAST_NODE = 200

CONTROL, CLIENT = "sk-control", "sk-client"
HOST_ADDRESS, CONTROL_ADDRESS, CLIENT_ADDRESS = "10.77.0.1", "10.77.0.2", "10.77.0.3"


def node_namespace(number):
    return f"sk{number}"


def node_link(number):
    return f"skv{number}"


def node_address(number):
    return f"10.77.0.{10 + number}"


def make_bridge(state):
    if os.path.exists(f"/sys/class/net/{BRIDGE}"):
        raise Failed(f"there is a link {BRIDGE} that no rig of this folder made")
    state.record(kind="link", name=BRIDGE)
    run("ip", "-batch", "-", text_input=f"""
link add {BRIDGE} type bridge forward_delay 0
address add {HOST_ADDRESS}/{SUBNET.prefixlen} dev {BRIDGE}
link set {BRIDGE} up
""")


def make_namespace(state, name, link, address):
    """A namespace with eth0 on the bridge; `link` is the bridge's end of it."""
    if os.path.exists(f"/run/netns/{name}") or os.path.exists(f"/sys/class/net/{link}"):
        raise Failed(f"there is a network namespace {name} or a link {link} that no rig of this folder made")
    state.record(kind="namespace", name=name)
    state.record(kind="link", name=link)
    run("ip", "-batch", "-", text_input=f"""
netns add {name}
link add {link} type veth peer name eth0 netns {name}
link set {link} master {BRIDGE} up
""")
    run("ip", "-n", name, "-batch", "-", text_input=f"""
address add {address}/{SUBNET.prefixlen} dev eth0
link set eth0 up
link set lo up
route add default via {HOST_ADDRESS}
""")


def route_pods(number, others):
    """Pods of a node become reachable: from the host, the control plane, the client and all other nodes."""
    route = f"route replace {PODS.format(number)} via {node_address(number)}\n"
    run("ip", "-batch", "-", text_input=route)
    for namespace in (CONTROL, CLIENT, *map(node_namespace, others)):
        run("ip", "-n", namespace, "-batch", "-", text_input=route)
    back = "".join(f"route replace {PODS.format(other)} via {node_address(other)}\n" for other in others)
    run("ip", "-n", node_namespace(number), "-batch", "-", text_input=back)


def cut(number):
    """The machine's cable is pulled."""
    run("ip", "link", "set", node_link(number), "down")


def plug_in(number):
    run("ip", "link", "set", node_link(number), "up")
