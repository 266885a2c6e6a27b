"""Real servers and clients of other projects: built once per session, started as processes, ended with the test."""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess

from harness.line_collector import LineCollector

ROOT = pathlib.Path(__file__).resolve().parents[3]
SOURCES = ROOT / "tests/support/peers"
BUILD = ROOT / "build/peers"
PYTHON = "/usr/bin/python3"


def build_go(name):
    """The Go program's path, built with Debian's packages alone."""
    program = BUILD / name
    source = SOURCES / "go" / name
    if program.exists() and all(program.stat().st_mtime >= file.stat().st_mtime for file in source.iterdir()):
        return program
    BUILD.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
                   "GOCACHE": str(BUILD / "go-cache")}
    built = subprocess.run(["go", "build", "-o", str(program), "."], cwd=source, env=environment, capture_output=True,
                           text=True)
    assert built.returncode == 0, built.stderr
    return program


def node_folder():
    """A folder with the JavaScript peers and what the lock file names, installed when the lock file changed."""
    folder = BUILD / "node"
    folder.mkdir(parents=True, exist_ok=True)
    for file in [*(SOURCES / "node").glob("*.js*"), SOURCES / "node/.npmrc"]:
        shutil.copy(file, folder / file.name)
    wanted = hashlib.sha256((SOURCES / "node/package-lock.json").read_bytes()).hexdigest()
    stamp = folder / ".installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        installed = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True)
        assert installed.returncode == 0, installed.stderr
        stamp.write_text(wanted)
    return folder


def wrap(command):
    return [str(part) for part in command]


class PeerServer:
    """A child that says "listening HOST:PORT" (or a unix path) on stdout once it accepts."""

    def __init__(self, command, cwd=None):
        self.process = subprocess.Popen(wrap(command), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, text=True)
        self.output = LineCollector(self.process.stdout)
        self.address = self.output.wait_for(r"^listening (\S+)", 15).group(1)

    @property
    def pid(self):
        return self.process.pid

    @property
    def host_and_port(self):
        host, port = self.address.rsplit(":", 1)
        return host, int(port)

    def kill(self):
        """kill -9: the kernel resets or ends its connections, nobody says good-bye."""
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def finish(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.output.close()


class ReportingClient:
    """Clients in one child that says "ready", answers "report" with its counts and ends politely on "stop"."""

    def __init__(self, command, timeout=60):
        self.process = subprocess.Popen(wrap(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.output = LineCollector(self.process.stdout)
        self.output.wait_for("^ready", timeout)

    def _ask(self, word, timeout):
        start = self.output.position()
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return json.loads(self.output.wait_for(r"^\{.*", timeout, start).group(0))

    def report(self):
        return self._ask("report", 10)

    def stop(self):
        """Lets all end politely; the final counts."""
        counts = self._ask("stop", 30)
        self.process.wait(30)
        return counts

    def finish(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.output.close()


class HoldClient(ReportingClient):
    """Many live sessions; see tests/support/peers/go/hold_client."""

    def __init__(self, url, sessions, interval="1s", visitors=2, timeout=60):
        super().__init__([build_go("hold_client"), "-url", url, "-sessions", sessions, "-interval", interval,
                          "-visitors", visitors], timeout)


class ArrivalsClient(ReportingClient):
    """Visitors at a rate of their own; see tests/support/peers/go/arrivals_client. Flags are the program's."""

    def __init__(self, address, **flags):
        where = address if isinstance(address, str) else f"{address[0]}:{address[1]}"
        options = [f"-{name.replace('_', '-')}={value}" for name, value in flags.items()]
        super().__init__([build_go("arrivals_client"), "-address", where, *options])


def run_client(command, timeout=60, cwd=None):
    """Runs a client that prints one JSON object and returns it."""
    done = subprocess.run(wrap(command), cwd=cwd, capture_output=True, text=True, timeout=timeout)
    assert done.stdout.strip(), f"no result from {command}: {done.stderr}"
    return json.loads(done.stdout.strip().splitlines()[-1])


def verify(url, timeout=90, **options):
    """Runs the Go client that checks echoes; options are its flags with underscores."""
    flags = [f"-{name.replace('_', '-')}={value}" for name, value in options.items()]
    return run_client([build_go("verify_client"), "-url", url, *flags], timeout)


class Peers:
    """Starts peers for one test and ends them with it."""

    def __init__(self):
        self._children = []

    def _keep(self, child):
        self._children.append(child)
        return child

    def echo(self, name="echo", **flags):
        """gorilla/websocket's echo; flags are the program's."""
        options = [f"-{key}={value}" for key, value in flags.items()]
        return self._keep(PeerServer([build_go("echo_server"), "-name", name, *options]))

    def hub(self):
        return self._keep(PeerServer([build_go("hub_server")]))

    def bulk(self):
        """Sends and checks large bodies of a known pattern."""
        return self._keep(PeerServer([build_go("bulk_server")]))

    def python_echo(self):
        return self._keep(PeerServer([PYTHON, SOURCES / "python/websockets_echo_server.py"]))

    def node(self, script, *arguments):
        return self._keep(PeerServer(["node", script, *arguments], cwd=node_folder()))

    def hold(self, url, sessions, **options):
        return self._keep(HoldClient(url, sessions, **options))

    def arrivals(self, address, **flags):
        return self._keep(ArrivalsClient(address, **flags))

    def finish(self):
        for child in self._children:
            child.finish()
