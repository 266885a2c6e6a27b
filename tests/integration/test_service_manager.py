"""What the service manager is told: ready, reloads, drains, the number of sessions, and a watchdog that means it."""
import signal
import socket

import pytest

from harness.configuration import relay_to
from harness.hawser_process import run_hawser
from harness.notify_socket import NotifySocket, monotonic_microseconds, watchdog_environment
from harness.raw_client import get, open_websocket
from harness.stopped_thread import serving_thread, stopped
from harness.waiting import wait_until

SECOND = 1_000_000  # microseconds
BROKEN = {"nonsense": 1}


@pytest.fixture
def notify_socket(tmp_path):
    """Opens the manager's end: notify_socket(), or NotifySocket's options; each is closed and asked for failures at the end."""
    opened = []

    def start(folder=tmp_path, **options):
        opened.append(NotifySocket(folder, **options))
        return opened[-1]

    yield start
    for each in opened:
        each.stop()


@pytest.fixture
def notify(notify_socket):
    return notify_socket()


def exchange_on(wire):
    def exchange():
        wire.send_text("are you there?")
        assert wire.read_text() == "are you there?"
    return exchange


# The start.

def test_ready_is_said_once_clients_are_served(hawser, peers, notify_socket, tmp_path):
    path = str(tmp_path / "in")
    answers = []
    notify = notify_socket(on_notice=lambda notice: "READY" in notice and answers.append(get(path).status))
    hawser(relay_to(peers.echo().address, listener={"address": f"unix:{path}"}), environment=notify.environment)
    notify.wait_for("READY", "1")
    assert answers == [200]


def test_ready_is_the_first_word_and_comes_from_the_process_that_was_started(hawser, notify):
    proxy = hawser(relay_to("127.0.0.1:9"), environment=notify.environment)
    notify.wait_for("READY", "1")
    first = notify.notices[0]
    assert first.fields == {"READY": "1", "STATUS": "serving, 0 sessions"}
    assert first.pid == proxy.pid


def test_a_start_that_fails_says_nothing(tmp_path, notify):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        configuration = tmp_path / "hawser.yaml"
        configuration.write_text('routes: [{ respond: { status: 204 } }]\n'
                                 f'listeners: [{{ address: "127.0.0.1:{taken.getsockname()[1]}" }}]\n')
        done = run_hawser("-c", str(configuration), env={**notify.environment})
    assert done.returncode == 1
    assert notify.notices == []


def test_t_says_nothing(tmp_path, notify):
    configuration = tmp_path / "hawser.yaml"
    configuration.write_text('routes: [{ respond: { status: 204 } }]\nlisteners: [{ address: "127.0.0.1:0" }]\n')
    assert run_hawser("-t", "-c", str(configuration), env={**notify.environment}).returncode == 0
    assert notify.notices == []


def test_an_abstract_socket_is_spoken_to(hawser, notify_socket):
    notify = notify_socket(folder=None)
    hawser(relay_to("127.0.0.1:9"), environment=notify.environment)
    notify.wait_for("READY", "1")


# Nobody listens.

def serves_and_ends(proxy):
    assert get(proxy.address()).status == 200
    proxy.reload()
    with open_websocket(proxy.address()) as wire:
        exchange_on(wire)()
    proxy.stop(signal.SIGQUIT)


def test_without_a_manager_nothing_is_different(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address), environment={"NOTIFY_SOCKET": ""})
    serves_and_ends(proxy)
    assert "service manager" not in proxy.log.text


def test_a_missing_notify_socket_is_a_warning_and_no_more(hawser, peers, tmp_path):
    proxy = hawser(relay_to(peers.echo().address), environment={"NOTIFY_SOCKET": str(tmp_path / "absent")})
    serves_and_ends(proxy)
    assert proxy.log.count("cannot reach the service manager") == 1


def test_a_dead_notify_socket_is_a_warning_and_no_more(hawser, peers, notify):
    notify.stop()
    proxy = hawser(relay_to(peers.echo().address), environment=watchdog_environment(notify, 0.2))
    serves_and_ends(proxy)
    assert proxy.log.count("cannot reach the service manager") == 1


def test_a_manager_that_dies_and_comes_back_is_heard_of_again(hawser, peers, notify_socket, tmp_path):
    first = notify_socket()
    proxy = hawser(relay_to(peers.echo().address), environment=first.environment)
    first.wait_for("READY")
    first.stop()
    proxy.reload()
    assert get(proxy.address()).status == 200
    (tmp_path / "notify").unlink()
    second = notify_socket()
    proxy.reload()
    second.wait_for("READY")


@pytest.mark.parametrize("variables, part", [
    ({"NOTIFY_SOCKET": "relative"}, "NOTIFY_SOCKET 'relative'"), ({"NOTIFY_SOCKET": "vsock:2:9"}, "NOTIFY_SOCKET 'vsock:2:9'")])
def test_a_notify_socket_that_cannot_be_one_is_a_warning(hawser, peers, variables, part):
    proxy = hawser(relay_to(peers.echo().address), environment=variables)
    serves_and_ends(proxy)
    assert proxy.log.count(part) == 1


# The number of sessions.

def test_the_status_follows_the_number_of_sessions(hawser, peers, notify):
    proxy = hawser(relay_to(peers.echo().address), environment=notify.environment)
    wires = [open_websocket(proxy.address()) for _ in range(3)]
    notify.wait_for_status("serving, 3 sessions")
    start = notify.position()
    wires.pop().close()
    wires.pop().close()
    notify.wait_for_status("serving, 1 session", start=start)
    wires.pop().close()
    notify.wait_for_status("serving, 0 sessions", start=start)


# Reloads.

def check_framed(notify, start, since, until):
    """One reload as Type=notify-reload wants it: both lines in one notice, the time after the signal, then READY."""
    begun = notify.wait_for("RELOADING", "1", start=start)
    done = notify.wait_for("READY", "1", start=start)
    assert since <= int(begun.get("MONOTONIC_USEC")) <= begun.time <= until()
    assert notify.notices.index(begun) < notify.notices.index(done)
    return done


def test_a_reload_is_announced_and_its_end_as_well(hawser, peers, notify):
    proxy = hawser(relay_to(peers.echo().address), environment=notify.environment)
    notify.wait_for("READY")
    for _ in range(3):
        start, since = notify.position(), monotonic_microseconds()
        proxy.reload()
        done = check_framed(notify, start, since, monotonic_microseconds)
        assert done.get("STATUS") == "serving, 0 sessions"


def test_the_end_of_a_reload_is_said_once_the_new_file_is_in_use(hawser, peers, notify_socket, tmp_path):
    path = str(tmp_path / "in")
    seen = []
    notify = notify_socket(
        on_notice=lambda notice: "READY" in notice and seen.append({get(path).body for _ in range(8)}))
    old, new = (relay_to(peers.echo(name=name).address, listener={"address": f"unix:{path}"}) for name in ("old", "new"))
    proxy = hawser(old, environment=notify.environment)
    notify.wait_for("READY")
    for configuration in (new, old, new):
        start = notify.position()
        proxy.reload(configuration)
        notify.wait_for("READY", start=start)
    assert seen == [{b"old\n"}, {b"new\n"}, {b"old\n"}, {b"new\n"}]


def test_a_refused_reload_ends_as_well_and_the_status_says_so(hawser, peers, notify):
    good = relay_to(peers.echo().address)
    proxy = hawser(good, environment=notify.environment)
    notify.wait_for("READY")
    start, since = notify.position(), monotonic_microseconds()
    proxy.reload_refused({**good, **BROKEN})
    done = check_framed(notify, start, since, monotonic_microseconds)
    assert done.get("STATUS") == "serving, 0 sessions, last reload refused"
    start = notify.position()
    proxy.reload(good)
    assert notify.wait_for("READY", start=start).get("STATUS") == "serving, 0 sessions"


def test_a_port_that_is_taken_ends_the_reload_as_well(hawser, peers, notify):
    good = relay_to(peers.echo().address)
    proxy = hawser(good, environment=notify.environment)
    notify.wait_for("READY")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        start, since = notify.position(), monotonic_microseconds()
        proxy.reload_refused({**good, "listeners": [{"address": "127.0.0.1:{}".format(taken.getsockname()[1])}]})
    check_framed(notify, start, since, monotonic_microseconds)


def test_each_of_many_signals_is_answered_by_a_reload_that_began_after_it(hawser, peers, notify):
    """systemd waits for a RELOADING=1 that is not older than its signal, then for READY=1."""
    proxy = hawser(relay_to(peers.echo().address), environment=notify.environment)
    notify.wait_for("READY")
    for _ in range(20):
        proxy.send_signal(signal.SIGHUP)
        start, since = notify.position(), monotonic_microseconds()
        proxy.send_signal(signal.SIGHUP)
        wait_until(lambda: has_answered(notify.notices[start:], since), 10, "a reload that began after the signal")
    assert [set(n.fields) & {"RELOADING", "READY"} for n in notify.notices[1:]] == \
        [{"RELOADING"}, {"READY"}] * ((len(notify.notices) - 1) // 2)


def has_answered(notices, since):
    for position, notice in enumerate(notices):
        if "RELOADING" in notice and int(notice.get("MONOTONIC_USEC")) >= since:
            return any("READY" in later for later in notices[position:])
    return False


# The end.

def test_a_drain_asks_for_time_until_the_last_session_is_gone(hawser, peers, notify):
    proxy = hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "60s"}), environment=notify.environment)
    wires = [open_websocket(proxy.address()) for _ in range(2)]
    notify.wait_for("READY")
    start = notify.position()
    proxy.send_signal(signal.SIGQUIT)
    first = notify.wait_for("STOPPING", "1", start=start)
    assert "draining, 2 sessions" in first.get("STATUS")
    wait_until(lambda: len(notify.all_with("EXTEND_TIMEOUT_USEC", start)) >= 4, 10, "four extensions")
    extensions = notify.all_with("EXTEND_TIMEOUT_USEC", start)
    assert extensions[0] is first, "the first belongs to the announcement"
    for earlier, later in zip(extensions, extensions[1:]):
        assert later.time - earlier.time < int(earlier.get("EXTEND_TIMEOUT_USEC"))
        assert later.time - earlier.time > SECOND // 2
    wires.pop().send_close(1001)
    notify.wait_for_status("draining, 1 session,", start=start)
    wires.pop().send_close(1001)
    assert proxy.wait_for_exit() == 0
    assert len(notify.all_with("STOPPING")) == 1


def test_a_drain_that_reaches_its_end_goes_on_asking(hawser, peers, notify):
    proxy = hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "2s"}), environment=notify.environment)
    with open_websocket(proxy.address()):
        proxy.send_signal(signal.SIGQUIT)
        notify.wait_for_status("ending, 1 session")
        assert proxy.wait_for_exit() == 0
    assert len(notify.all_with("STOPPING")) == 1
    assert "EXTEND_TIMEOUT_USEC" in notify.notices[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_fast_stop_is_announced(hawser, peers, notify, number):
    proxy = hawser(relay_to(peers.echo().address), environment=notify.environment)
    with open_websocket(proxy.address()):
        proxy.stop(number)
    last = notify.wait_for("STOPPING", "1")
    assert "ending, 1 session" in last.get("STATUS") and "EXTEND_TIMEOUT_USEC" in last


def test_a_reload_while_draining_takes_nothing_back(hawser, peers, notify):
    proxy = hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "60s"}), environment=notify.environment)
    with open_websocket(proxy.address()) as wire:
        proxy.send_signal(signal.SIGQUIT)
        notify.wait_for("STOPPING")
        start = notify.position()
        proxy.send_signal(signal.SIGHUP)
        proxy.log.wait_for("reload refused: the process is ending")
        wire.send_close(1001)
        assert proxy.wait_for_exit() == 0
    assert notify.all_with("READY", start) == [] and notify.all_with("RELOADING", start) == []


# The watchdog.

def test_the_watchdog_is_fed_twice_an_interval(hawser, notify):
    hawser(relay_to("127.0.0.1:9"), environment=watchdog_environment(notify, 1))
    wait_until(lambda: len(notify.all_with("WATCHDOG")) >= 6, 10, "six feedings")
    fed = notify.all_with("WATCHDOG")
    assert {notice.get("WATCHDOG") for notice in fed} == {"1"}
    for earlier, later in zip(fed, fed[1:]):
        assert later.time - earlier.time < SECOND, "the manager would have killed it"


def test_the_watchdog_is_not_fed_while_one_worker_hangs_and_is_again_after(hawser, peers, notify):
    proxy = hawser(relay_to(peers.echo().address), environment=watchdog_environment(notify, 0.5))
    with open_websocket(proxy.address()) as wire:
        exchange = exchange_on(wire)
        worker = serving_thread(proxy.pid, exchange)
        notify.wait_for("WATCHDOG", start=notify.position())
        with stopped(worker):
            proxy.log.wait_for("a worker does not answer, the watchdog is not fed worker=[01]")
            assert notify.is_silent_of("WATCHDOG", 2, start=notify.position())
            start = notify.position()
            proxy.reload_refused({**relay_to("127.0.0.1:9"), **BROKEN})
            notify.wait_for("READY", start=start)  # the main thread goes on
        notify.wait_for("WATCHDOG", start=start)
        proxy.log.wait_for("a worker answers again worker=[01]")
        exchange()
    assert proxy.log.count("a worker does not answer") == 1


def test_the_watchdog_is_fed_while_draining(hawser, peers, notify):
    proxy = hawser(relay_to(peers.echo().address, shutdown={"drain_timeout": "60s"}),
                   environment=watchdog_environment(notify, 0.5))
    with open_websocket(proxy.address()) as wire:
        proxy.send_signal(signal.SIGQUIT)
        notify.wait_for("STOPPING")
        start = notify.position()
        wait_until(lambda: len(notify.all_with("WATCHDOG", start)) >= 3, 10, "three feedings")
        wire.send_close(1001)
        assert proxy.wait_for_exit() == 0


def test_the_watchdog_of_another_process_is_not_fed(hawser, notify):
    hawser(relay_to("127.0.0.1:9"), environment=watchdog_environment(notify, 0.2, pid=1))
    notify.wait_for("READY")
    assert notify.is_silent_of("WATCHDOG", 1)


def test_a_watchdog_interval_that_is_none_is_a_warning(hawser, notify):
    proxy = hawser(relay_to("127.0.0.1:9"), environment={**notify.environment, "WATCHDOG_USEC": "soon"})
    notify.wait_for("READY")
    proxy.log.wait_for("WATCHDOG_USEC 'soon'")
