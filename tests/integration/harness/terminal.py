"""A program at a terminal of its own, typed to and read as a person would."""
import os
import pty
import re
import select
import signal
import time


class Terminal:
    def __init__(self, *command, cwd):
        self._heard = ""
        self._pid, self._descriptor = pty.fork()
        if self._pid == 0:
            os.chdir(cwd)
            os.environ.update(TERM="dumb", PS1="ready> ", HOME=str(cwd))
            os.execvp(command[0], command)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._descriptor)

    def type(self, text):
        """What was heard before is forgotten."""
        self._heard = ""
        os.write(self._descriptor, text.encode())

    def wait_for(self, pattern, timeout=10.0):
        """Until what is heard since the last typing matches."""
        deadline = time.monotonic() + timeout
        while not (found := re.search(pattern, self._heard)):
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self._descriptor], [], [], left)[0], f"no {pattern!r} in {self._heard!r}"
            self._heard += os.read(self._descriptor, 65536).decode(errors="replace")
        return found
