"""Images of static binaries, made without a container engine and imported into the nodes."""
import pathlib
import re

from machine import Failed, run
from state import REPOSITORY

PAUSE = "docker.io/local/pause:1"


def reference(name):
    return f"docker.io/local/{name}:1"


def make(state, binary, name):
    """An archive among the images that every later node imports as it starts."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", name):
        raise Failed(f"{name} is no name for an image: lower-case letters, digits and dashes")
    if not pathlib.Path(binary).is_file():
        raise Failed(f"there is no file {binary}")
    archive = state.images / f"{name}.tar"
    run(REPOSITORY / "scripts/image", "--binary", binary, "--name", reference(name), "--output", archive)
    return archive


def make_pause(state):
    program = state.folder / "pause"
    run("cc", "-static", "-O2", "-s", pathlib.Path(__file__).with_name("pause.c"), "-o", program)
    make(state, program, "pause")


def import_into(state, number, archive):
    run("ctr", "--address", state.nodes / str(number) / "containerd.sock", "--namespace", "k8s.io", "images", "import",
        archive)
