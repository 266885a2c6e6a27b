"""What signals mean while one process takes over from another, and after."""
import os
import signal

import pytest

from harness.binaries import Gate, put_copy
from harness.configuration import relay_to
from harness.generations import zombies_below
from harness.raw_client import connect, get, open_websocket
from harness.socket_owners import is_open_by
from harness.waiting import wait_until

REFUSED = r"\bupgrade refused\b"


def echoes(wire, text="still here"):
    wire.send_text(text)
    return wire.read_text() == text


def begin_upgrade(proxy):
    """USR2, with a new process that waits for the gate; it is there when this returns."""
    gate = Gate(proxy.binary)
    proxy.send_signal(signal.SIGUSR2)
    wait_until(lambda: len(proxy.family.members()) == 2, 10, "the new process")
    return gate


# Before.

@pytest.mark.parametrize("number, answer", [(signal.SIGHUP, "reloaded"), (signal.SIGUSR1, "logs reopened"),
                                            (signal.SIGUSR2, "upgraded pid=")])
def test_what_is_asked_of_a_process_that_still_starts_is_done_once_it_serves(upgrading_hawser, peers, number, answer):
    """The pid file is there at once; the many listeners take a while after it."""
    configuration = relay_to(peers.echo().address, workers=8)
    configuration["listeners"] += [{"name": f"n{i}", "address": "127.0.0.1:0"} for i in range(60)]
    proxy = upgrading_hawser(configuration)
    proxy.send_signal(number)
    proxy.log.wait_for(answer, 10)
    if number == signal.SIGUSR2:
        proxy.follow()
    assert get(proxy.address()).status == 200


# During.

def test_hup_during_an_upgrade_is_done_by_the_new_process(upgrading_hawser, peers):
    first, second = peers.echo(name="first"), peers.echo(name="second")
    proxy = upgrading_hawser(relay_to(first.address))
    with open_websocket(proxy.address()) as wire:
        gate = begin_upgrade(proxy)
        proxy.write(relay_to(second.address))
        proxy.send_signal(signal.SIGHUP)
        wire.send_text("told")
        assert wire.read_text() == "told"
        assert get(proxy.address()).body == b"first\n", "the old process leaves the new file to the new one"
        gate.open()
        proxy.follow()
        wait_until(lambda: get(proxy.address()).body == b"second\n", 5, "the new file")
        assert echoes(wire)


def test_hup_during_an_upgrade_that_fails_is_done_by_the_old_process(upgrading_hawser, peers):
    first, second = peers.echo(name="first"), peers.echo(name="second")
    proxy = upgrading_hawser(relay_to(first.address))
    begin_upgrade(proxy)
    proxy.write(relay_to(second.address))
    proxy.send_signal(signal.SIGHUP)
    child, = set(proxy.family.members()) - {proxy.pid}
    os.kill(child, signal.SIGKILL)
    proxy.wait_for_refusal()
    wait_until(lambda: get(proxy.address()).body == b"second\n", 5, "the new file")


def test_usr2_during_an_upgrade_starts_no_second_one(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with open_websocket(proxy.address()) as wire:
        gate = begin_upgrade(proxy)
        start = proxy.log.position()
        proxy.send_signal(signal.SIGUSR2)
        proxy.log.wait_for(REFUSED, 5, start)
        assert len(proxy.family.members()) == 2
        gate.open()
        proxy.follow()
        assert echoes(wire)
        proxy.family.wait_for([generation.pid for generation in proxy.generations])


def test_usr2_given_many_times_at_once_is_one_upgrade(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    for _ in range(20):
        proxy.send_signal(signal.SIGUSR2)
    proxy.follow()
    proxy.family.wait_for([proxy.pid])
    assert get(proxy.address()).status == 200


def test_usr2_and_hup_at_once(upgrading_hawser, peers):
    first, second = peers.echo(name="first"), peers.echo(name="second")
    proxy = upgrading_hawser(relay_to(first.address))
    with open_websocket(proxy.address()) as wire:
        proxy.write(relay_to(second.address, routes=[{"name": "same", "upstream": "pool"}]))
        proxy.send_signal(signal.SIGHUP)
        proxy.send_signal(signal.SIGUSR2)
        proxy.follow()
        wait_until(lambda: get(proxy.address()).body == b"second\n", 5, "the new file")
        frame = echo_or_close(wire)
        assert frame.payload == b"?" or frame.close_code in (1001, 1012), "the reload may have removed its server"


def echo_or_close(wire):
    wire.send_text("?")
    return wire.read_frame()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_an_end_asked_for_during_an_upgrade_ends_both(upgrading_hawser, peers, number):
    proxy = upgrading_hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "500ms"}))
    with open_websocket(proxy.address()) as wire:
        begin_upgrade(proxy)
        proxy.send_signal(number)
        assert wire.read_close_code() == 1001
        wire.send_close(1001)
        assert proxy.newest.wait_for_end(5) == 0
        proxy.family.wait_for([])
        assert not proxy.pid_file.exists()


def test_usr1_during_an_upgrade_reopens_the_logs(upgrading_hawser, peers, tmp_path):
    access_log = tmp_path / "access.log"
    proxy = upgrading_hawser(relay_to(peers.echo().address, access_log={"target": str(access_log)}))
    proxy.address()
    gate = begin_upgrade(proxy)
    access_log.rename(tmp_path / "access.old")
    proxy.send_signal(signal.SIGUSR1)
    wait_until(access_log.exists, 5, "a new file")
    gate.open()
    proxy.follow()
    get(proxy.address(), "/after")
    wait_until(lambda: "/after" in access_log.read_text(), 5, "the line")


def test_usr2_while_draining_is_refused(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "20s"}))
    with open_websocket(proxy.address()) as wire:
        proxy.send_signal(signal.SIGQUIT)
        proxy.log.wait_for("draining")
        start = proxy.log.position()
        proxy.send_signal(signal.SIGUSR2)
        proxy.log.wait_for(REFUSED, 5, start)
        assert proxy.family.members() == [proxy.pid]
        wire.send_close(1001)
        assert wire.is_over()
    assert proxy.newest.wait_for_end(5) == 0


# After.

def test_usr2_to_a_process_that_was_upgraded_is_refused(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with open_websocket(proxy.address()) as wire:
        old = proxy.newest
        proxy.upgrade()
        start = proxy.log.position()
        old.send_signal(signal.SIGUSR2)
        proxy.log.wait_for(REFUSED, 5, start)
        assert proxy.family.members() == sorted(generation.pid for generation in proxy.generations)
        assert echoes(wire)


def test_hup_after_an_upgrade_reloads_the_new_process(upgrading_hawser, peers):
    first, second = peers.echo(name="first"), peers.echo(name="second")
    proxy = upgrading_hawser(relay_to(first.address))
    with open_websocket(proxy.address()) as wire:
        proxy.upgrade()
        proxy.reload(relay_to(second.address))
        assert get(proxy.address()).body == b"second\n"
        assert echoes(wire), "the old process keeps what it has"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_an_end_of_the_newest_process_ends_all(upgrading_hawser, peers, number):
    proxy = upgrading_hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "500ms"}))
    wires = [open_websocket(proxy.address())]
    for _ in range(2):
        proxy.upgrade()
        wires.append(open_websocket(proxy.address()))
    proxy.send_signal(number)
    assert [wire.read_close_code() for wire in wires] == [1001] * 3
    for wire in wires:
        wire.send_close(1001)
    proxy.wait_for_all(5)
    proxy.family.wait_for([])
    assert not proxy.pid_file.exists()


def test_s_quit_ends_all(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "200ms"}))
    with open_websocket(proxy.address()) as wire:
        proxy.upgrade()
        assert proxy.ask("quit").returncode == 0
        assert wire.read_close_code() == 1001
        wire.send_close(1001)
    proxy.wait_for_all(5)


def test_an_old_process_may_be_ended_alone(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with open_websocket(proxy.address()) as early:
        old = proxy.newest
        proxy.upgrade()
        with open_websocket(proxy.address()) as late:
            old.send_signal(signal.SIGTERM)
            assert early.read_close_code() == 1001
            early.send_close(1001)
            assert old.wait_for_end(5) == 0
            assert echoes(late)
    assert proxy.pid_file.read_text() == f"{proxy.pid}\n"


def test_usr1_reaches_the_old_processes(upgrading_hawser, peers, tmp_path):
    """A rotated file must not be written any more by anybody, or logrotate's compressed one lacks lines."""
    logs = {name: tmp_path / f"{name}.log" for name in ("error", "access")}
    proxy = upgrading_hawser(relay_to(peers.echo().address, log={"target": str(logs["error"])}, access_log={
        "target": str(logs["access"])}, listener={"address": f"unix:{tmp_path}/in"}))
    with open_websocket(f"{tmp_path}/in", "/early") as early:
        proxy.upgrade()
        with open_websocket(f"{tmp_path}/in", "/late") as late:
            rotated = [path.rename(path.with_suffix(".old")) for path in logs.values()]
            proxy.send_signal(signal.SIGUSR1)
            members = [generation.pid for generation in proxy.generations]
            wait_until(lambda: not any(is_open_by(path, members) for path in rotated), 5, "both to let go")
            before = [path.read_text() for path in rotated]
            for wire in (early, late):
                wire.send_close()
                wire.read_close_code()
            wait_until(lambda: logs["access"].exists() and all(
                path in logs["access"].read_text() for path in ("/early", "/late")), 5, "both lines")
            assert [path.read_text() for path in rotated] == before


def test_the_new_process_dying_leaves_the_old_ones_sessions(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with open_websocket(proxy.address()) as wire:
        old, new = proxy.newest, proxy.upgrade()
        new.expected_end = -signal.SIGKILL
        new.send_signal(signal.SIGKILL)
        new.wait_for_end()
        wait_until(lambda: not zombies_below(old.pid), 5, "the old one to take its child's word")
        assert echoes(wire)
        wire.send_close()
        assert wire.read_close_code() == 1000
    assert old.wait_for_end(5) == 0


def test_the_old_process_dying_leaves_the_new_one(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with open_websocket(proxy.address()):
        old, new = proxy.newest, proxy.upgrade()
        old.expected_end = -signal.SIGKILL
        old.send_signal(signal.SIGKILL)
        old.wait_for_end()
    assert get(proxy.address()).status == 200
    third = proxy.upgrade()
    proxy.family.wait_for([third.pid])
    assert new.wait_for_end(5) == 0


def test_the_old_process_dying_during_an_upgrade_leaves_the_sockets_to_the_new_one(upgrading_hawser, peers):
    """It holds them already: nobody needs to be refused."""
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    gate = begin_upgrade(proxy)
    proxy.newest.expected_end = -signal.SIGKILL
    proxy.send_signal(signal.SIGKILL)
    proxy.newest.wait_for_end()
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        gate.open()
        proxy.follow()
        assert wire.read_answer().body == b"echo\n"
