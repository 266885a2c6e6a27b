"""Corners where healing meets itself: servers that leave while sessions wait for them, files that break meanwhile."""
import os
import shutil

from harness.configuration import relay_to
from harness.flaky_server import answers
from harness.log_lines import IS_DOWN, MEMBERS_CHANGED, of
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
