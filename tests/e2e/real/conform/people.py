"""Who is told: a web server that takes messages, and a plain HTTP proxy before it. Both on the host's address, which
nodes and pods reach."""
import http.client
import http.server
import threading
import time
import urllib.parse

from network import HOST_ADDRESS


class _Server:
    def __init__(self, handler):
        outer = self
        outer.seen = []

        class Handler(handler):
            server_of_test = outer

        self._server = http.server.ThreadingHTTPServer((HOST_ADDRESS, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://{HOST_ADDRESS}:{self._server.server_address[1]}"

    def end(self):
        self._server.shutdown()
        self._server.server_close()


class _Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


class _Takes(_Quiet):
    def do_POST(self):
        self.server_of_test.seen.append((time.time(), self.path, dict(self.headers.items()), self.body().decode()))
        self.answer(200)


class _Forwards(_Quiet):
    def do_POST(self):
        """A request in absolute form, as proxies get them."""
        self.server_of_test.seen.append((self.command, self.path))
        where, body = urllib.parse.urlsplit(self.path), self.body()
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=5)
        connection.request("POST", where.path, body, {"Content-Type": self.headers["Content-Type"]})
        self.answer(connection.getresponse().status)
        connection.close()


class Inbox(_Server):
    """`seen`: (time, path, headers, body) of each message."""

    def __init__(self):
        super().__init__(_Takes)


class Proxy(_Server):
    """`seen`: (method, URL) of each request."""

    def __init__(self):
        super().__init__(_Forwards)
