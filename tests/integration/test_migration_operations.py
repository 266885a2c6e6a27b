"""The set-up of conf/migration/ that is about operating: logs, reload and the end, as nginx, HAProxy and Hawser do them."""
import contextlib
import os
import pathlib
import re
import signal

import pytest

from harness.hawser_process import run_hawser
from harness.migration_clients import HOME, echoes
from harness.migration_trio import migrated, shelf  # noqa: F401  fixtures
from harness.process_facts import is_alive
from harness.raw_client import open_websocket
from harness.telling_server import TellingServer
from harness.waiting import wait_until

NAMES = {"10.0.0.11:9001": "chat1"}
END_POLITELY = {"nginx": signal.SIGQUIT, "haproxy": signal.SIGUSR1, "hawser": signal.SIGQUIT}


@pytest.fixture
def second_server():
    server = TellingServer("chat2")
    yield server
    server.stop()


def with_another_server(proxy, another):
    """The file with a second server, and the first one taken out of service."""
    first = proxy.servers["chat1"].address
    text = proxy.file.text
    return proxy.answer_of(
        nginx=text.replace(f"server {first};", f"server {first} down; server {another.address};"),
        haproxy=text.replace(f"chat1 {first}", f"chat1 {first} disabled\n  server chat2 {another.address}"),
        hawser=text.replace(f'["{first}"]', f'[{{ address: "{first}", state: drain }}, "{another.address}"]'))


def server_of_a_new_session(proxy):
    with open_websocket(proxy.address()) as wire:
        return wire.upgrade.get("x-server")


def children_of(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_a_server_taken_out_by_a_reload_keeps_its_sessions(migrated, second_server):
    proxy = migrated("operations", names=NAMES)
    with open_websocket(proxy.address()) as wire:
        before = children_of(proxy.process.pid)
        changed = with_another_server(proxy, second_server)
        assert changed != proxy.file.text
        proxy.file.path.write_text(changed)
        proxy.reload()
        wait_until(lambda: server_of_a_new_session(proxy) == "chat2", what="the new file to hold")
        assert echoes(wire)
        carried_by_another_process = bool(set(before) & set(children_of(proxy.process.pid)))
        assert carried_by_another_process == (proxy.kind != "hawser")


def test_a_broken_file_changes_nothing(migrated):
    proxy = migrated("operations", names=NAMES)
    with open_websocket(proxy.address()) as wire:
        proxy.file.path.write_text(proxy.file.text + "\nnonsense\n")
        proxy.process.send_signal(signal.SIGUSR2 if proxy.kind == "haproxy" else signal.SIGHUP)
        refused = proxy.answer_of(nginx=r"\[emerg\]", haproxy="Fatal errors found", hawser="reload (failed|refused)")
        wait_until(lambda: re.search(refused, proxy.said()), 10, "the file to be refused")
        assert echoes(wire)
        assert server_of_a_new_session(proxy) == "chat1"


def test_who_is_asked_to_quit_lets_sessions_end(migrated):
    proxy = migrated("operations", names=NAMES)
    with open_websocket(proxy.address()) as wire:
        proxy.process.send_signal(END_POLITELY[proxy.kind])
        wait_until(lambda: not proxy.file.listeners["0.0.0.0:80"].accepts(), what="nobody to be let in")
        assert echoes(wire)
        assert proxy.process.process.poll() is None
        wire.send_close(1000)
        assert wire.read_close_code() == 1000
    assert proxy.process.wait_for_exit() == 0


def test_whose_time_is_over_is_told_by_hawser_and_cut_by_the_others(migrated):
    proxy = migrated("operations", names=NAMES, edit=lambda text: re.sub(r"(_timeout:?|stop-after) 1h", r"\1 1s", text))
    with open_websocket(proxy.address()) as wire:
        proxy.process.send_signal(END_POLITELY[proxy.kind])
        if proxy.kind == "hawser":
            assert wire.read_close_code() == 1001
            wire.send_close(1001)
        assert wire.is_at_end()
    assert proxy.process.wait_for_exit() == 0 or proxy.kind == "haproxy"


@pytest.mark.parametrize("migrated", ["hawser"], indirect=True)
def test_a_new_binary_takes_over_and_the_old_process_lets_its_sessions_end(migrated):
    proxy = migrated("operations", names=NAMES)
    with contextlib.ExitStack() as cleanup:
        wire = cleanup.enter_context(open_websocket(proxy.address()))
        done = run_hawser("-s", "upgrade", "-c", str(proxy.file.path), timeout=60)
        assert done.returncode == 0, done.stderr
        successor = int((proxy.file.folder / "run/hawser/hawser.pid").read_text())
        cleanup.callback(end, successor)
        assert successor != proxy.process.pid
        assert echoes(wire)
        wire.send_close(1000)
        assert wire.read_close_code() == 1000
        assert proxy.process.wait_for_exit() == 0
        assert server_of_a_new_session(proxy) == "chat1"


@pytest.mark.parametrize("migrated", ["nginx"], indirect=True)
def test_nginx_in_the_foreground_does_not_replace_its_binary(migrated):
    proxy = migrated("operations", names=NAMES)
    proxy.process.send_signal(signal.SIGUSR2)
    wait_until(lambda: "changing binary signal is ignored" in proxy.said(), what="nginx to say so")
    assert server_of_a_new_session(proxy) == "chat1"


def end(pid):
    """Ends a process that is no child of the test."""
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_alive(pid), 10, "the successor to end")


# --- logs ---

def access_log(proxy):
    if proxy.kind == "haproxy":
        return "\n".join(proxy.process.log.lines)
    log = proxy.file.folder / f"var/log/{proxy.kind}/access.log"
    return log.read_text() if log.exists() else ""


def converse(proxy, path):
    with open_websocket(proxy.address(), path, headers=[("User-Agent", "a test")]) as wire:
        assert echoes(wire)
        wire.send_close(1000, "bye")
        wire.read_close_code()


def test_a_session_has_one_line_when_it_ends(migrated):
    proxy = migrated("operations", names=NAMES)
    converse(proxy, "/lobby?table=4")
    upstream = re.escape(proxy.servers["chat1"].address)
    line = rf'^{HOME} \[.+\] "GET /lobby\?table=4 HTTP/1.1" 101 upstream={upstream} time=[\d.]+ sent=(\d+) agent="a test"(.*)$'
    found = wait_until(lambda: re.search(line, access_log(proxy), re.MULTILINE), what="the line of the session")
    assert int(found.group(1)) > 100
    assert found.group(2) == proxy.answer_of(nginx="", haproxy=" --", hawser=" closed=1000 by=client messages=1/1")
    assert access_log(proxy).count("/lobby") == 1


@pytest.mark.parametrize("migrated", ["nginx", "hawser"], indirect=True)
def test_a_log_that_was_moved_away_is_opened_again(migrated):
    proxy = migrated("operations", names=NAMES)
    converse(proxy, "/first")
    wait_until(lambda: "/first" in access_log(proxy), what="the first line")
    log = proxy.file.folder / f"var/log/{proxy.kind}/access.log"
    log.rename(log.with_suffix(".1"))
    proxy.process.send_signal(signal.SIGUSR1)
    wait_until(log.exists, what="the log to be there again")
    converse(proxy, "/second")
    wait_until(lambda: "/second" in access_log(proxy), what="the second line")
    assert "/first" not in access_log(proxy)


@pytest.mark.parametrize("migrated", ["hawser"], indirect=True)
def test_a_client_that_just_leaves_is_told_from_one_that_says_good_bye(migrated):
    proxy = migrated("operations", names=NAMES)
    open_websocket(proxy.address(), "/gone").reset()
    wait_until(lambda: re.search(r"/gone.* closed=1006 by=client", access_log(proxy)), what="the line of the lost client")
