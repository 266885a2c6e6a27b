"""The real binary under test: started with a YAML file, watched through its log, ended and judged."""
import os
import re
import signal
import subprocess

from harness.configuration import as_text
from harness.line_collector import LineCollector
from harness.process_facts import descriptor_count, memory_bytes
from harness.waiting import wait_until

SANITIZER = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer")
LISTENING = r"\blistening listener={name} address=(\S+)"
RELOADED = r"\breloaded\b"
RELOAD_FAILED = r"\breload (failed|refused)\b"


def hawser_binary():
    default = os.path.join(os.path.dirname(__file__), "../../../build/release/hawser")
    return os.path.abspath(os.environ.get("HAWSER_BIN", default))


def is_sanitized():
    """A build with sanitizers keeps freed memory and is slow: figures of memory and time say nothing about it."""
    return b"__asan_init" in open(hawser_binary(), "rb").read() or b"__tsan_init" in open(hawser_binary(), "rb").read()


def run_hawser(*arguments, timeout=10, **options):
    """Runs the binary to its end, for the command line's own work."""
    return subprocess.run([hawser_binary(), *arguments], capture_output=True, text=True, timeout=timeout, **options)


class Hawser:
    def __init__(self, folder, configuration, arguments=(), preexec=None, environment=None, launcher=(), pass_fds=(),
                 program=None, cwd=None):
        self.folder = folder
        self.file = folder / "hawser.yaml"
        self.expected_exit = 0
        self._judged = False
        self.write(configuration)
        self.process = subprocess.Popen(
            [*launcher, program or hawser_binary(), "-c", str(self.file), *arguments], cwd=cwd or folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="backslashreplace", preexec_fn=preexec, pass_fds=pass_fds,
            env={**os.environ, **(environment or {})})
        self.log = LineCollector(self.process.stderr)
        self.output = LineCollector(self.process.stdout)

    @property
    def pid(self):
        return self.process.pid

    def write(self, configuration):
        """Replaces the file in one step; nothing is told to the process."""
        temporary = self.folder / "hawser.yaml.new"
        temporary.write_text(as_text(configuration))
        temporary.rename(self.file)

    def address(self, listener="public", timeout=10.0):
        """What the listener bound: (host, port), or the path of a unix socket."""
        name = re.escape(listener)
        found = self.log.wait_for(LISTENING.format(name=f'"?{name}"?'), timeout).group(1).strip('"')
        if found.startswith("unix:"):
            return found[len("unix:"):]
        host, port = found.rsplit(":", 1)
        return host.strip("[]"), int(port)

    def url(self, scheme="ws", path="/", listener="public"):
        host, port = self.address(listener)
        return f"{scheme}://{host}:{port}{path}"

    def send_signal(self, number):
        self.process.send_signal(number)

    def reload(self, configuration=None, timeout=10.0):
        """HUP, with a new file if one is given; returns once the log says that it was taken."""
        if configuration is not None:
            self.write(configuration)
        start = self.log.position()
        self.send_signal(signal.SIGHUP)
        self.log.wait_for(RELOADED, timeout, start)

    def reload_refused(self, configuration, timeout=10.0):
        """HUP with a file that must not be taken; returns the lines logged about it."""
        self.write(configuration)
        start = self.log.position()
        self.send_signal(signal.SIGHUP)
        self.log.wait_for(RELOAD_FAILED, timeout, start)
        return self.log.lines[start:]

    def descriptors(self):
        return descriptor_count(self.pid)

    def memory(self, field="Rss"):
        return memory_bytes(self.pid, field)

    def wait_for_descriptors(self, expected, timeout=10.0):
        wait_until(lambda: self.descriptors() <= expected, timeout,
                   f"{expected} descriptors (there are {self.descriptors()})")

    def is_running(self):
        return self.process.poll() is None

    def wait_for_exit(self, timeout=10.0):
        code = self.process.wait(timeout)
        self.log.wait_for_end()
        return code

    def stop(self, number=signal.SIGTERM, timeout=10.0):
        """Ends the process and checks that it ended well: its exit code, and no word of a sanitizer."""
        if self.is_running():
            self.send_signal(number)
        try:
            code = self.wait_for_exit(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs {timeout} s after signal {number}; log:\n{self.log.text}") from None
        self.judge(code)

    def judge(self, code):
        self._judged = True
        assert not SANITIZER.search(self.log.text), self.log.text
        assert code == self.expected_exit, f"exit code {code}; log:\n{self.log.text[-4000:]}"

    def finish(self):
        """For the end of a test: stop unless the test did, and leave nothing behind whatever happens."""
        try:
            if not self._judged:
                self.stop()
        finally:
            if self.is_running():
                self.process.kill()
                self.process.wait()
            self.log.close()
            self.output.close()
