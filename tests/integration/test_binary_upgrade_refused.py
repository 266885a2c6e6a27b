"""A new binary that cannot take over changes nothing: the old process serves on, says why, and takes a good one later."""
import contextlib
import os
import signal

import pytest

from harness.binaries import (Gate, put_copy, put_program_without_its_library, put_python, put_script, put_shell)
from harness.configuration import relay_to, with_changes
from harness.generations import zombies_below
from harness.raw_client import get, open_websocket
from harness.socket_owners import descriptor_kinds
from harness.waiting import Stopwatch, wait_until

CHANNEL = 'int(os.environ["HAWSER_UPGRADE_CHANNEL"])'


def remove(path):
    path.unlink()


def make_not_executable(path):
    put_copy(path, mode=0o644)


def make_a_folder(path):
    path.unlink()
    path.mkdir()


BROKEN = {
    "missing": (remove, None),
    "not executable": (make_not_executable, None),
    "a folder": (make_a_folder, None),
    "text": (lambda path: put_script(path, "this is no program\n"), None),
    "an interpreter that is not there": (lambda path: put_script(path, "#!/nonexistent/interpreter\n"), None),
    "exits with 1": (lambda path: put_shell(path, "echo no disk left for me >&2", "exit 1"), "no disk left for me"),
    "exits with 0": (lambda path: put_shell(path, "exit 0"), None),
    "crashes": (lambda path: put_shell(path, "echo about to fall >&2", "kill -SEGV $$"), "about to fall"),
    "has lost its library": (put_program_without_its_library, "libabsent.so"),
    "says a lot and exits": (lambda path: put_shell(path, "seq 100000 >&2", "echo the last word >&2", "exit 3"), None),
}


@contextlib.contextmanager
def nothing_changes(proxy):
    """A session of before lives on, new ones are served by the same process, and nothing is left of the other one."""
    old = proxy.newest
    with open_websocket(proxy.address()) as wire:
        pid_file, kinds = os.stat(proxy.pid_file), descriptor_kinds(old.pid)
        yield
        wire.send_text("undisturbed")
        assert wire.read_text() == "undisturbed"
        wait_until(lambda: proxy.family.members() == [old.pid], 5, "the new process to be gone")
        wait_until(lambda: not zombies_below(old.pid), 5, "the old one to take its word")
        wait_until(lambda: descriptor_kinds(old.pid) == kinds, 5, f"{kinds}, there are {descriptor_kinds(old.pid)}")
        assert proxy.pid_file.read_text() == f"{old.pid}\n"
        assert os.path.samestat(os.stat(proxy.pid_file), pid_file)
    assert get(proxy.address()).body == b"echo\n"


def start(upgrading_hawser, peers, **top):
    """No kept connections to servers: they would count as descriptors."""
    return upgrading_hawser(relay_to(peers.echo().address, upstream={"keepalive": {"idle": 0}}, **top))


@pytest.mark.parametrize("kind", BROKEN)
def test_a_binary_that_cannot_start_changes_nothing(upgrading_hawser, peers, kind):
    proxy = start(upgrading_hawser, peers)
    break_it, words = BROKEN[kind]
    with nothing_changes(proxy):
        break_it(proxy.binary)
        lines = "\n".join(proxy.upgrade_refused())
        assert "reason=" in lines
        if words:
            assert words in lines or proxy.log.wait_for(words)


@pytest.mark.parametrize("kind", ["missing", "exits with 1", "says a lot and exits"])
def test_a_good_binary_is_taken_after_a_broken_one(upgrading_hawser, peers, kind):
    proxy = start(upgrading_hawser, peers)
    with open_websocket(proxy.address()) as wire:
        BROKEN[kind][0](proxy.binary)
        for _ in range(3):
            proxy.upgrade_refused()
        put_copy(proxy.binary, appended=b"\n")
        new = proxy.upgrade()
        assert os.path.samefile(f"/proc/{new.pid}/exe", proxy.binary)
        assert get(proxy.address()).status == 200
        wire.send_text("through all of it")
        assert wire.read_text() == "through all of it"


def test_the_reason_names_what_went_wrong(upgrading_hawser, peers):
    proxy = start(upgrading_hawser, peers)
    reasons = []
    for kind in ("missing", "not executable", "exits with 1", "crashes"):
        BROKEN[kind][0](proxy.binary)
        reasons.append(next(line for line in proxy.upgrade_refused() if "reason=" in line).split("reason=")[1])
    assert "No such file" in reasons[0]
    assert "ermission" in reasons[1]
    assert len(set(reasons)) == 4, reasons


@pytest.mark.parametrize("kind", ["exits with 1", "missing"])
def test_s_upgrade_is_1_when_the_new_process_failed(upgrading_hawser, peers, kind):
    proxy = start(upgrading_hawser, peers)
    with nothing_changes(proxy):
        BROKEN[kind][0](proxy.binary)
        watch = Stopwatch()
        done = proxy.ask("upgrade", timeout=60)
        assert done.returncode == 1 and done.stderr
        assert watch.seconds < 10, "a failure is told when it is known"
    proxy.wait_for_refusal()


def test_a_bad_configuration_changes_nothing(upgrading_hawser, peers):
    proxy = start(upgrading_hawser, peers)
    good = relay_to(peers.echo().address)
    with nothing_changes(proxy):
        proxy.write({**good, "nonsense": 1})
        start_of_lines = proxy.log.position()
        lines = "\n".join(proxy.upgrade_refused())
        assert "78" in lines or "configuration" in lines
        proxy.log.wait_for("nonsense", 5, start_of_lines)
    proxy.write(good)
    proxy.upgrade()
    assert get(proxy.address()).status == 200


def test_s_upgrade_asks_even_with_a_bad_configuration(upgrading_hawser, peers):
    """It is the new process that refuses it, and the log that says so."""
    proxy = start(upgrading_hawser, peers)
    with nothing_changes(proxy):
        proxy.write({**relay_to(peers.echo().address), "nonsense": 1})
        assert proxy.ask("upgrade", timeout=60).returncode == 1
        proxy.wait_for_refusal()


def test_an_address_that_is_taken_changes_nothing(upgrading_hawser, peers, recording_server):
    """The new file wants one more listener, where somebody else listens."""
    other = recording_server(lambda wire: None)
    configuration = relay_to(peers.echo().address, upstream={"keepalive": {"idle": 0}})
    proxy = upgrading_hawser(configuration)
    with nothing_changes(proxy):
        proxy.write(with_changes(configuration, listeners=[
            *configuration["listeners"], {"name": "more", "address": other.address}]))
        start_of_lines = proxy.log.position()
        proxy.upgrade_refused()
        proxy.log.wait_for(str(other.port), 5, start_of_lines)


def test_a_new_process_that_is_killed_while_it_starts_changes_nothing(upgrading_hawser, peers):
    proxy = start(upgrading_hawser, peers)
    with nothing_changes(proxy):
        Gate(proxy.binary)
        proxy.send_signal(signal.SIGUSR2)
        wait_until(lambda: len(proxy.family.members()) == 2, 10, "the new process")
        child, = set(proxy.family.members()) - {proxy.pid}
        os.kill(child, signal.SIGKILL)
        proxy.wait_for_refusal()


def test_words_that_are_no_answer_change_nothing(upgrading_hawser, peers):
    proxy = start(upgrading_hawser, peers)
    with nothing_changes(proxy):
        put_python(proxy.binary, f"os.write({CHANNEL}, b'all is well, trust me')", "sys.exit(0)")
        proxy.upgrade_refused()


SILENT = {
    "says nothing": [],
    "lets go of the channel": [f"os.close({CHANNEL})"],
    "refuses to end": ["import signal", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"],
}


@pytest.mark.heavy
def test_a_new_process_that_never_gets_ready_is_ended(upgrading_hawser, peers):
    """After 30 seconds; three such beside each other, to wait for them once."""
    proxies = [start(upgrading_hawser, peers) for _ in SILENT]
    with contextlib.ExitStack() as unchanged:
        for proxy, lines in zip(proxies, SILENT.values()):
            unchanged.enter_context(nothing_changes(proxy))
            put_python(proxy.binary, *lines, "time.sleep(1000)")
            proxy.send_signal(signal.SIGUSR2)
        for proxy in proxies:
            proxy.wait_for_refusal(timeout=45)
    for proxy in proxies:
        put_copy(proxy.binary)
        proxy.upgrade()
        assert get(proxy.address()).status == 200
