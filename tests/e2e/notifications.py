#!/usr/bin/env python3
"""Notifications of a real agent in a served world: they reach a webhook on loopback, each moment once and in order."""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

BINARY = os.environ.get("SPOTKEEPER_BINARY") or os.path.join(os.path.dirname(__file__), "../../build/release/spotkeeper")
SCENARIO = """scenario: told
description: one node goes, and somebody is told
duration: 3m
cluster:
  nodes:
    - {count: 3, name: node, zone: us-east-1a, type: m5.large}
workloads:
  - {name: web, replicas: 3, requests: {cpu: 500m, memory: 512Mi}, start: 1s, ready-after: 2s, probe-period: 1s, grace: 10s}
services:
  - {name: web}
load:
  - {service: web, rate: 5, kept: 50%, time-limit: 10s}
events:
  - {at: 5s, notice: spot, nodes: [node-1], deadline: 120s}
"""
failed = 0
got = []


def check(sentence, holds, detail=""):
    global failed
    print(f"ok {sentence}" if holds else f"FAIL {sentence}: {detail}")
    failed += not holds


class Inbox(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        got.append((self.path, json.loads(body)))
        self.send_response(503 if len(got) == 1 else 200)  # the first is to be tried again
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def main():
    inbox = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Inbox)
    threading.Thread(target=inbox.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as work:
        url = os.path.join(work, "url")
        with open(url, "w") as file:
            file.write(f"http://127.0.0.1:{inbox.server_address[1]}/hook/SECRET\n")
        scenario = os.path.join(work, "told.yaml")
        with open(scenario, "w") as file:
            file.write(SCENARIO)
        run = os.path.join(work, "run")
        world = subprocess.Popen(
            [BINARY, "simulate", scenario, "--serve", "--agents", "--keep", "--speed", "4", "--directory", run],
            env={**os.environ, "SPOTKEEPER_NOTIFY_WEBHOOK_URL_FILE": url}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 90
            while time.monotonic() < end and not any(body["moment"] == "done" for _, body in got):
                time.sleep(0.1)
        finally:
            world.terminate()
            world.wait()
        inbox.shutdown()
        moments = [body["moment"] for _, body in got]
        check("a notice, which was tried again, and the end of the drain", moments == ["notice", "notice", "done"],
              moments)
        check("at the URL of the file", {path for path, _ in got} == {"/hook/SECRET"}, got)
        check("of the node that goes, under one key", {(body["node"], body["key"]) for _, body in got} ==
              {("node-1", got[0][1]["key"])} if got else False, got)
        logs = "".join(open(os.path.join(run, name)).read() for name in os.listdir(run) if name.endswith(".log"))
        check("the log tells of the try that failed", "a notification was not sent" in logs)
        check("and shows nothing of the URL", "SECRET" not in logs)
    sys.exit(1 if failed else 0)


main()
