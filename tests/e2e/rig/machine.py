"""What the rig asks of the operating system: commands, polls with a bound, processes that are surely the ones meant."""
import fcntl
import os
import select
import signal
import subprocess
import time


class Failed(Exception):
    """Something did not come about; the message says what, for a person."""


def run(*command, check=True, text_input=None):
    """Runs a command to its end and returns its output; a failure carries what the command said."""
    done = subprocess.run([str(part) for part in command], input=text_input, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def await_until(what, probe, bound=60.0, alive=None, every=0.05):
    """Polls `probe` until it gives something true, and returns that.

    `alive`: a function that is false once the thing waited for can no longer come, which ends the wait at once.
    """
    end = time.monotonic() + bound
    while True:
        found = probe()
        if found:
            return found
        if alive is not None and not alive():
            raise Failed(f"{what}: its process ended")
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {bound:.0f} s")
        select.select([], [], [], every)


def boot_id():
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def start_time(pid):
    """When the process began, in ticks since boot; None: it is gone. With pid and boot it names one process for ever."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def children_of(pid):
    """The processes whose parent this is."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


class Process:
    """One process that was started once; a later one with the same pid is another."""

    def __init__(self, pid, started):
        self.pid, self.started = pid, started

    def alive(self):
        return self.started is not None and start_time(self.pid) == self.started

    def age(self):
        """Seconds since it was started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.started / os.sysconf("SC_CLK_TCK")

    def signal(self, number, group=False):
        """Sends a signal to this process and to no other; `group` also to the process group that it leads."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if not self.alive():
                return
            if group and os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, number)
            else:
                signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)


def kill_all(processes, bound=10.0):
    """Kills, and waits until the last one is gone, with its children (the first process of a node is one)."""
    family = list(processes)
    for process in processes:
        family += [Process(child, start_time(child)) for child in children_of(process.pid) if process.alive()]
    for process in processes:
        process.signal(signal.SIGKILL, group=True)

    def gone():
        reap()
        return not any(process.alive() for process in family)

    await_until("the end of processes that were killed", gone, bound, every=0.01)


def reap():
    """Takes away those of our own children that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


class Lock:
    """The one lock of the machine's rig. Ends with its holder, however that ends."""

    PATH = "/run/spotkeeper-rig.lock"

    def __init__(self):
        self._file = os.open(self.PATH, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, bound):
        """False when another holds it all the time."""
        end = time.monotonic() + bound
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() >= end:
                    return False
                select.select([], [], [], 0.05)

    def text(self):
        return os.pread(self._file, 4096, 0).decode(errors="replace").strip()

    def write(self, text):
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text.encode(), 0)
