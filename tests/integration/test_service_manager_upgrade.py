"""A binary upgrade as the service manager sees it: who is the main process, who speaks, and whose its sockets are."""
import os
import signal

import pytest

from harness.binaries import Gate, put_shell
from harness.configuration import relay_to
from harness.notify_socket import ManagedService, NotifySocket, monotonic_microseconds, watchdog_environment
from harness.raw_client import connect, get, open_websocket
from harness.socket_activation import activated, listening_on, text_of
from harness.waiting import wait_until

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
# As a service manager does: the variable names the process that it starts.
NAMED_FOR_THE_WATCHDOG = ["/bin/sh", "-c", 'WATCHDOG_PID=$$ exec "$0" "$@"']


@pytest.fixture
def notify(tmp_path):
    heard = NotifySocket(tmp_path)
    yield heard
    heard.stop()


def check_nobody_is_refused(notify, first_pid, last_pid):
    """With NotifyAccess=main every word was heard, and the manager knows who is the main process."""
    service = ManagedService.of(first_pid, notify.notices)
    assert service.refused == []
    assert service.main_pid == last_pid


def wait_for_word_of(notify, pid, start=0):
    return wait_until(lambda: next((n for n in notify.notices[start:] if n.pid == pid), None), 10, f"a word of {pid}")


# Who speaks.

def test_the_old_process_names_the_new_one_before_that_speaks(upgrading_hawser, peers, notify):
    proxy = upgrading_hawser(relay_to(peers.echo().address), environment=notify.environment)
    notify.wait_for("READY")
    pids = [proxy.pid]
    for _ in range(3):
        start = notify.position()
        old, new = proxy.newest, proxy.upgrade()
        pids.append(new.pid)
        assert notify.wait_for("MAINPID", str(new.pid), start=start).pid == old.pid
        first = wait_for_word_of(notify, new.pid, start)
        assert first.fields == {"READY": "1", "STATUS": "serving, 0 sessions"}
        old.wait_for_end(5)
    check_nobody_is_refused(notify, pids[0], pids[-1])


def test_the_name_of_the_new_process_is_the_last_word_of_the_old_one(upgrading_hawser, peers, notify):
    proxy = upgrading_hawser(relay_to(peers.echo().address), environment=watchdog_environment(notify, 0.5))
    with open_websocket(proxy.address()) as wire:
        old, new = proxy.newest, proxy.upgrade()
        with open_websocket(proxy.address()):
            notify.wait_for_status("serving, 1 session")
        old.send_signal(signal.SIGQUIT)
        proxy.log.wait_for("draining")
        wire.send_close(1001)
        old.wait_for_end(5)
    of_old = [notice for notice in notify.notices if notice.pid == old.pid]
    assert of_old[-1].fields == {"MAINPID": str(new.pid)}
    check_nobody_is_refused(notify, old.pid, new.pid)


def test_the_new_process_answers_reloads_and_announces_its_end(upgrading_hawser, peers, notify):
    proxy = upgrading_hawser(relay_to(peers.echo().address), environment=notify.environment)
    first = proxy.pid
    new = proxy.upgrade()
    wait_for_word_of(notify, new.pid)
    start = notify.position()
    new.send_signal(signal.SIGHUP)
    assert notify.wait_for("RELOADING", start=start).pid == new.pid
    assert notify.wait_for("READY", start=start).pid == new.pid
    proxy.stop()
    assert notify.wait_for("STOPPING", start=start).pid == new.pid
    check_nobody_is_refused(notify, first, new.pid)


def test_an_upgrade_that_fails_says_nothing(upgrading_hawser, peers, notify):
    proxy = upgrading_hawser(relay_to(peers.echo().address), environment=watchdog_environment(notify, 0.5))
    notify.wait_for("READY")
    start = notify.position()
    put_shell(proxy.binary, "exit 3")
    proxy.upgrade_refused()
    notify.wait_for("WATCHDOG", start=notify.position())
    assert {tuple(notice.fields) for notice in notify.notices[start:]} == {("WATCHDOG",)}
    assert {notice.pid for notice in notify.notices} == {proxy.pid}


def test_a_reload_that_is_asked_for_during_an_upgrade_is_answered_by_the_new_process(upgrading_hawser, peers, notify):
    proxy = upgrading_hawser(relay_to(peers.echo().address), environment=notify.environment)
    notify.wait_for("READY")
    gate = Gate(proxy.binary)
    old, start = proxy.newest, notify.position()
    old.send_signal(signal.SIGUSR2)
    proxy.log.wait_for("upgrading")
    since = monotonic_microseconds()
    old.send_signal(signal.SIGHUP)
    gate.open()
    new = proxy.follow()
    begun = notify.wait_for("RELOADING", start=start)
    assert begun.pid == new.pid and int(begun.get("MONOTONIC_USEC")) >= since
    assert notify.wait_for("READY", start=notify.notices.index(begun)).pid == new.pid
    check_nobody_is_refused(notify, old.pid, new.pid)


# The watchdog.

def test_the_watchdog_is_fed_without_a_gap(upgrading_hawser, peers, notify):
    proxy = upgrading_hawser(relay_to(peers.echo().address), environment=watchdog_environment(notify, 2),
                             launcher=NAMED_FOR_THE_WATCHDOG)
    first = proxy.newest
    assert f"WATCHDOG_PID={first.pid}" in first.environment()
    notify.wait_for("WATCHDOG")
    for _ in range(2):
        new = proxy.upgrade()
        start = notify.position()
        notify.wait_for("WATCHDOG", start=start)
        notify.wait_for("WATCHDOG", start=notify.position())
        assert notify.notices[-1].pid == new.pid
        names = {variable.split("=")[0] for variable in new.environment()}
        assert "WATCHDOG_USEC" in names and "WATCHDOG_PID" not in names
    check_nobody_is_refused(notify, first.pid, new.pid)
    fed = notify.all_with("WATCHDOG")
    assert {notice.pid for notice in fed} >= {first.pid, new.pid}
    for earlier, later in zip(fed, fed[1:]):
        assert later.time - earlier.time < 2_000_000, "the manager would have killed it"


# Sockets of the manager.

def test_activated_sockets_survive_upgrades(upgrading_hawser, peers, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("s") / "in")
    with listening_on() as named, listening_on(path) as local:
        configuration = relay_to(peers.echo().address)
        configuration["listeners"].append({"name": "local", "address": text_of(path)})
        proxy = upgrading_hawser(configuration, **activated(named, local, names=["public", "hawser.socket"]))
        assert proxy.address() == named.getsockname()
        file = os.stat(path)
        for _ in range(2):
            with open_websocket(named.getsockname()) as wire:
                old, new = proxy.newest, proxy.upgrade()
                assert get(named.getsockname()).status == 200
                assert get(path).status == 200
                wire.send_text("still here")
                assert wire.read_text() == "still here"
                wire.send_close(1000)
            old.wait_for_end(5)
            assert not any(variable.startswith("LISTEN_") for variable in new.environment())
        proxy.stop()
        assert os.path.samestat(os.stat(path), file), "the path is not ours to remove"


def test_connections_queued_on_an_activated_socket_are_served_by_the_new_process(upgrading_hawser, peers):
    with listening_on() as opened:
        proxy = upgrading_hawser(relay_to(peers.echo().address), **activated(opened, names=["public"]))
        proxy.address()
        proxy.send_signal(signal.SIGWINCH)
        proxy.log.wait_for("accepting paused")
        waiting = [connect(opened.getsockname()) for _ in range(20)]
        for wire in waiting:
            wire.send(REQUEST)
        proxy.upgrade()
        assert [wire.read_answer().body for wire in waiting] == [b"echo\n"] * 20


def test_an_activated_socket_that_no_listener_had_is_there_after_an_upgrade(upgrading_hawser, peers):
    with listening_on() as opened:
        configuration = relay_to(peers.echo().address)
        proxy = upgrading_hawser(configuration, **activated(opened))
        proxy.log.wait_for("fits no listener")
        proxy.upgrade()
        configuration["listeners"].append({"name": "second", "address": text_of(opened.getsockname())})
        start = proxy.log.position()
        proxy.write(configuration)
        proxy.send_signal(signal.SIGHUP)
        proxy.log.wait_for("configuration reloaded", start=start)
        assert get(opened.getsockname()).status == 200
