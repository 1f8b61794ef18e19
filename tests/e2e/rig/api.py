"""Requests to the rig's API server, for the rig and for tests: JSON in, JSON out, one connection."""
import http.client
import json
import ssl
import urllib.parse

from machine import Failed


class Api:
    """Speaks as the user of a kubeconfig that pki.py wrote."""

    def __init__(self, kubeconfig, timeout=10):
        with open(kubeconfig) as file:
            config = json.load(file)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._server = urllib.parse.urlsplit(cluster["server"])
        self._context = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self._context.load_cert_chain(user["client-certificate"], user["client-key"])
        self._timeout = timeout
        self._connection = None

    def send(self, method, path, body=None, kind="application/json"):
        """The status and the body as text. A broken connection raises OSError or HTTPException."""
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                self._server.hostname, self._server.port, timeout=self._timeout, context=self._context)
        try:
            text = None if body is None else json.dumps(body)
            self._connection.request(method, path, text, {"Content-Type": kind, "Accept": "application/json"})
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            raise

    def call(self, method, path, body=None, kind="application/json", accept=()):
        """The decoded answer; a status of 400 and above, except those in `accept`, is Failed."""
        status, text = self.send(method, path, body, kind)
        if status >= 400 and status not in accept:
            raise Failed(f"{method} {path}: {status} {text.strip()[:500]}")
        return json.loads(text)

    def get(self, path):
        return self.call("GET", path)

    def create(self, path, body):
        return self.call("POST", path, body)

    def merge(self, path, body):
        return self.call("PATCH", path, body, "application/merge-patch+json")

    def delete(self, path):
        return self.call("DELETE", path, accept=(404,))

    def answers(self, path):
        """True when the path is answered with 200; never raises for a server that is not there yet."""
        try:
            return self.send("GET", path)[0] == 200
        except (OSError, http.client.HTTPException):
            return False


def is_ready(node):
    return any(condition["type"] == "Ready" and condition["status"] == "True"
               for condition in node.get("status", {}).get("conditions", []))
