#!/usr/bin/env python3
"""The completion scripts in the shells that they are for: bash, fish, and zsh on a terminal."""
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time

BINARY = os.path.abspath(os.environ.get("SPOTKEEPER_BINARY") or
                         os.path.join(os.path.dirname(__file__), "../../build/release/spotkeeper"))
failed = 0


def check(sentence, wanted, found):
    global failed
    holds = set(wanted) == set(found)
    print(f"ok {sentence}" if holds else f"FAIL {sentence}: expected {sorted(wanted)}, got {sorted(found)}")
    failed += not holds


def bash(*words):
    line = " ".join(f"'{word}'" for word in words)
    script = (f"source <({BINARY} completion bash); COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _spotkeeper; "
              'printf "%s\\n" "${COMPREPLY[@]}"')
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()


def fish(line):
    script = f"{BINARY} completion fish | source; complete -C '{line}'"
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True)
    return [row.split("\t")[0] for row in done.stdout.splitlines()]


class Zsh:
    """An interactive zsh whose only completion functions are its own and ours."""

    def __init__(self, folder):
        with open(os.path.join(folder, "_spotkeeper"), "w", encoding="utf-8") as script:
            subprocess.run([BINARY, "completion", "zsh"], stdout=script, check=True)
        with open(os.path.join(folder, ".zshrc"), "w", encoding="utf-8") as settings:
            settings.write(f"fpath=({folder} $fpath)\nautoload -U compinit; compinit -u -d {folder}/dump\nPS1='READY> '\n")
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe("zsh", ["zsh", "-i"], {**os.environ, "ZDOTDIR": folder, "TERM": "dumb"})
        self.until("READY> ")

    def until(self, text):
        """What came up to `text`, or in 20 s."""
        seen, limit = "", time.time() + 20
        while text not in seen and time.time() < limit:
            if select.select([self.terminal], [], [], 0.1)[0]:
                seen += os.read(self.terminal, 65536).decode(errors="replace")
        return seen

    def finish(self, line, text):
        """Whether a press of the tab key after `line` makes the line `text`."""
        os.write(self.terminal, f"{line}\t".encode())
        whole = text in self.until(text)
        os.write(self.terminal, b"\x15")  # Ctrl-U: an empty line
        return whole

    def end(self):
        os.close(self.terminal)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    open("mine.yaml", "w", encoding="utf-8").close()

    check("bash: a command", ["simulate"], bash("spotkeeper", "sim"))
    check("bash: a shipped scenario", ["one-node"], bash("spotkeeper", "simulate", "one-n"))
    check("bash: a scenario file", ["mine.yaml"], bash("spotkeeper", "simulate", "mi"))
    check("bash: a value after a space", ["none"], bash("spotkeeper", "simulate", "--policy", "n"))
    check("bash: a value after =", ["none"], bash("spotkeeper", "simulate", "--policy", "=", "n"))
    check("bash: no file where none is taken", ["bash", "zsh", "fish"], bash("spotkeeper", "completion", ""))
    check("fish: a shipped scenario", ["one-node"], fish("spotkeeper simulate one-n"))
    check("fish: a scenario file", ["mine.yaml"], fish("spotkeeper simulate mi"))
    check("fish: a flag's value", ["none"], fish("spotkeeper simulate --policy n"))
    check("fish: what is migrated", ["nth-values"], fish("spotkeeper migrate nth"))
    check("fish: whose words are taken", ["nth"], fish("spotkeeper agent --compat n"))
    zsh = Zsh(work)
    check("zsh: the first press of the tab key", [True], [zsh.finish("spotkeeper simul", "spotkeeper simulate ")])
    check("zsh: a shipped scenario", [True], [zsh.finish("spotkeeper simulate one-n", "simulate one-node ")])
    check("zsh: a scenario file", [True], [zsh.finish("spotkeeper simulate mi", "simulate mine.yaml ")])
    check("zsh: a flag's value", [True], [zsh.finish("spotkeeper simulate --policy del", "delete-all-now ")])
    check("zsh: what is migrated", [True], [zsh.finish("spotkeeper migrate nth", "migrate nth-values ")])
    check("zsh: and from which file", [True], [zsh.finish("spotkeeper migrate nth-values mi", "nth-values mine.yaml ")])
    zsh.end()
    os.chdir("/")
sys.exit(1 if failed else 0)
