"""The metadata service of each node: a process in it. Ours is told over nodes/N/imds.sock what happens to the machine;
one that somebody else has built knows that from its own options."""
import subprocess

import network
import node
from machine import Failed, await_until


def label_of(number):
    return f"imds-{number}"


def socket_of(state, number):
    return state.nodes / str(number) / "imds.sock"


def start(state, server, number, flags=()):
    """Does nothing where it runs already. `flags`: further ones of the server."""
    label = label_of(number)
    if state.living(label) is not None:
        return
    if not server.is_file():
        raise Failed(f"{server} is not built")
    log = state.log / f"{label}.log"
    log.unlink(missing_ok=True)
    socket = socket_of(state, number)
    socket.unlink(missing_ok=True)
    process = state.start(label, node.enter(state, str(number), [
        server, "--control", socket, "--listen", f"{network.METADATA}:80", "--node", node.name_of(number),
        "--private-ip", network.node_address(number), "--zone", node.zone_of(state, number),
        "--instance-id", f"i-{number:017x}", *flags]))
    await_until(label, lambda: "listening on" in log.read_text(), 10, alive=process.alive)


def start_mock(state, program, number, flags):
    """What somebody else has built in the place of ours: with its own flags, which have it listen where machines ask."""
    label = label_of(number)
    if state.living(label) is not None:
        raise Failed(f"{label} is running; rig stop {label} makes room for another")
    process = state.start(label, node.enter(state, str(number), [program, *flags]))
    await_until(label, lambda: _answers(state, number), 10, alive=process.alive)


def _answers(state, number):
    """Anything: who wants a token refuses."""
    url = f"http://{network.METADATA}/latest/meta-data/"
    ask = ["curl", "-s", "-m", "2", "-o", "/dev/null", "--noproxy", "*", url]
    return subprocess.run(node.enter(state, str(number), ask), capture_output=True).returncode == 0
