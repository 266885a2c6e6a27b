"""Fixtures of the black-box tests. HAWSER_BIN names the binary; build/release/hawser when it is not set."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from harness.certificate_authority import CertificateAuthority  # noqa: E402
from harness.certificates import make_certificate  # noqa: E402
from harness.dns_server import DnsServer  # noqa: E402
from harness.flaky_server import FlakyServer, RefusingAddress  # noqa: E402
from harness.generations import adopting_orphans  # noqa: E402
from harness.hawser_process import Hawser, hawser_binary  # noqa: E402
from harness.marking_server import MarkingServer  # noqa: E402
from harness.peers import Peers  # noqa: E402
from harness.recording_server import RecordingServer  # noqa: E402
from harness.tls_server import TlsServer  # noqa: E402
from harness.upgrading_hawser import UpgradingHawser  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "soak: too long for the common run; chosen with -m soak")
    config.addinivalue_line("markers", "heavy: thousands of sessions or gigabytes; tens of seconds")
    config.addinivalue_line("markers", "installed: judges what lies beside the binary, which is the same in every build")
    config.addinivalue_line("markers", "figures: measures memory or time, which a sanitized build distorts")


def pytest_collection_modifyitems(config, items):
    """Soak tests run only when -m asks for them."""
    if "soak" in config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("soak")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_sessionstart(session):
    if not os.access(hawser_binary(), os.X_OK):
        pytest.exit(f"no binary at {hawser_binary()}; build it or set HAWSER_BIN", returncode=2)


def processes(kind, parent):
    """A fixture's body: starts processes of `kind`, each in a folder of its own, and judges each when the test ends."""
    started = []

    def start(configuration, folder=None, **options):
        folder = folder or parent / f"hawser{len(started)}"
        folder.mkdir()
        process = kind(folder, configuration, **options)
        started.append(process)
        return process

    yield start
    failures = []
    for process in started:
        try:
            process.finish()
        except AssertionError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


@pytest.fixture
def hawser(tmp_path):
    """Starts Hawser: hawser(configuration, arguments=…). Every process is ended and judged when the test ends."""
    yield from processes(Hawser, tmp_path)


@pytest.fixture
def upgrading_hawser(tmp_path):
    """The same from a binary of its own, which a test may replace; follows the process through its upgrades."""
    with adopting_orphans():
        yield from processes(UpgradingHawser, tmp_path)


@pytest.fixture
def peers():
    """Starts real servers and clients, which end with the test."""
    started = Peers()
    yield started
    started.finish()


def starter(kind):
    """A fixture's body: starts objects of `kind`, which are stopped when the test ends."""
    started = []

    def start(*arguments, **options):
        started.append(kind(*arguments, **options))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def recording_server():
    """Starts servers written by hand: recording_server(handler)."""
    yield from starter(RecordingServer)


@pytest.fixture
def marking_server():
    """Starts servers that say in each answer what it answers: marking_server({target: answer})."""
    yield from starter(MarkingServer)


@pytest.fixture
def flaky_server():
    """Starts servers whose behaviour may change while they run: flaky_server(name, behaviour)."""
    yield from starter(FlakyServer)


@pytest.fixture
def dns():
    """A DNS server that answers what the test says."""
    with DnsServer() as server:
        yield server


@pytest.fixture
def tls_server():
    """Starts such servers behind TLS: tls_server(certificate, behaviour=…)."""
    yield from starter(TlsServer)


@pytest.fixture
def refusing():
    """An address where nobody listens."""
    holder = RefusingAddress()
    yield holder.address
    holder.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A self-signed certificate for localhost."""
    return make_certificate(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A certification authority that nobody trusts unless a test says so."""
    return CertificateAuthority(tmp_path_factory.mktemp("authority"))
