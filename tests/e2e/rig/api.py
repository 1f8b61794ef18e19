"""Requests to the rig's API server, for the rig and for tests: JSON in, JSON out, one connection."""
import http.client
import json
import socket
import ssl
import time
import urllib.parse

from machine import Failed

IDLE = 45  # seconds; the server closes a connection on which it has heard nothing for 90


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
        self._used = 0.0

    def send(self, method, path, body=None, kind="application/json"):
        """The status and the body as text. A broken connection raises OSError or HTTPException."""
        if self._connection is not None and time.monotonic() - self._used > IDLE:
            self._connection.close()
            self._connection = None
        self._used = time.monotonic()
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

    def watch(self, path):
        """A Stream of the list's changes, which begins with what is there."""
        connection = http.client.HTTPSConnection(self._server.hostname, self._server.port, context=self._context)
        separator = "&" if "?" in path else "?"
        connection.request("GET", f"{path}{separator}watch=true", headers={"Accept": "application/json"})
        return Stream(connection)

    def answers(self, path):
        """True when the path is answered with 200; never raises for a server that is not there yet."""
        try:
            return self.send("GET", path)[0] == 200
        except (OSError, http.client.HTTPException):
            return False


class Stream:
    """A watch on a connection of its own; another thread may end it."""

    def __init__(self, connection):
        self._connection, self._ended = connection, False
        self._socket = connection.sock  # which the connection forgets when the answer has no length
        self._answer = connection.getresponse()
        if self._answer.status != 200:
            raise Failed(f"watch: {self._answer.status} {self._answer.read().decode().strip()[:500]}")

    def events(self):
        """{"type", "object"} as they come, until end(). A watch that breaks off before that raises."""
        try:
            for line in self._answer:
                yield json.loads(line)
            if not self._ended:
                raise Failed("a watch was ended by the API server")
        except (OSError, http.client.HTTPException, ValueError):
            if not self._ended:
                raise
        finally:
            self._connection.close()

    def end(self):
        """Wakes who waits in events(), and that one closes the connection."""
        self._ended = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def is_ready(node):
    return any(condition["type"] == "Ready" and condition["status"] == "True"
               for condition in node.get("status", {}).get("conditions", []))
