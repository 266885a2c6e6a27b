"""Waiting for a condition with a deadline; the only place where the tests poll."""
import time


def wait_until(condition, timeout=5.0, what="the condition"):
    """Returns the first truthy answer of `condition`; fails when `timeout` seconds pass without one."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {timeout} s for {what}"
        time.sleep(0.005)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self):
        self._start = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self._start
