"""Connections opened ahead of need: there before the first client, used by the next upgrade, replaced, and no harm when
they have died."""
import contextlib

from harness.configuration import relay_to
from harness.crowd import Crowd, statuses
from harness.flaky_server import RefusingAddress, answers
from harness.log_lines import CANNOT_CONNECT, EJECTED
from harness.process_facts import is_at_rest
from harness.raw_client import get, open_websocket
from harness.waiting import Stopwatch, wait_until

WORKERS = 2
NEVER_EJECT = {"consecutive_failures": "off"}


def warmed(*servers, prewarm=3, timeout=None, workers=WORKERS, **upstream):
    keepalive = {"prewarm": prewarm, **({"timeout": timeout} if timeout else {})}
    return relay_to(*[server.address for server in servers], upstream={"keepalive": keepalive, **upstream}, workers=workers)


def wait_for_connections(server, count):
    wait_until(lambda: len(server.connections) >= count, 10, f"{count} connections, there are {len(server.connections)}")


def is_ended_by_peer(wire):
    """Whether the proxy has closed this idle connection; the server's thread has seen it then."""
    return wire.socket.fileno() == -1


def test_each_worker_opens_them_before_any_client_came(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(warmed(server))
    proxy.address()
    wait_for_connections(server, 3 * WORKERS)
    wait_until(lambda: is_at_rest(proxy.pid), 5, "it to rest")
    assert len(server.connections) == 3 * WORKERS
    assert server.received() == b"", "nothing is said on them"


def test_without_prewarm_nothing_is_opened_ahead(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(relay_to(server.address))
    with open_websocket(proxy.address()):
        assert len(server.connections) == 1


def test_the_next_upgrade_uses_one_and_it_is_replaced(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(warmed(server))
    proxy.address()
    wait_for_connections(server, 6)
    with contextlib.ExitStack() as sessions:
        for number in range(5):
            before = len(server.connections)
            wire = sessions.enter_context(open_websocket(proxy.address()))
            assert server.heads[number].connection < before, "it was there before the client was"
            wait_for_connections(server, before + 1)
            wire.send_text("hello")
            assert wire.read_text() == "hello"
        wait_until(lambda: is_at_rest(proxy.pid), 5, "it to rest")
        assert len(server.connections) == 6 + 5


def test_every_server_has_its_own(hawser, flaky_server):
    servers = [flaky_server(name) for name in "abc"]
    hawser(warmed(*servers, prewarm=2)).address()
    for server in servers:
        wait_for_connections(server, 2 * WORKERS)


def test_more_upgrades_than_are_warm_get_fresh_ones(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(warmed(server, prewarm=2))
    with Crowd(proxy.address()) as crowd:
        assert statuses(crowd.open(50, in_flight=50)) == {101: 50}
        assert len({head.connection for head in server.heads}) == 50, "a connection each"


def test_one_that_died_idle_costs_nothing(hawser, flaky_server):
    """With one attempt and a breaker that opens at the first failure, a dead one that counted would be seen."""
    server = flaky_server("server")
    proxy = hawser(warmed(server, retry={"attempts": 1}, circuit_breaker={"consecutive_failures": 1}))
    proxy.address()
    wait_for_connections(server, 6)
    for number in range(20):
        server.cut()
        with open_websocket(proxy.address()) as wire:
            wire.send_text(f"round {number}")
            assert wire.read_text() == f"round {number}"
            wire.send_close()
            assert wire.is_over()
    assert proxy.log.count(EJECTED) == 0 and proxy.log.count(CANNOT_CONNECT) == 0


def test_a_server_that_restarted_is_warmed_anew(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(warmed(server))
    proxy.address()
    wait_for_connections(server, 6)
    server.cut()
    wait_for_connections(server, 12)
    assert get(proxy.address()).status == 200


def test_idle_ones_end_after_keepalive_timeout(hawser, flaky_server):
    server = flaky_server("server")
    watch = Stopwatch()
    proxy = hawser(warmed(server, timeout="500ms"))
    proxy.address()
    wait_for_connections(server, 6)
    first = server.connections[:6]
    wait_until(lambda: all(is_ended_by_peer(wire) for wire in first), 10, "the first six to be ended")
    assert watch.seconds >= 0.49
    with open_websocket(proxy.address()) as wire:
        wire.send_text("hello")
        assert wire.read_text() == "hello"


def test_they_last_while_the_timeout_has_not_passed(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(warmed(server, timeout="60s"))
    proxy.address()
    wait_for_connections(server, 6)
    with Crowd(proxy.address()) as crowd:
        crowd.open(1)
        wait_for_connections(server, 7)
    assert not any(is_ended_by_peer(wire) for wire in server.connections[:6] if wire.number != server.heads[0].connection)


def test_tls_is_done_ahead_too(hawser, tls_server, authority):
    server = tls_server(authority.issue("warm", "IP:127.0.0.1"))
    proxy = hawser(warmed(server, tls={"ca_file": authority.cert_file}))
    proxy.address()
    wait_until(lambda: len(server.handshakes) >= 6, 10, "six handshakes before any client")
    with open_websocket(proxy.address()) as wire:
        assert server.heads[0].connection < 6
        wire.send_text("hello")
        assert wire.read_text() == "hello"
    wait_until(lambda: len(server.handshakes) >= 7, 10, "the one that was used to be replaced")


def test_a_server_that_refuses_is_not_hammered(hawser, refusing):
    """Nobody listens: warming fails, and comes again with pauses, not in a loop."""
    proxy = hawser(relay_to(refusing, upstream={"keepalive": {"prewarm": 3}}))
    assert get(proxy.address()).status == 502
    wait_until(lambda: is_at_rest(proxy.pid), 5, "it to rest, for it fails in no loop")
    assert proxy.log.count(CANNOT_CONNECT) < 50


def test_a_server_that_listens_later_is_warmed_then(hawser, flaky_server):
    """Its port is bound and refuses until the server starts."""
    holder = RefusingAddress()
    proxy = hawser(relay_to(holder.address, upstream={"keepalive": {"prewarm": 2}, "circuit_breaker": NEVER_EJECT}))
    assert get(proxy.address()).status == 502
    holder.stop()
    late = flaky_server("late", port=int(holder.address.rsplit(":", 1)[1]))
    wait_until(lambda: get(proxy.address()).status == 200, 10, "a session at it")
    wait_for_connections(late, 2 * WORKERS)


def test_a_reload_keeps_those_of_servers_that_stay(hawser, flaky_server):
    stays, leaves = flaky_server("stays"), flaky_server("leaves")
    proxy = hawser(warmed(stays, leaves))
    proxy.address()
    wait_for_connections(stays, 6)
    wait_for_connections(leaves, 6)
    proxy.reload(warmed(stays))
    wait_until(lambda: all(is_ended_by_peer(wire) for wire in leaves.connections), 10, "those of the one that left to end")
    with open_websocket(proxy.address()) as wire:
        wire.send_text("hello")
        assert wire.read_text() == "hello"


def test_a_reload_without_prewarm_ends_them(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(warmed(server))
    proxy.address()
    wait_for_connections(server, 6)
    proxy.reload(relay_to(server.address))
    wait_until(lambda: all(is_ended_by_peer(wire) for wire in server.connections), 10, "all to be ended")


def test_descriptors_come_back_when_the_process_stops(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(warmed(server))
    proxy.address()
    wait_for_connections(server, 6)
    proxy.stop()
    wait_until(lambda: all(is_ended_by_peer(wire) for wire in server.connections), 5, "all to be ended")


def test_a_session_on_a_warm_connection_is_counted_and_judged_as_any(hawser, flaky_server):
    failing, well = flaky_server("failing", answers(503)), flaky_server("well")
    proxy = hawser(warmed(failing, well))
    wait_for_connections(failing, 6)
    with Crowd(proxy.address()) as crowd:
        wait_until(lambda: crowd.open(1) and proxy.log.count(EJECTED), 10, "the ejection")
        assert {visit.server for visit in crowd.visits} == {"well"}
        assert len(failing.heads) == 5
