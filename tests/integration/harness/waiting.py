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


def wait_until_steady(value, seconds, timeout=10.0):
    """Returns what `value` answers once it was the same, and not zero, for `seconds`."""
    deadline = time.monotonic() + timeout
    last, since = value(), time.monotonic()
    while not last or time.monotonic() - since < seconds:
        assert time.monotonic() < deadline, f"still changing after {timeout} s: {last}"
        time.sleep(0.02)
        now = value()
        if now != last:
            last, since = now, time.monotonic()
    return last


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self):
        self._start = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self._start
