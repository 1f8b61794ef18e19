"""What the rig's check and the scripts of tests/e2e/real share: lines "ok …" and "FAIL …", the rig's command, kubectl."""
import datetime
import pathlib
import socket
import subprocess
import sys
import time

from api import Api, is_ready
from machine import Failed, await_until
from state import REPOSITORY, State

RIG = pathlib.Path(__file__).with_name("rig")
failures = []


def check(what, condition, detail=""):
    """One line; `detail` says what was there instead."""
    print(f"ok {what}" if condition else f"FAIL {what}: {detail}", flush=True)
    if not condition:
        failures.append(what)


def check_settles(what, probe, bound=60, detail=lambda: "never"):
    """The same of what becomes true within so many seconds; `detail` says what is there when it does not."""
    try:
        found = await_until(what, probe, bound)
    except Failed as error:
        found, late = None, error
    check(what, found, found or f"{late}; {detail()}")
    return found


def check_stays(what, probe, seconds, detail=lambda: "not any more"):
    """The same of what must be true all the time for so many seconds."""
    until = time.monotonic() + seconds
    while (holds := probe()) and time.monotonic() < until:
        time.sleep(0.25)
    check(what, holds, detail() if not holds else "")


def rig(*arguments):
    return subprocess.run([RIG, *map(str, arguments)], capture_output=True, text=True)


def must(*arguments):
    """What the command prints; the script ends when the rig does not do it."""
    done = rig(*arguments)
    if done.returncode != 0:
        said = f"exit code {done.returncode}: {done.stderr.strip()}"
        sys.exit(f"FAIL rig {' '.join(map(str, arguments))}: {said}")
    print(done.stderr, end="", file=sys.stderr)
    return done.stdout.strip()


def kubectl(*arguments, text_input=None):
    state = State.default()
    return subprocess.run([state.bin / "kubectl", f"--kubeconfig={state.admin}", *map(str, arguments)],
                          capture_output=True, text=True, input=text_input)


def admin():
    return Api(State.default().admin)


def ready(pod):
    """Ready, and not told to end."""
    return is_ready(pod) and "deletionTimestamp" not in pod["metadata"]


def end_namespaces(api, prefix, bound=90):
    """Deletes those whose names begin so, and returns when none is there any more. Their pods are deleted by force, again
    and again: one on a dead node has no kubelet that would tell of its end, and keeps its namespace."""
    def ended():
        there = [one for one in api.get("/api/v1/namespaces")["items"] if one["metadata"]["name"].startswith(prefix)]
        for one in there:
            path = f"/api/v1/namespaces/{one['metadata']['name']}"
            if one["status"]["phase"] == "Active":
                api.delete(path)
            api.delete(f"{path}/pods?gracePeriodSeconds=0")
        return not there

    await_until(f"the end of the namespaces {prefix}…", ended, bound, every=0.5)


def seconds_of(text):
    """A time of RFC 3339 in seconds since 1970."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def tell(path, command):
    """A line to the control socket of one of tests/tools, and its answer. Returns when what it says is done."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(command.encode() + b"\n")
        answer = connection.makefile().readline().strip()
    if answer.startswith("error"):
        raise Failed(f"{path}: {command}: {answer}")
    return answer


def tell_metadata(number, command):
    """The same to a node's metadata service."""
    return tell(State.default().nodes / str(number) / "imds.sock", command)


def shipped_manifest():
    return (REPOSITORY / "deploy/agent.yaml").read_text()


def markdown_table(rows):
    """Of rows of cells, of which the first is the head."""
    head, *rest = rows
    return "".join("| " + " | ".join(cells) + " |\n" for cells in (head, ["---"] * len(head), *rest))


def verdict():
    """The exit code."""
    print(f"{len(failures)} failed" if failures else "all ok")
    return 1 if failures else 0
