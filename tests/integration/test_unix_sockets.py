"""Addresses that are not TCP over IPv4: unix sockets on either side, and IPv6."""
import os
import socket
import stat

import pytest

from harness.configuration import relay_to
from harness.raw_client import get, open_websocket
from harness.recording_server import answer_with, echo_frames


@pytest.fixture
def short_folder(tmp_path_factory):
    """A unix socket's path holds 107 bytes."""
    return tmp_path_factory.mktemp("s")


def converse(address):
    with open_websocket(address) as wire:
        wire.send_text("over it")
        assert wire.read_text() == "over it"


def test_a_listener_on_a_unix_socket(hawser, peers, short_folder):
    path = str(short_folder / "in")
    proxy = hawser(relay_to(peers.echo().address, listener={"address": f"unix:{path}"}))
    assert proxy.address() == path
    converse(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    proxy.stop()
    assert not os.path.exists(path), "a socket of ours goes with us"


def test_the_mode_of_a_unix_socket_is_ours_to_say(hawser, peers, short_folder):
    path = str(short_folder / "in")
    proxy = hawser(f'workers: 2\nlisteners: [{{ name: public, address: "unix:{path}", mode: 0600 }}]\n'
                   f'routes: [{{ upstream: pool }}]\nupstreams: {{ pool: {{ servers: ["{peers.echo().address}"] }} }}\n')
    proxy.address()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_a_stale_socket_is_replaced_and_a_live_one_is_not(hawser, peers, short_folder):
    path = short_folder / "in"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    proxy = hawser(relay_to(peers.echo().address, listener={"address": f"unix:{path}"}))
    converse(proxy.address())
    second = hawser(relay_to(peers.echo().address, listener={"address": f"unix:{path}"}))
    second.expected_exit = 1
    assert second.wait_for_exit() == 1
    assert "in" in second.log.text
    converse(str(path))


def test_many_sessions_on_a_unix_socket_use_all_workers(hawser, peers, short_folder):
    proxy = hawser(relay_to(peers.echo().address, listener={"address": f"unix:{short_folder / 'in'}"}, workers=2))
    wires = [open_websocket(proxy.address()) for _ in range(100)]
    for wire in wires:
        wire.send_text("each")
    assert all(wire.read_text() == "each" for wire in wires)


def test_a_server_on_a_unix_socket(hawser, peers, short_folder):
    peers.echo(listen=f"unix:{short_folder / 'out'}")
    proxy = hawser(relay_to(f"unix:{short_folder / 'out'}"))
    converse(proxy.address())
    assert get(proxy.address()).status == 200


def test_a_missing_unix_server_is_502(hawser, short_folder):
    proxy = hawser(relay_to(f"unix:{short_folder / 'nobody'}"))
    assert get(proxy.address()).status == 502


def test_a_listener_on_ipv6(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, listener={"address": "[::1]:0"}))
    host, port = proxy.address()
    assert host == "::1"
    converse((host, port))


def test_a_v6_wildcard_does_not_take_v4(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, listener={"address": "[::]:0"}))
    port = proxy.address()[1]
    converse(("::1", port))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 2)


def test_a_server_on_ipv6(hawser, recording_server):
    proxy = hawser(relay_to(recording_server(echo_frames, address="::1").address))
    converse(proxy.address())


def test_forwarded_for_names_a_v6_client(hawser, recording_server):
    server = recording_server(answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    proxy = hawser(relay_to(server.address, listener={"address": "[::1]:0"}))
    get(proxy.address())
    seen = server.received().decode().lower()
    assert "\r\nx-forwarded-for: ::1\r\n" in seen
    assert 'for="[::1]"' in seen


def test_several_listeners_serve_one_route_set(hawser, peers, short_folder):
    configuration = relay_to(peers.echo().address)
    configuration["listeners"] = [{"name": "four", "address": "127.0.0.1:0"}, {"name": "six", "address": "[::1]:0"},
                                  {"name": "local", "address": f"unix:{short_folder / 'in'}"}]
    proxy = hawser(configuration)
    for name in ("four", "six", "local"):
        converse(proxy.address(name))
