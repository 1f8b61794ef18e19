"""The state folder of a rig: where everything is, and the journal of what was made.

A line of the journal is written before the thing exists: {"kind": "process"|"namespace"|"link"|"cgroup", …}. So a rig
that was killed at any moment leaves a journal from which `down` finds everything, and nothing that is not the rig's.
"""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess

import cgroups
from machine import Failed, Process, boot_id, kill_all, run, start_time

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]


class State:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.log = self.folder / "log"
        self.nodes = self.folder / "nodes"
        self.users = self.folder / "users"
        self.images = self.folder / "images"
        self.pki = self.folder / "pki"
        self.bin = self.folder / "bin"
        self.admin = self.folder / "admin.kubeconfig"
        self.cgroup = self.folder.name
        self._mark = self.folder / "made-by-a-rig"
        self._journal = self.folder / "journal"
        self._facts = self.folder / "facts.json"

    @classmethod
    def default(cls):
        return cls(os.path.abspath(os.environ.get("SPOTKEEPER_RIG") or "/tmp/spotkeeper-rig"))

    # The journal

    def exists(self):
        return self._journal.exists()

    def create(self):
        """A folder with an empty journal, ours alone (it holds keys)."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._mark.touch()
        shutil.rmtree(self.log, ignore_errors=True)
        for folder in (self.log, self.nodes, self.users, self.images, self.pki):
            folder.mkdir(exist_ok=True)
        self._journal.touch()

    def refuse_foreign(self):
        """A folder in which somebody else has put something is no rig's: `down` would delete that."""
        there = {part.name for part in self.folder.iterdir()} if self.folder.exists() else set()
        if there - {self.log.name} and not (self._mark.exists() or self.exists()):
            raise Failed(f"{self.folder} is not empty, and no rig has made it: SPOTKEEPER_RIG names the folder for one")

    def record(self, **entry):
        """Appends a line in one write, so that lines of several processes never mix."""
        line = (json.dumps(dict(entry, boot=boot_id())) + "\n").encode()
        journal = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(journal, line)
        finally:
            os.close(journal)

    def entries(self, kind):
        """The entries of this boot, oldest first; after a reboot of the machine none of them is there any more."""
        try:
            lines = self._journal.read_text().splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            with contextlib.suppress(json.JSONDecodeError):  # the last line of a disk that was full
                entry = json.loads(line)
                if entry["kind"] == kind and entry["boot"] == boot_id():
                    found.append(entry)
        return found

    # Facts: what later commands need to know of earlier ones

    def facts(self):
        try:
            return json.loads(self._facts.read_text())
        except FileNotFoundError:
            return {}

    def learn(self, **facts):
        part = self._facts.with_suffix(".part")
        part.write_text(json.dumps(dict(self.facts(), **facts), indent=1))
        part.replace(self._facts)

    # Processes

    def start(self, name, command, log=None, namespace=None, folder=None, environment=None):
        """Starts a program in the background, recorded before it runs, in a session of its own."""
        log = log or self.log / f"{name}.log"
        if namespace is not None:
            command = ["nsenter", f"--net=/run/netns/{namespace}", "--", *command]

        def record_itself():
            self.record(kind="process", name=name, pid=os.getpid(), started=start_time(os.getpid()))

        with open(log, "ab") as output:
            # No thread runs in this program, so the child may do more than exec.
            child = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, preexec_fn=record_itself, cwd=folder, env=environment)
        return Process(child.pid, start_time(child.pid))

    def processes(self, name=None):
        return [Process(entry["pid"], entry["started"]) for entry in self.entries("process")
                if name is None or entry["name"] == name]

    def living(self, name):
        return next((process for process in reversed(self.processes(name)) if process.alive()), None)

    def tail(self, name, lines=5):
        try:
            return "\n".join((self.log / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    # The end

    def destroy(self):
        """Ends all that the journal names and is still the same; keeps the logs. Returns (pid, namespace) of others."""
        self.refuse_foreign()
        kill_all([process for process in self.processes() if process.alive()])
        # A link first: with its namespace it would go by itself, at a moment of the kernel's choice.
        for entry in reversed(self.entries("link")):
            if os.path.exists(f"/sys/class/net/{entry['name']}"):
                run("ip", "link", "del", entry["name"])
        strangers = []
        for entry in reversed(self.entries("namespace")):
            if os.path.exists(f"/run/netns/{entry['name']}"):
                strangers += [(int(pid), entry["name"]) for pid in run("ip", "netns", "pids", entry["name"]).split()]
                run("ip", "netns", "del", entry["name"])
        for entry in self.entries("cgroup"):
            cgroups.remove(entry["name"])
        for part in self.folder.iterdir() if self.folder.exists() else []:
            if part not in (self.log, self._mark, self._journal):
                shutil.rmtree(part) if part.is_dir() and not part.is_symlink() else part.unlink()
        self._journal.unlink(missing_ok=True)
        return strangers
