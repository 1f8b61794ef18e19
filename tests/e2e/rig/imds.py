"""The metadata service of each node: a process in it, told over nodes/N/imds.sock what happens to the machine."""
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
