"""HUP: a good file is taken without any session noticing, a bad one changes nothing, and nothing is left behind."""
import signal
import socket
import threading
from collections import Counter

import pytest

from harness.certificates import common_name, make_certificate, trusting_context
from harness.configuration import relay_to
from harness.raw_client import connect, get, open_websocket
from harness.waiting import wait_until, wait_until_steady

SESSIONS = 2000
RELOADS = 50


def refuses(address):
    try:
        socket.create_connection(address, 2).close()
    except ConnectionRefusedError:
        return True
    return False


def wait_for_more(clients, what, more):
    """Until the clients counted `more` of `what` than they have now."""
    wanted = clients.report()[what] + more
    wait_until(lambda: clients.report()[what] >= wanted, 30, f"{more} more {what}")


def cycle(proxy, peers, configurations):
    """2,000 live sessions and a stream of new ones while the file changes 50 times."""
    clients = peers.hold(proxy.url(), SESSIONS, interval="2s", visitors=2)
    for number in range(RELOADS):
        proxy.reload(configurations[number % 2])
        wait_for_more(clients, "visits", 2)
    assert clients.report()["open"] == SESSIONS
    # All speak once in two seconds, so after twice as many echoes each of them was heard after the last reload.
    wait_for_more(clients, "echoes", 2 * SESSIONS)
    counts = clients.stop()
    assert (counts["lost"], counts["refused"], counts["errors"]) == (0, 0, [])
    clients.finish()


def settled(proxy):
    """Descriptors and memory once all sessions are gone."""
    wait_until_steady(proxy.descriptors, 0.5)
    return proxy.descriptors(), proxy.memory()


@pytest.mark.heavy
@pytest.mark.figures
def test_50_reloads_under_load_drop_nothing_and_leave_nothing_behind(hawser, peers):
    one, two = peers.echo(name="one"), peers.echo(name="two")
    both = relay_to(one.address, two.address)
    weighted = relay_to({"address": one.address, "weight": 1}, {"address": two.address, "weight": 2},
                        upstream={"balance": "least_connections"})
    proxy = hawser(both)
    cycle(proxy, peers, [weighted, both])
    first_descriptors, first_memory = settled(proxy)
    cycle(proxy, peers, [weighted, both])
    second_descriptors, second_memory = settled(proxy)
    assert second_descriptors == first_descriptors
    # glibc keeps freed pages in its arenas, and which ones stay differs a little from run to run. A leak is larger: 1 KB
    # kept for each of the 2,000 sessions, or 40 KB for each of the 50 snapshots, is 2 MB a cycle.
    assert second_memory <= first_memory * 1.05 + 512 * 1024, (first_memory, second_memory)


def test_new_sessions_use_the_new_file_and_old_ones_stay(hawser, peers):
    old, new = peers.echo(name="old"), peers.echo(name="new")
    proxy = hawser(relay_to(old.address))
    with open_websocket(proxy.address()) as session:
        both = relay_to(old.address, new.address)
        both["upstreams"]["fresh"] = {"servers": [new.address]}
        both["routes"] = [{"upstream": "fresh"}]
        proxy.reload(both)
        session.send_text("still there?")
        assert session.read_text() == "still there?"
        with open_websocket(proxy.address()) as later:
            assert later.upgrade.get("x-server") == "new"


def test_a_bad_file_changes_nothing_and_every_error_is_logged(hawser, peers):
    proxy = hawser(relay_to(peers.echo(name="old").address))
    with open_websocket(proxy.address()) as session:
        bad = relay_to("127.0.0.1:1", upstream={"blance": "round_robin"})
        bad["routes"] = [{"upstream": "nowhere"}]
        bad["wrokers"] = 3
        lines = "\n".join(proxy.reload_refused(bad))
        for wanted in ("blance", "nowhere", "wrokers"):
            assert wanted in lines
        assert "did you mean" in lines
        session.send_text("undisturbed")
        assert session.read_text() == "undisturbed"
        assert get(proxy.address()).body == b"old\n"


@pytest.mark.parametrize("text", ["", "listeners: [", "\x00\x01", "- a\n- b\n", "listeners: &a [*a]\n"])
def test_a_file_that_is_no_configuration_changes_nothing(hawser, peers, text):
    proxy = hawser(relay_to(peers.echo(name="old").address))
    proxy.address()
    proxy.reload_refused(text)
    assert get(proxy.address()).body == b"old\n"


def test_a_missing_file_changes_nothing(hawser, peers):
    proxy = hawser(relay_to(peers.echo(name="old").address))
    proxy.address()
    configuration = proxy.file.read_text()
    proxy.file.unlink()
    start = proxy.log.position()
    proxy.send_signal(signal.SIGHUP)
    proxy.log.wait_for("hawser.yaml", 5, start)
    assert get(proxy.address()).body == b"old\n"
    proxy.reload(configuration)


def test_a_listener_that_cannot_be_bound_refuses_the_whole_reload(hawser, peers):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        configuration = relay_to(peers.echo(name="old").address)
        proxy = hawser(configuration)
        proxy.address()
        more = relay_to("127.0.0.1:1")
        more["listeners"] = configuration["listeners"] + [
            {"name": "second", "address": f"127.0.0.1:{taken.getsockname()[1]}"}]
        proxy.reload_refused(more)
        assert get(proxy.address()).body == b"old\n", "the new upstream must not be in use"


def test_listeners_come_and_go_and_sessions_of_a_removed_one_stay(hawser, peers):
    echo = peers.echo()
    one = relay_to(echo.address)
    two = relay_to(echo.address)
    two["listeners"] = one["listeners"] + [{"name": "extra", "address": "127.0.0.1:0"}]
    proxy = hawser(one)
    public = proxy.address()
    proxy.reload(two)
    extra = proxy.address("extra")
    assert proxy.address() == public
    with open_websocket(extra) as session:
        proxy.reload(one)
        wait_until(lambda: refuses(extra), 5, "the removed listener to refuse")
        session.send_text("I stay")
        assert session.read_text() == "I stay"
        assert get(public).status == 200
    proxy.reload(two)
    assert get(public).status == 200


def test_a_port_survives_a_reload_that_keeps_it(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    address = proxy.address()
    for _ in range(5):
        proxy.reload()
        assert get(address).status == 200
    assert proxy.log.count(r"listening listener=public") == 1


def test_many_hups_at_once_are_harmless(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    proxy.address()
    start = proxy.log.position()
    for _ in range(200):
        proxy.send_signal(signal.SIGHUP)
    proxy.reload()
    assert proxy.log.position() - start < 1000
    assert get(proxy.address()).status == 200


def test_a_replaced_certificate_is_used_and_a_broken_one_refused(hawser, peers, tmp_path):
    first, second = make_certificate(tmp_path, "first"), make_certificate(tmp_path, "second")
    used_cert, used_key = tmp_path / "used.crt", tmp_path / "used.key"

    def use(certificate, key=None):
        used_cert.write_bytes(open(certificate.cert_file, "rb").read())
        used_key.write_bytes(open((key or certificate).key_file, "rb").read())

    def presented(address):
        with connect(address, tls=trusting_context()) as wire:
            return common_name(wire.socket.getpeercert(binary_form=True))

    use(first)
    tls = {"tls": {"certificates": [{"cert_file": str(used_cert), "key_file": str(used_key)}]}}
    configuration = relay_to(peers.echo().address, listener=tls)
    proxy = hawser(configuration)
    assert presented(proxy.address()) == "first"
    with open_websocket(proxy.address(), tls=trusting_context()) as session:
        use(second)
        proxy.reload()
        assert presented(proxy.address()) == "second"
        use(first, key=second)
        lines = "\n".join(proxy.reload_refused(configuration))
        assert "used.crt" in lines or "used.key" in lines
        assert presented(proxy.address()) == "second"
        session.send_text("undisturbed")
        assert session.read_text() == "undisturbed"


def test_sessions_of_a_removed_route_are_drained(hawser, peers):
    """on_removed is drain by default: a Close with 1001 or 1012 at a message boundary."""
    old, new = peers.echo(name="old"), peers.echo(name="new")
    proxy = hawser(relay_to(old.address))
    with open_websocket(proxy.address()) as session:
        replaced = relay_to(new.address)
        replaced["upstreams"] = {"other": replaced["upstreams"]["pool"]}
        replaced["routes"] = [{"name": "another", "upstream": "other"}]
        proxy.reload(replaced)
        session.send_text("after")
        first = session.read_frame()
        assert first.close_code in (1001, 1012) or first.payload == b"after"


def test_reloads_that_swap_the_only_server_refuse_nobody(hawser, marking_server):
    """Some workers have the new file a moment before others: none of them may find nobody."""
    first, second = (marking_server().address for _ in range(2))
    files = [relay_to({"address": first, "state": "drain"}, second), relay_to(first)]
    proxy = hawser(relay_to(first))
    address = proxy.address()
    seen, is_over = Counter(), threading.Event()

    def ask():
        while not is_over.is_set():
            seen[get(address).status] += 1

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for turn in range(60):
        proxy.reload(files[turn % 2])
    is_over.set()
    for asker in askers:
        asker.join()
    assert set(seen) == {200}, seen
