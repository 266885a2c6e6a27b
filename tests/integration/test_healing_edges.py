"""Corners where healing meets itself: servers that leave while sessions wait for them, files that break meanwhile."""
import os
import shutil

import pytest

from harness.configuration import relay_to
from harness.crowd import Crowd, shares, statuses
from harness.flaky_server import FlakyServer, answers, good_after, is_silent
from harness.log_lines import IS_DOWN, MEMBERS_CHANGED, of
from harness.network_namespace import drop_packets_to, own_network
from harness.process_facts import is_at_rest, unread_bytes
from harness.raw_client import connect, get, handshake_bytes, open_websocket
from harness.waiting import Stopwatch, wait_until


def waiter(proxy):
    """A client that has asked for an upgrade and stands in the queue when this returns."""
    wire = connect(proxy.address())
    wire.send(handshake_bytes())
    own = wire.socket.getsockname()
    wait_until(lambda: unread_bytes(proxy.address(), own) == 0 and is_at_rest(proxy.pid), 10, "the request to be read")
    return wire


def write_servers(path, *servers):
    """Puts a watched file in its place in one step."""
    lines = "".join(f"  - {{ address: '{address}', max_sessions: 1 }}\n" for address in servers)
    new = path.with_suffix(".new")
    new.write_text(f"servers:\n{lines}" if servers else "servers: []\n")
    os.replace(new, path)


def listed_in(path, **upstream):
    configuration = relay_to(upstream={"discover": {"file": str(path)}, **upstream})
    del configuration["upstreams"]["pool"]["servers"]
    return configuration


def test_who_comes_when_all_went_down_is_refused_at_once_though_others_wait(hawser, flaky_server):
    server = flaky_server("server")
    check = {"type": "http", "interval": "100ms", "rise": 1, "fall": 1}
    proxy = hawser(relay_to({"address": server.address, "max_sessions": 1},
                            upstream={"queue": {"size": 5, "timeout": "30s"}, "health_check": check}))
    with open_websocket(proxy.address()):
        with waiter(proxy):
            server.behaviour = answers(503)
            proxy.log.wait_for(of(IS_DOWN, server), 10)
            watch = Stopwatch()
            assert get(proxy.address()).status == 503
            assert watch.seconds < 1


def test_a_server_that_left_its_upstream_empty_is_not_given_to_who_waits(hawser, flaky_server, tmp_path):
    server, listed = flaky_server("server"), tmp_path / "servers.yaml"
    write_servers(listed, server.address)
    proxy = hawser(listed_in(listed, queue={"size": 5, "timeout": "1s"}))
    with open_websocket(proxy.address()) as held:
        with waiter(proxy) as waiting:
            write_servers(listed)
            proxy.log.wait_for(MEMBERS_CHANGED, 10)
            held.close()
            assert waiting.read_head().status == 503
    assert len(server.heads) == 1


def test_servers_change_though_a_tls_file_is_gone_meanwhile(hawser, tls_server, authority, tmp_path):
    certificate = authority.issue("server", "DNS:chat.test")
    old, new = tls_server(certificate, name="old"), tls_server(certificate, name="new")
    listed, ca_file = tmp_path / "servers.yaml", tmp_path / "ca.pem"
    shutil.copy(authority.cert_file, ca_file)
    write_servers(listed, old.address)
    tls = {"ca_file": str(ca_file), "server_name": "chat.test"}
    proxy = hawser(listed_in(listed, tls=tls))
    assert get(proxy.address()).body == b"old"
    ca_file.unlink()
    write_servers(listed, new.address)
    wait_until(lambda: get(proxy.address()).body == b"new", 5, "the new server to be used")


def accepts_wrongly(server, wire, head):
    wire.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              b"Sec-WebSocket-Accept: wrong\r\n\r\n")


def says_nonsense(server, wire, head):
    wire.send(b"nonsense\r\n\r\n")


@pytest.mark.parametrize("failure", [accepts_wrongly, says_nonsense, is_silent])
def test_an_upgrade_that_a_server_spoils_goes_elsewhere(hawser, flaky_server, failure):
    bad, good = flaky_server("bad", failure), flaky_server("good")
    proxy = hawser(relay_to(bad.address, good.address, upstream={"timeouts": {"response_head": "200ms"}}))
    with Crowd(proxy.address()) as crowd:
        assert shares(crowd.open(4)) == {"good": 4}
    assert bad.heads


@pytest.mark.parametrize(["failure", "status"], [(accepts_wrongly, 502), (is_silent, 504)])
def test_an_upgrade_that_the_only_server_spoils_is_not_tried_there_again(hawser, flaky_server, failure, status):
    bad = flaky_server("bad", failure)
    proxy = hawser(relay_to(bad.address, upstream={"timeouts": {"response_head": "200ms"}}))
    with Crowd(proxy.address()) as crowd:
        assert statuses(crowd.open(1)) == {status: 1}
    assert len(bad.heads) == 1


def test_a_server_that_vanished_with_its_warm_connections_costs_a_try_time_and_not_more(hawser):
    """No packet says that they are dead: a cold connection would be given up after try_timeout, and so are these."""
    with own_network():
        vanished, other = FlakyServer("vanished"), FlakyServer("other")
        proxy = hawser(relay_to(vanished.address, other.address, workers=1, upstream={
            "keepalive": {"prewarm": 2}, "retry": {"try_timeout": "300ms"}}))
        proxy.address()
        wait_until(lambda: len(vanished.connections) == len(other.connections) == 2, 10, "warm connections")
        drop_packets_to(vanished.port)
        with Crowd(proxy.address()) as crowd:
            visits = crowd.open(4)
            assert shares(visits) == {"other": 4}
            assert max(visit.seconds for visit in visits) < 4
        vanished.stop()
        other.stop()


def test_a_slow_answer_on_a_warm_connection_is_waited_for(hawser, flaky_server):
    slow = flaky_server("slow", good_after(0.7))
    proxy = hawser(relay_to(slow.address, workers=1, upstream={
        "keepalive": {"prewarm": 2}, "retry": {"try_timeout": "200ms"}}))
    proxy.address()
    wait_until(lambda: len(slow.connections) == 2, 10, "warm connections")
    with Crowd(proxy.address()) as crowd:
        assert statuses(crowd.open(2)) == {101: 2}
    assert len(slow.heads) == 2
