"""Hawser started from a copy of its binary that a test may replace, and followed from one process to the next."""
import os
import pathlib
import re
import shutil
import signal

from harness.binaries import put_copy
from harness.configuration import with_changes
from harness.generations import Family, Generation, reap
from harness.hawser_process import LISTENING, SANITIZER, Hawser, run_hawser
from harness.socket_owners import accepts_anywhere
from harness.waiting import wait_until

UPGRADED = r"\bupgraded\b.*\bpid=(\d+)"
UPGRADE_FAILED = r"\bupgrade failed, nothing changed\b"
SANITIZER_VARIABLES = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")


def sanitizers_into(path):
    """What sanitizers say goes to files, whatever became of standard error."""
    return {name: ":".join(filter(None, [os.environ.get(name), f"log_path={path}"])) for name in SANITIZER_VARIABLES}


class UpgradingHawser(Hawser):
    """`pid` and send_signal() mean the newest process; `generations` are all so far, the oldest first. The configuration
    gets a pid file unless it says `pid_file=None`, or where. `program` is what to run where it is not the copy's path."""

    def __init__(self, folder, configuration, program=None, environment=None, **options):
        self.binary = folder / "bin" / "hawser"
        self.binary.parent.mkdir()
        put_copy(self.binary)
        self.pid_file = folder / "hawser.pid"
        self.family = Family()
        self.generations = []
        self._failures_seen = 0
        self._has_pid_file = configuration.get("pid_file", "a default") is not None
        self._sanitizers = folder / "sanitizer"
        super().__init__(folder, configuration, program=program or str(self.binary), environment={
            **self.family.environment, **sanitizers_into(self._sanitizers), **(environment or {})}, **options)
        try:
            wait_until(lambda: self._named_pid() in self.family.members(), 10, "a pid file that names the process")
        except AssertionError:
            self.family.kill()
            raise AssertionError(f"no process in the pid file; log:\n{self.log.text}") from None
        self.generations.append(Generation(self._named_pid()))

    def write(self, configuration):
        if "pid_file" not in configuration:
            configuration = with_changes(configuration, pid_file=str(self.pid_file))
        super().write({key: value for key, value in configuration.items() if value is not None})

    def _named_pid(self):
        """The process in charge: by the pid file, or by the log where there is none."""
        if not self._has_pid_file:
            return int(next(reversed(re.findall(UPGRADED, self.log.text)), self.process.pid))
        try:
            return int(self.pid_file.read_text())
        except (OSError, ValueError):  # it is being written
            return None

    @property
    def newest(self):
        return self.generations[-1]

    @property
    def oldest(self):
        return self.generations[0]

    @property
    def pid(self):
        return self.newest.pid

    def send_signal(self, number):
        self.newest.send_signal(number)

    def is_running(self):
        return any(generation.is_running() for generation in self.generations)

    # Upgrades.

    def upgrade(self, timeout=20.0):
        """USR2; returns the new process, once the pid file names it and the old one has let go of all sockets."""
        self.newest.send_signal(signal.SIGUSR2)
        return self.follow(timeout)

    def follow(self, timeout=20.0):
        """Waits for the next process, whatever asked for it."""
        before = self.pid
        try:
            wait_until(lambda: self._named_pid() not in (None, before) or self._has_failed_again(), timeout,
                       f"another process than {before} in the pid file")
            assert self._named_pid() != before, "the upgrade failed"
        except AssertionError as failure:
            raise AssertionError(f"{failure}; log:\n{self.log.text[-4000:]}") from None
        self.generations.append(Generation(self._named_pid()))
        self._failures_seen = self.log.count(UPGRADE_FAILED)
        wait_until(lambda: not accepts_anywhere(before), 10, f"{before} to accept no more")
        return self.newest

    def _has_failed_again(self):
        return self.log.count(UPGRADE_FAILED) > self._failures_seen

    def upgrade_refused(self, timeout=20.0):
        """USR2 that must change nothing; returns the lines logged about it."""
        start = self.log.position()
        self.newest.send_signal(signal.SIGUSR2)
        return self.wait_for_refusal(start, timeout)

    def wait_for_refusal(self, start=0, timeout=20.0):
        self.log.wait_for(UPGRADE_FAILED, timeout, start)
        self._failures_seen = self.log.count(UPGRADE_FAILED)
        return self.log.lines[start:]

    def ask(self, word, **options):
        """hawser -s WORD, done."""
        return run_hawser("-c", str(self.file), "-s", word, **options)

    def address_since(self, start, listener="public", timeout=10.0):
        """What the listener's line says from a place in the log on."""
        host, port = self.log.wait_for(LISTENING.format(name=f'"?{listener}"?'), timeout, start).group(1).rsplit(":", 1)
        return host.strip("[]"), int(port)

    # The end.

    def wait_for_exit(self, timeout=10.0):
        for generation in self.generations:
            generation.wait_for_end(timeout)
        return self.newest.ending()

    def stop(self, number=signal.SIGTERM, timeout=10.0):
        """Ends the newest process, which must end the others, and judges all."""
        if self.newest.is_running():
            self.send_signal(number)
        self.wait_for_all(timeout)
        self.judge_all()

    def wait_for_all(self, timeout=10.0):
        for generation in self.generations:
            try:
                generation.wait_for_end(timeout)
            except AssertionError as late:
                raise AssertionError(f"{late}; log:\n{self.log.text[-4000:]}") from None

    def judge_all(self):
        self._judged = True
        self.log.wait_for_end()
        said = "".join(file.read_text() for file in pathlib.Path(self.folder).glob("sanitizer.*"))
        assert not said, said
        assert not SANITIZER.search(self.log.text), self.log.text
        for generation in self.generations:
            assert generation.ending() in (generation.expected_end, None), \
                f"{generation} ended with {generation.ending()}; log:\n{self.log.text[-4000:]}"

    def finish(self):
        """As Hawser's; a process that is still there when all ended is a failure."""
        try:
            if not self._judged and self.generations:
                self.stop()
        finally:
            left = self.family.kill()
            for pid in [*left, *(generation.pid for generation in self.generations if generation.pid != self.process.pid)]:
                reap(pid)
            self.process.wait()
            for generation in self.generations:
                generation.close()
            self.log.close()
            self.output.close()
            shutil.rmtree(self.binary.parent)  # programs are large, and pytest keeps folders
        assert not left, f"{left} were still there; log:\n{self.log.text[-4000:]}"
