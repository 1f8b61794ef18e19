"""The AWS API of the rig: moto with what aws/ adds."""
import http.client
import pathlib
import urllib.request

import network
from machine import await_until

ENDPOINT = f"http://{network.CONTROL_ADDRESS}:5000"
LAUNCHER = pathlib.Path(__file__).with_name("aws") / "server.py"


def start(state):
    if state.living("moto") is None:
        process = state.start("moto", [
            state.bin / "moto/bin/python", LAUNCHER, "--credentials", state.folder / "aws.env",
            "-H", "0.0.0.0", "-p", "5000"], namespace=network.CONTROL)
        await_until("moto", _ready, alive=process.alive)
        with open(state.folder / "aws.env", "a") as file:
            file.write(f"AWS_ENDPOINT_URL={ENDPOINT}\n")
    return ENDPOINT


def _ready():
    try:
        return urllib.request.urlopen(f"{ENDPOINT}/moto-api/data.json", timeout=5).status == 200
    except (OSError, http.client.HTTPException):
        return False
