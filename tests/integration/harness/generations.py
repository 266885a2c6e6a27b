"""Processes that follow one another: held by pidfd, found by a mark in their environment, their ends kept to be judged."""
import contextlib
import ctypes
import os
import pathlib
import select
import signal
import uuid

from harness.process_facts import is_alive
from harness.waiting import wait_until

PR_SET_CHILD_SUBREAPER = 36
MARK = "HAWSER_TEST_FAMILY"
LIBC = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def adopting_orphans():
    """Inside, a process whose parent has ended becomes a child of this one, which so learns how it ends."""
    assert LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


class Generation:
    """One process. The pidfd keeps its number from meaning another one, and tells its end whoever its parent is."""

    def __init__(self, pid):
        self.pid = pid
        self.expected_end = 0
        self._descriptor = os.pidfd_open(pid)

    def __repr__(self):
        return f"process {self.pid}"

    def is_running(self):
        return self._descriptor >= 0 and not select.select([self._descriptor], [], [], 0)[0]

    def send_signal(self, number):
        signal.pidfd_send_signal(self._descriptor, number)

    def wait_for_end(self, timeout=10.0):
        """How it ended (see ending()), which is to come within `timeout`."""
        ended, _, _ = select.select([self._descriptor], [], [], timeout)
        assert ended, f"{self} still runs after {timeout} s"
        return self.ending()

    def ending(self):
        """Its exit status, minus the number of the signal that ended it, or None where its own parent took the word."""
        try:
            found = os.waitid(os.P_PIDFD, self._descriptor, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return None
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status

    def facts(self, name):
        """The bytes of a file of /proc/PID."""
        return pathlib.Path(f"/proc/{self.pid}/{name}").read_bytes()

    def status_field(self, name):
        return next(line.split(":")[1].strip() for line in self.facts("status").decode().splitlines()
                    if line.startswith(name + ":"))

    def environment(self):
        return [entry.decode() for entry in self.facts("environ").split(b"\0") if entry]

    def close(self):
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def other_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def parent_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[1])


def zombies_below(pid):
    """Children of a process that have ended and that it has not waited for."""
    found = []
    for other in other_pids():
        with contextlib.suppress(OSError):
            if parent_of(other) == pid and not is_alive(other):
                found.append(other)
    return found


class Family:
    """All processes that descend from one that was given `environment`, whatever became of their parents."""

    def __init__(self):
        self._mark = uuid.uuid4().hex
        self.environment = {MARK: self._mark}

    def members(self):
        """The living ones, by number."""
        wanted = f"{MARK}={self._mark}".encode()
        found = []
        for pid in other_pids():
            with contextlib.suppress(OSError):
                if wanted in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") and is_alive(pid):
                    found.append(pid)
        return sorted(found)

    def wait_for(self, pids, timeout=10.0):
        """Until exactly these processes are alive."""
        expected = sorted(pids)
        wait_until(lambda: self.members() == expected, timeout, f"{expected} to be all (there are {self.members()})")

    def kill(self):
        """Leaves none; returns those that had to be killed."""
        killed = []
        while left := self.members():
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not set(left) & set(self.members()), 10, f"{left} to be gone")
            killed += left
        return killed


def reap(pid):
    """Takes a dead child's word, if it is ours."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
