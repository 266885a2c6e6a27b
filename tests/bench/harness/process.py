"""Starting processes pinned to one CPU, with all the descriptors the system allows, and ending them for certain."""

import os
import resource
import signal
import subprocess
import time

PROXY_CPU = 0
LOAD_CPU = 1


class BenchError(Exception):
    """Something without which no figure can be trusted: said to the user as it is, without a traceback."""


def spawn(command, cpu, **options):
    """Starts `command` on one CPU in a session of its own, so that stop() reaches all its children."""

    def prepare():
        os.sched_setaffinity(0, {cpu})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    return subprocess.Popen(command, preexec_fn=prepare, start_new_session=True, **options)


def stop(process, first_signal=signal.SIGTERM, timeout=10):
    """Asks politely, then kills the whole session. Safe to call twice."""
    if process.poll() is None:
        process.send_signal(first_signal)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def wait_until(condition, what, timeout=10):
    """Polls `condition` until it returns something true, and returns that."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise BenchError(f"waited {timeout} s in vain for {what}")
        time.sleep(0.02)
