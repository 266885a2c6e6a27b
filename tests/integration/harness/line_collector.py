"""Reads a child's output line by line in a thread of its own, for tests that wait for what it says."""
import re
import threading
import time


class LineCollector:
    def __init__(self, stream):
        self._stream = stream
        self._lines = []
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._stream:
            with self._changed:
                self._lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def lines(self):
        with self._changed:
            return list(self._lines)

    @property
    def text(self):
        return "\n".join(self.lines)

    def position(self):
        """A place to give to wait_for: only lines after it count."""
        with self._changed:
            return len(self._lines)

    def _find(self, pattern, start):
        for line in self._lines[start:]:
            found = re.search(pattern, line)
            if found:
                return found
        return None

    def count(self, pattern):
        return sum(1 for line in self.lines if re.search(pattern, line))

    def wait_for(self, pattern, timeout=5.0, start=0):
        """The first match of `pattern` from line `start` on; fails with everything heard when none comes in time."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = self._find(pattern, start)
                if found:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self._ended:
                    heard = "\n".join(self._lines[-40:])
                    raise AssertionError(f"no line matches {pattern!r} within {timeout} s; heard:\n{heard}")
                self._changed.wait(left)

    def wait_for_end(self, timeout=5.0):
        self._thread.join(timeout)

    def close(self):
        """For the end of the child. A grandchild that still holds the pipe keeps the reader, and the stream, alive."""
        self._thread.join(2)
        if not self._thread.is_alive():
            self._stream.close()
