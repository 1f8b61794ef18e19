#!/usr/bin/env python3
"""The report's page in a real browser: no console error, as many points as seconds, and the figures of the JSON.

    tests/e2e/report_page.py [--screenshots FOLDER]     also writes pictures of the page, light and dark
"""
import html
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile

BINARY = os.environ.get("SPOTKEEPER_BINARY") or os.path.join(os.path.dirname(__file__), "../../build/release/spotkeeper")
POLICIES = ["none", "cordon-and-drain", "spotkeeper"]
# Three replicas of a program without a preStop hook.
MANIFESTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          resources: {requests: {cpu: "1"}}
          readinessProbe: {httpGet: {path: /, port: 80}, initialDelaySeconds: 20}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
"""
failed = 0


def check(sentence, holds, detail=""):
    global failed
    print(f"ok {sentence}" if holds else f"FAIL {sentence}: {detail}")
    failed += not holds


def chromium(*arguments):
    """Its output, and what the page said on its console."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", f"--user-data-dir={profile}", "--enable-logging=stderr",
             "--virtual-time-budget=5000", *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False)
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, said


class Page(html.parser.HTMLParser):
    """What a test needs of a document: charts with their shapes, figures, tables."""

    def __init__(self, text):
        super().__init__()
        self.charts, self.cards, self.rows, self.ids, self.text = [], {}, [], [], ""
        self.section = self.card = None
        self.cell = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "section" and "id" in values:
            self.section = values["id"]
        if tag == "svg":
            self.charts.append({"section": self.section, "role": values.get("role"), "label": values.get("aria-label"),
                                "title": False, "shapes": []})
        if tag == "title" and self.charts:
            self.charts[-1]["title"] = True
        if tag in ("polyline", "polygon"):
            self.charts[-1]["shapes"].append((values["data-series"], len(values["points"].split())))
        if "data-policy" in values:
            self.card = values["data-policy"]
        if "data-lost" in values:
            self.cards[self.card] = int(values["data-lost"])
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.cell = ""

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.rows[-1].append(self.cell)
            self.cell = None


def main():
    screenshots = sys.argv[2] if len(sys.argv) == 3 and sys.argv[1] == "--screenshots" else None
    with tempfile.TemporaryDirectory() as work:
        page = os.path.join(work, "report.html")
        run = subprocess.run([BINARY, "simulate", "slow-starters", "--compare", ",".join(POLICIES), "--html", page,
                              "--output", "json"], capture_output=True, text=True, check=False)
        check("the simulation ends well", run.returncode == 0, run.stderr)
        runs = {one["policy"]: one for one in json.loads(run.stdout)["runs"]}
        source = open(page, encoding="utf-8").read()
        check("the page needs nothing from elsewhere", not re.search(r"""(?:src|href)\s*=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)""", source))

        dom, said = chromium("--dump-dom", f"file://{page}")
        check("the browser's console is silent", not said, said)
        seen = Page(dom)
        charts = {name: [c for c in seen.charts if c["section"] == name] for name in ("serving", "lost", "nodes")}
        check("there is a chart of the service, one of losses, and one of nodes for each policy",
              [len(charts[name]) for name in ("serving", "lost", "nodes")] == [1, 1, 3], charts)
        check("every chart has a role, a label and a title",
              all(c["role"] == "img" and c["label"] and c["title"] for c in seen.charts), seen.charts)
        points = 136  # 135 seconds and their beginning
        lines = sorted((policy, points) for policy in POLICIES)
        check("serving replicas are a line for each policy, a point a second", sorted(charts["serving"][0]["shapes"]) == lines, charts["serving"])
        check("so are losses", sorted(charts["lost"][0]["shapes"]) == lines, charts["lost"])
        check("nodes are areas, with an upper and a lower edge",
              all(shape[1] == 2 * points for c in charts["nodes"] for shape in c["shapes"]), charts["nodes"])
        check("AWS's handler shows cordoned nodes, and Spotkeeper marked or cordoned ones",
              "cordoned" in dict(charts["nodes"][1]["shapes"]) and {"marked", "cordoned"} & set(dict(charts["nodes"][2]["shapes"])),
              charts["nodes"])
        check("the figures on the page are those of the JSON",
              seen.cards == {policy: runs[policy]["requests"]["lost"] for policy in POLICIES}, seen.cards)
        rows = {row[0]: row[1:] for row in seen.rows if row}
        check("so are those of its table",
              [int(cell.replace(",", "")) for cell in rows["requests lost"]] == [runs[p]["requests"]["lost"] for p in POLICIES], rows)
        series = {one["policy"]: one["series"] for one in json.loads(re.search(
            r'<script type="application/json" id="data">(.*?)</script>', source, re.S).group(1))["runs"]}
        check("the chart's losses add up to those lost while the clock ran",
              all(sum(series[p]["lost"]) <= runs[p]["requests"]["lost"] and
                  (sum(series[p]["lost"]) > 0) == (runs[p]["requests"]["lost"] > 0) for p in POLICIES))

        own = os.path.join(work, "own.html")
        with open(os.path.join(work, "web.yaml"), "w", encoding="utf-8") as out:
            out.write(MANIFESTS)
        run = subprocess.run([BINARY, "simulate", "--from", os.path.join(work, "web.yaml"), "--html", own, "--output", "json"],
                             capture_output=True, text=True, check=False)
        check("a world made of manifests is simulated", run.returncode == 0, run.stderr)
        answer = json.loads(run.stdout)
        dom, said = chromium("--dump-dom", f"file://{own}")
        section = re.search(r'<section id="answer".*?</section>', dom, re.S)
        told = html.unescape(section.group(0)) if section else ""
        check("its page asks the question", not said and f"What if {answer['storm']}?" in told, said or told)
        best = answer["changes"]["tried"][0]
        check("and has the best change with its figures",
              f"<li>{best['workload']}: {best['change']}: {answer['changes']['lost']:,} → {best['lost']:,} lost</li>" in told, told)
        check("and everything that was assumed", all(f"<li>{one}</li>" in told for one in answer["assumptions"]), told)

        broken = os.path.join(work, "broken.html")
        with open(broken, "w", encoding="utf-8") as out:
            out.write(source.replace("const policies =", "nobody.knows(this);\nconst policies ="))
        _, said = chromium("--dump-dom", f"file://{broken}")
        check("a page with a mistake would have been noticed", bool(said))

        if screenshots:
            os.makedirs(screenshots, exist_ok=True)
            for name, flags in (("light", []), ("dark", ["--blink-settings=preferredColorScheme=0", "--force-dark-mode"]),
                                ("narrow", ["--window-size=420,3600"])):
                chromium("--hide-scrollbars", "--window-size=1200,1900", *flags,
                         f"--screenshot={os.path.join(screenshots, name)}.png", f"file://{page}")
    return failed


sys.exit(1 if main() else 0)
