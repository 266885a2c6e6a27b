"""nginx and HAProxy as they are installed, started with a file and ended with the test."""
import os
import re
import shutil
import signal
import subprocess

from harness.line_collector import LineCollector
from harness.waiting import wait_until

# Debian keeps both where only root's PATH looks.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def program(name):
    found = shutil.which(name, path=PATH)
    assert found, f"{name} is not installed; packaging/install-dependencies.sh test installs it"
    return found


def nginx_command(file, *arguments):
    """nginx with a file; what it says before it has read the file goes to stderr, not to the machine's own log."""
    return [program("nginx"), "-e", "stderr", "-p", str(file.parent), "-c", str(file), *arguments]


def run_nginx(file, *arguments):
    return subprocess.run(nginx_command(file, *arguments), capture_output=True, text=True, timeout=20)


def run_haproxy(file, *arguments):
    return subprocess.run([program("haproxy"), "-f", str(file), *arguments], capture_output=True, text=True, timeout=20)


def haproxy_version():
    """As (2, 6)."""
    done = subprocess.run([program("haproxy"), "-v"], capture_output=True, text=True, timeout=20)
    return tuple(int(part) for part in re.search(r"version (\d+)\.(\d+)", done.stdout).groups())


def catches(pid, number):
    """Whether a process has a handler for the signal and lets it in."""
    with open(f"/proc/{pid}/status") as status:
        masks = {line[:6]: int(line.split(":")[1], 16) for line in status if line.startswith(("SigBlk:", "SigCgt:"))}
    return (masks["SigCgt"] & ~masks["SigBlk"]) >> (number - 1) & 1 == 1


class PeerProxy:
    """A proxy of another project in the foreground."""

    end_signal = signal.SIGTERM

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="backslashreplace")
        self.log = LineCollector(self.process.stdout)

    @property
    def pid(self):
        return self.process.pid

    def wait_until_ready(self):
        """For what cannot be told from its listening."""

    def send_signal(self, number):
        self.process.send_signal(number)

    def wait_for_exit(self, timeout=10.0):
        return self.process.wait(timeout)

    def finish(self):
        if self.process.poll() is None:
            self.process.send_signal(self.end_signal)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Nginx(PeerProxy):
    def __init__(self, file):
        # Where root runs it, its workers stay root: those of another user would not reach the test's folder.
        user = " user root;" if os.geteuid() == 0 else ""
        super().__init__(nginx_command(file, "-g", f"daemon off;{user}"))


class Haproxy(PeerProxy):
    """With a master, as under systemd. It accepts before it hears signals, and ignores those that come too early."""

    def __init__(self, file):
        super().__init__([program("haproxy"), "-W", "-db", "-f", str(file)])

    def wait_until_ready(self):
        wait_until(lambda: catches(self.pid, signal.SIGUSR2), 15, "the master to hear signals")
