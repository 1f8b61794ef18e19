"""The machine of a test: what its metadata service tells, and its Node as it is and was."""
import json
import time

from machine import await_until
from testing import must, rig, seconds_of, tell_metadata


class Machine:
    """Of a class with api, observer, node."""

    def tell(self, command):
        """A line to the node's metadata service; its answer. Returns when the service has done it."""
        return tell_metadata(self.node["number"], command)

    def start_imds(self, *flags):
        """The node's metadata service with other flags; who stops it starts the ordinary one again."""
        must("imds", self.node["number"], *(f"--flag={flag}" for flag in flags))

    def notice(self, command="notice terminate"):
        """Tells of an interruption, and notes when."""
        self.told = time.time()
        self.tell(command)

    def metadata(self):
        """What the metadata service says of itself."""
        return json.loads(self.tell("status"))

    def without_token(self):
        """The status of a request that has no session token, made on the node."""
        done = rig("exec", self.node["number"], "curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}",
                   "http://169.254.169.254/latest/meta-data/instance-id")
        return int(done.stdout or 0)

    def deadline(self):
        """When the machine ends, as the Spot notice that stands has it."""
        return seconds_of(self.metadata()["spot"]["time"])

    def node_versions(self):
        return self.observer.node(self.node["name"])

    def node_now(self):
        return self.api.get(f"/api/v1/nodes/{self.node['name']}")

    def reboot(self):
        """The machine dies and boots again; its metadata service knows nothing of what it was told."""
        before = self.node_now()["status"]["nodeInfo"]["bootID"]
        must("node", "reboot", self.node["number"])
        must("imds", self.node["number"])
        await_until("another boot id", lambda: self.node_now()["status"]["nodeInfo"]["bootID"] != before, 30)
