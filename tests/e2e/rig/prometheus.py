"""Prometheus, scraping the agent of every node, with the project's own alert rules."""
import http.client
import json
import urllib.request

import network
import node
from machine import await_until, run
from state import REPOSITORY

ENDPOINT = f"http://{network.CONTROL_ADDRESS}:9090"
AGENT_PORT = 9464
RULES = REPOSITORY / "deploy/alerts.yaml"


def start(state):
    if state.living("prometheus") is not None:
        return ENDPOINT
    run("promtool", "check", "rules", RULES)
    write_targets(state)
    config = state.folder / "prometheus.json"
    # JSON is YAML. Debian's Prometheus cannot ask Kubernetes for nodes; it notices when the file changes.
    config.write_text(json.dumps({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [{"job_name": "spotkeeper", "file_sd_configs": [{"files": [str(_targets(state))]}]}],
    }, indent=1))
    run("promtool", "check", "config", config)
    process = state.start("prometheus", [
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={state.folder}/prometheus",
        "--web.listen-address=0.0.0.0:9090"], namespace=network.CONTROL)
    await_until("Prometheus", _ready, alive=process.alive)
    return ENDPOINT


def write_targets(state):
    """Every node of the run is asked on the agent's port, the dead ones too: that they are down is to be seen."""
    part = state.folder / "targets.part"
    part.write_text(json.dumps([{"targets": [f"{network.node_address(number)}:{AGENT_PORT}"],
                                 "labels": {"node": node.name_of(number)}} for number in node.numbers(state)]))
    part.replace(_targets(state))


def _targets(state):
    return state.folder / "targets.json"


def _ready():
    try:
        return urllib.request.urlopen(f"{ENDPOINT}/-/ready", timeout=5).status == 200
    except (OSError, http.client.HTTPException):
        return False
