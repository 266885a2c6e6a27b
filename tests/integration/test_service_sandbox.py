"""Hawser lives its whole life within what its unit allows, and within its AppArmor profile as far as files go."""
import pathlib
import shutil
import signal
import tempfile

import pytest

from harness.apparmor_profile import EXECUTE, READ, WRITE, FileRules
from harness.file_trace import touched_files, traced
from harness.hawser_process import Hawser
from harness.installation import configure, install
from harness.network_namespace import own_network
from harness.unit_sandbox import UnitSandbox
from harness.whole_life import live

pytestmark = pytest.mark.installed  # and sanitizers make system calls of their own
USER = 64999  # nobody's


@pytest.fixture
def place(tmp_path):
    """Where another user may read: installed for good, with room for a configuration."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hawser-place-"))
    folder.chmod(0o755)
    install(configure(tmp_path / "build"), folder, sysconfdir=folder / "etc")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def unit(place):
    return place / "lib/systemd/system/hawser.service"


@pytest.fixture
def start(place, monkeypatch):
    """Starts the installed binary; options are Hawser's."""
    monkeypatch.setenv("HAWSER_BIN", str(place / "sbin/hawser"))
    started = []

    def begin(configuration, environment=None, **options):
        started.append(Hawser(place / "etc/hawser", configuration, environment=environment, **options))
        return started[-1]

    yield begin
    for process in started:
        process.finish()


def test_a_whole_life_within_the_unit(start, place, unit, peers):
    sandbox = UnitSandbox(unit, USER)
    with own_network():
        live(lambda *settings: start(*settings, preexec=sandbox.enter), place, peers)


def with_directive(unit, folder, name, value):
    """A copy of the unit in which one more line stands."""
    changed = folder / "changed.service"
    changed.write_text(f"{unit.read_text()}{name}={value}\n")
    return changed


def started_alone(start, sandbox, configuration):
    """What a start comes to that needs nobody else."""
    with own_network():
        return start(configuration, preexec=sandbox.enter)


PLAIN = {"workers": 1, "listeners": [{"name": "low", "address": "127.0.0.1:80"}], "routes": [{"respond": 204}]}


def test_a_call_that_the_unit_forbids_would_be_seen(start, unit, tmp_path):
    sandbox = UnitSandbox(with_directive(unit, tmp_path, "SystemCallFilter", "~listen"), USER)
    process = started_alone(start, sandbox, PLAIN)
    process.expected_exit = -signal.SIGSYS
    process.wait_for_exit()


def test_without_the_capability_the_port_is_refused(start, unit, tmp_path):
    sandbox = UnitSandbox(with_directive(unit, tmp_path, "CapabilityBoundingSet", ""), USER)
    process = started_alone(start, sandbox, PLAIN)
    process.expected_exit = 1
    process.wait_for_exit()
    assert "Permission denied" in process.log.text


def test_other_folders_are_read_only(start, unit):
    process = started_alone(start, UnitSandbox(unit, USER), {**PLAIN, "pid_file": "/var/tmp/hawser.pid"})
    process.expected_exit = 1
    process.wait_for_exit()
    assert "Read-only file system" in process.log.text


def test_a_whole_life_touches_only_files_of_the_apparmor_profile(start, place, unit, peers, monkeypatch):
    sandbox = UnitSandbox(unit, USER)
    binary, trace = place / "sbin/hawser", place / "trace"
    monkeypatch.setenv("HAWSER_BIN", str(traced(binary, trace, place / "traced")))
    with own_network():
        live(lambda *settings: start(*settings, preexec=sandbox.enter_folders), place, peers)
    [profile] = (place / "etc/apparmor.d").iterdir()
    local = profile.parent / "local" / profile.name  # where the profile says that more may stand
    local.parent.mkdir()
    local.write_text(f"{place}/server.sock rw,\n{place}/notify.sock w,\n")
    rules = FileRules(profile)
    touched = touched_files(trace)
    assert {(str(binary), EXECUTE | READ), ("/var/log/hawser/access.log", WRITE)} <= touched
    assert not [file for file in sorted(touched) if not rules.allow(*file)]
    assert not rules.allow("/etc/shadow", READ) and not rules.allow("/etc/hawser/hawser.yaml", WRITE)
