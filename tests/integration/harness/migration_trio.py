"""The three files of a set-up of conf/migration/, each before servers of its own kind: what differs is the proxy alone."""
import signal

import pytest

from harness.hawser_process import Hawser, run_hawser
from harness.migration_files import CertificateShelf, RunnableFile
from harness.peer_proxies import Haproxy, Nginx, run_nginx
from harness.telling_server import TellingServer
from harness.waiting import wait_until

KINDS = ("nginx", "haproxy", "hawser")


def start_process(file):
    """The proxy of the file's kind, which listens."""
    if file.kind == "hawser":
        process = Hawser(file.path.parent, file.text)
    else:
        process = {"nginx": Nginx, "haproxy": Haproxy}[file.kind](file.path)
    try:
        wait_until_it_accepts(process, file)
        if file.kind != "hawser":
            process.wait_until_ready()
    except BaseException:
        process.finish()
        raise
    return process


def wait_until_it_accepts(process, file):
    def is_ready():
        assert process.process.poll() is None, f"{file.kind} ended with {process.process.returncode}:\n{said(process, file)}"
        return all(held.accepts() for held in file.listeners.values())

    wait_until(is_ready, 15, f"{file.kind} to accept")


def said(process, file):
    """What the proxy said of itself, wherever its file sends that."""
    logs = sorted((file.folder / "var/log" / file.kind).glob("*"))
    return "\n".join([process.log.text, *(f"{log.name}:\n{log.read_text()}" for log in logs)])


class RunningSetup:
    """One proxy with a set-up's file. `servers` are those behind it, by the address that the file has for them."""

    def __init__(self, file, servers):
        self.kind = file.kind
        self.file = file
        self.servers = servers
        self.process = start_process(file)

    def address(self, listens_on="0.0.0.0:80"):
        return self.file.listeners[listens_on].address

    def url(self, scheme="ws", path="/", listens_on="0.0.0.0:80"):
        return "{}://{}:{}{}".format(scheme, *self.address(listens_on), path)

    def answer_of(self, **answers):
        """What this proxy answers where the three differ by design."""
        return answers[self.kind]

    def reload(self):
        """As an operator asks for it; returns when it was asked."""
        if self.kind == "haproxy":
            self.process.send_signal(signal.SIGUSR2)
            return
        run = {"nginx": lambda: run_nginx(self.file.path, "-s", "reload"),
               "hawser": lambda: run_hawser("-s", "reload", "-c", str(self.file.path))}[self.kind]
        done = run()
        assert done.returncode == 0, done.stderr

    def said(self):
        return said(self.process, self.file)

    def finish(self):
        try:
            self.process.finish()
        finally:
            self.file.stop()


class Trio:
    """Starts set-ups with one of the three proxies. Servers that a test does not bring are TellingServers named as in
    `names`, which maps the addresses in the files to names."""

    def __init__(self, kind, folder, shelf):
        self.kind = kind
        self._folder = folder
        self._shelf = shelf
        self._started = []

    def __call__(self, setup, names=None, servers=None, edit=lambda text: text):
        telling = {address: TellingServer(name) for address, name in (names or {}).items()}
        self._started += telling.values()
        addresses = {**{address: server.address for address, server in telling.items()}, **(servers or {})}
        folder = self._folder / f"{setup}{len(self._started)}"
        folder.mkdir()
        file = RunnableFile(setup, self.kind, folder, addresses, self._shelf, edit)
        self._started.append(file)
        running = RunningSetup(file, {server.name: server for server in telling.values()})
        self._started.append(running)
        return running

    def finish(self):
        failures = []
        for each in reversed(self._started):
            try:
                each.finish() if hasattr(each, "finish") else each.stop()
            except AssertionError as failure:
                failures.append(failure)
        if failures:
            raise failures[0]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """Certificates for the names in the files."""
    return CertificateShelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(params=KINDS)
def migrated(request, tmp_path, shelf):
    """A set-up's file with each of the three in turn: migrated("one-application", names={"10.0.0.11:9001": "chat"})."""
    trio = Trio(request.param, tmp_path, shelf)
    yield trio
    trio.finish()
