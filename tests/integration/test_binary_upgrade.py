"""USR2: a new process takes over the sockets and the pid file, the old one serves its sessions to their end."""
import hashlib
import os
import signal

import pytest

from harness.binaries import put_copy
from harness.configuration import relay_to
from harness.frames import TEXT, encode
from harness.hawser_process import run_hawser
from harness.process_facts import unread_bytes
from harness.raw_client import connect, get, open_websocket
from harness.recording_server import echo_frames
from harness.socket_owners import is_listening, listening_inodes, serves
from harness.waiting import wait_until

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def signals_of(generation, field):
    """A mask of signals as a number, without the two that the C library keeps to itself."""
    return int(generation.status_field(field), 16) & ~(1 << 31 | 1 << 32)


def echoes(wire, text="still here"):
    wire.send_text(text)
    return wire.read_text() == text


# Who serves whom.

def test_live_sessions_stay_with_the_old_process_and_new_ones_go_to_the_new(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    address = proxy.address()
    with open_websocket(address) as early:
        old, new = proxy.newest, proxy.upgrade()
        with open_websocket(address) as late:
            assert echoes(early) and echoes(late)
            assert serves(old.pid, address, early.socket) and not serves(new.pid, address, early.socket)
            assert serves(new.pid, address, late.socket) and not serves(old.pid, address, late.socket)


def test_the_sockets_are_the_same_and_only_the_new_process_listens(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    address = proxy.address()
    before = listening_inodes(address)
    assert len(before) == 2, "one a worker"
    with open_websocket(address):
        old, new = proxy.newest, proxy.upgrade()
        assert is_listening(new.pid, address) and not is_listening(old.pid, address)
        assert listening_inodes(address) == before


def test_connections_that_wait_to_be_accepted_are_served_by_the_new_process(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    address = proxy.address()
    proxy.send_signal(signal.SIGWINCH)
    proxy.log.wait_for("accepting paused")
    waiting = [connect(address) for _ in range(20)]
    for wire in waiting:
        wire.send(REQUEST)
    proxy.upgrade()
    assert [wire.read_answer().body for wire in waiting] == [b"echo\n"] * 20


def test_a_request_begun_before_is_answered(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    address = proxy.address()
    with connect(address) as wire:
        wire.send(REQUEST)
        wire.read_answer()
        wire.send(REQUEST[:-2])
        wait_until(lambda: unread_bytes(address, wire.socket.getsockname()) == 0, 5, "the begin of a head to be read")
        proxy.upgrade()
        wire.send(REQUEST[-2:])
        answer = wire.read_answer()
        assert (answer.body, answer.get("connection").lower()) == (b"echo\n", "close")
        assert wire.is_at_end()


def test_a_long_answer_arrives_whole(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with connect(proxy.address()) as wire:
        wire.send(b"GET /body?size=50000000&hash=1 HTTP/1.1\r\nHost: a\r\n\r\n")
        head = wire.read_head()
        begin = wire.read_exactly(1000000)
        proxy.upgrade()
        rest = wire.read_exactly(49000000)
        assert hashlib.sha256(begin + rest).hexdigest() == head.get("x-sha256")


def test_a_message_in_the_middle_of_a_fragment_arrives_whole(upgrading_hawser, recording_server):
    proxy = upgrading_hawser(relay_to(recording_server(echo_frames).address))
    with open_websocket(proxy.address()) as wire:
        frame = encode(TEXT, b"x" * 200000)
        wire.send(frame[:100000])
        proxy.upgrade()
        wire.send(frame[100000:])
        assert wire.read_text() == "x" * 200000


# The end of the old process.

def test_an_old_process_without_sessions_ends_at_once(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    get(proxy.address())
    old, new = proxy.newest, proxy.upgrade()
    assert old.wait_for_end(5) == 0
    assert proxy.family.members() == [new.pid]
    assert get(proxy.address()).status == 200


def test_a_kept_connection_at_rest_gets_one_more_answer(upgrading_hawser, peers):
    """Ending it at once could cross with a request, which would be lost."""
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with connect(proxy.address()) as wire:
        wire.send(REQUEST)
        assert wire.read_answer().get("connection", "").lower() != "close"
        old = proxy.newest
        proxy.upgrade()
        wire.send(REQUEST)
        answer = wire.read_answer()
        assert (answer.body, answer.get("connection").lower()) == (b"echo\n", "close")
        assert wire.is_at_end()
        assert old.wait_for_end(5) == 0


def test_a_kept_connection_at_rest_holds_the_old_process_for_its_time_out_at_most(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address, listener={"timeouts": {"keepalive": "1s"}}))
    with connect(proxy.address()) as wire:
        wire.send(REQUEST)
        wire.read_answer()
        old = proxy.newest
        proxy.upgrade()
        assert wire.is_at_end()
        assert old.wait_for_end(5) == 0


def test_the_old_process_ends_when_its_last_session_does(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with open_websocket(proxy.address()) as first, open_websocket(proxy.address()) as second:
        old = proxy.newest
        proxy.upgrade()
        first.send_close()
        assert first.read_close_code() == 1000
        assert echoes(second) and old.is_running()
        second.send_close()
        assert second.read_close_code() == 1000
    assert old.wait_for_end(5) == 0


def test_after_upgrade_drain_sessions_are_ended_as_by_quit(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address, shutdown={"upgrade_drain": "500ms", "drain_timeout": "500ms"}))
    wires = [open_websocket(proxy.address()) for _ in range(20)]
    old = proxy.newest
    proxy.upgrade()
    assert [wire.read_close_code() for wire in wires] == [1001] * 20
    for wire in wires:
        wire.send_close(1001)
    assert old.wait_for_end(5) == 0


def test_the_close_says_what_the_configuration_says(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address, shutdown={
        "upgrade_drain": "100ms", "drain_timeout": "100ms", "close_code": 1012, "reason": "moved on"}))
    with open_websocket(proxy.address()) as wire:
        proxy.upgrade()
        frame = wire.read_frame()
        assert (frame.close_code, frame.payload[2:]) == (1012, b"moved on")
        wire.send_close(1012)


def test_sessions_are_left_in_peace_until_upgrade_drain_is_over(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "0s"}))
    with open_websocket(proxy.address()) as wire:
        old = proxy.newest
        proxy.upgrade()
        wire.socket.settimeout(1.5)
        with pytest.raises(TimeoutError):
            wire.read_frame()
        wire.socket.settimeout(10)
        assert echoes(wire) and old.is_running()


def test_stubborn_sessions_end_with_the_deadlines(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address, shutdown={"upgrade_drain": "200ms", "drain_timeout": "200ms"}))
    with open_websocket(proxy.address()):
        old = proxy.newest
        proxy.upgrade()
        assert old.wait_for_end(5) == 0


def test_the_end_of_the_old_process_leaves_the_pid_file_and_its_lock(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    old, new = proxy.newest, proxy.upgrade()
    old.wait_for_end(5)
    assert proxy.pid_file.read_text().strip() == str(new.pid)
    second = run_hawser("-c", str(proxy.file))
    assert second.returncode == 1 and f"already running (pid {new.pid})" in second.stderr
    proxy.stop()
    assert not proxy.pid_file.exists()


# What the new process is.

def test_the_new_process_runs_the_new_file(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with open_websocket(proxy.address()) as wire:
        old = proxy.newest
        put_copy(proxy.binary, appended=b"\n")
        assert os.readlink(f"/proc/{old.pid}/exe").endswith(" (deleted)")
        new = proxy.upgrade()
        assert os.path.samefile(f"/proc/{new.pid}/exe", proxy.binary)
        assert echoes(wire)


def test_the_new_process_is_started_as_the_old_one_was(upgrading_hawser, peers):
    """Arguments, environment, folder, limits and signal masks: all that a program inherits."""
    proxy = upgrading_hawser(relay_to(peers.echo().address), arguments=["-g", "log.level=debug"],
                             environment={"SOMETHING": "of the operator's"})
    with open_websocket(proxy.address()):
        old, new = proxy.newest, proxy.upgrade()
        for name in ("cmdline", "limits", "oom_score_adj"):
            assert new.facts(name) == old.facts(name)
        for name in ("Umask", "NoNewPrivs", "CapEff"):
            assert new.status_field(name) == old.status_field(name), name
        for name in ("SigBlk", "SigIgn", "SigCgt"):
            assert signals_of(new, name) == signals_of(old, name), name
        assert os.readlink(f"/proc/{new.pid}/cwd") == os.readlink(f"/proc/{old.pid}/cwd")
        assert [each for each in new.environment() if not each.startswith("HAWSER_UPGRADE_CHANNEL=")] == old.environment()


def test_the_environment_does_not_grow_from_one_process_to_the_next(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    proxy.address()
    first = len(proxy.newest.environment())
    for _ in range(3):
        new = proxy.upgrade()
        names = [entry.split("=")[0] for entry in new.environment()]
        assert names.count("HAWSER_UPGRADE_CHANNEL") <= 1
        assert len(names) <= first + 1


def test_several_generations_serve_their_own_sessions_side_by_side(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    address = proxy.address()
    wires = [open_websocket(address)]
    for _ in range(3):
        proxy.upgrade()
        wires.append(open_websocket(address))
    for wire, generation in zip(wires, proxy.generations):
        assert echoes(wire) and serves(generation.pid, address, wire.socket)
    for wire in wires[:-1]:
        wire.send_close()
        assert wire.read_close_code() == 1000
    proxy.family.wait_for([proxy.pid])
    assert echoes(wires[-1])


def test_what_the_new_process_logs_reaches_the_same_standard_error(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    old, new = proxy.newest, proxy.upgrade()
    old.wait_for_end(5)
    start = proxy.log.position()
    proxy.reload()
    assert proxy.log.count(rf"\bupgraded\b.*\bpid={new.pid}\b") == 1
    assert any("reloaded" in line for line in proxy.log.lines[start:])


def test_s_upgrade_returns_when_the_new_process_is_in_charge(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address))
    with open_websocket(proxy.address()) as wire:
        before = proxy.pid
        done = proxy.ask("upgrade", timeout=45)
        assert done.returncode == 0, done.stderr
        assert int(proxy.pid_file.read_text()) != before, "it is done, not only asked for"
        proxy.follow()
        assert echoes(wire)


def test_s_upgrade_without_a_running_process_is_1(tmp_path):
    file = tmp_path / "hawser.yaml"
    file.write_text(f'pid_file: "{tmp_path}/hawser.pid"\nlisteners: [{{ address: "127.0.0.1:0" }}]\n'
                    "routes: [{ respond: { status: 204 } }]\n")
    done = run_hawser("-c", str(file), "-s", "upgrade")
    assert done.returncode == 1 and "hawser.pid" in done.stderr


def test_a_process_without_a_pid_file_is_upgraded_too(upgrading_hawser, peers):
    proxy = upgrading_hawser(relay_to(peers.echo().address, pid_file=None))
    with open_websocket(proxy.address()) as early:
        proxy.upgrade()
        with open_websocket(proxy.address()) as late:
            assert echoes(early) and echoes(late)
