"""Listening sockets that the service manager opened: whose they are, what is refused, and that they outlive the process."""
import os
import shutil
import socket
import subprocess

import pytest

from harness.configuration import relay_to, with_changes
from harness.hawser_process import hawser_binary
from harness.line_collector import LineCollector
from harness.raw_client import connect, get, open_websocket
from harness.socket_activation import activated, listening_on, text_of

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def short_folder(tmp_path_factory):
    """A unix socket's path holds 107 bytes."""
    return tmp_path_factory.mktemp("s")


def listening_at(address, name="public", **top):
    """A configuration with a listener at `address`: (host, port) or a path."""
    return {"listener": {"name": name, "address": text_of(address)}, **top}


# Whose a socket is. A port that somebody listens on cannot be opened again: who serves there has the socket.

def test_a_socket_goes_to_the_listener_with_its_address(hawser, peers):
    with listening_on() as opened:
        address = opened.getsockname()
        proxy = hawser(relay_to(peers.echo().address, **listening_at(address)), **activated(opened))
        assert proxy.address() == address
        assert get(address).status == 200
        with open_websocket(address) as wire:
            wire.send_text("hello")
            assert wire.read_text() == "hello"


def test_a_socket_goes_to_the_listener_with_its_name(hawser, peers):
    with listening_on() as opened:
        proxy = hawser(relay_to(peers.echo().address), **activated(opened, names=["public"]))
        assert proxy.address() == opened.getsockname()
        assert get(opened.getsockname()).status == 200


def test_sockets_of_every_kind_find_their_listeners(hawser, peers, short_folder):
    path = str(short_folder / "in")
    with listening_on() as four, listening_on(("::1", 0)) as six, listening_on(path) as local:
        configuration = relay_to(peers.echo().address)
        configuration["listeners"] = [
            {"name": "local", "address": text_of(path)}, {"name": "six", "address": "[::1]:0"},
            {"name": "own", "address": "127.0.0.1:0"}, {"name": "four", "address": text_of(four.getsockname())}]
        proxy = hawser(configuration, **activated(four, six, local, names=["hawser.socket", "six", "unknown"]))
        assert proxy.address("four") == four.getsockname()
        assert proxy.address("six") == six.getsockname()[:2]
        assert proxy.address("local") == path
        assert proxy.address("own") not in (four.getsockname(), six.getsockname())
        for name in ("four", "six", "local", "own"):
            assert get(proxy.address(name)).status == 200


def test_a_socket_that_belongs_to_no_listener_is_a_warning(hawser, peers):
    with listening_on() as wanted, listening_on() as stray:
        proxy = hawser(relay_to(peers.echo().address), **activated(wanted, stray, names=["public", "stray"]))
        assert get(proxy.address()).status == 200
        warning = proxy.log.wait_for(".*stray.*").group(0)
        assert text_of(stray.getsockname()) in warning and "warn" in warning


def test_sockets_for_another_process_are_left_alone(hawser, peers):
    with listening_on() as opened:
        proxy = hawser(relay_to(peers.echo().address), **activated(opened, names=["public"], pid=1))
        assert proxy.address() != opened.getsockname()
        assert get(proxy.address()).status == 200


# What cannot be used.

@pytest.mark.parametrize("make, why", [
    (lambda: socket.socket(), "does not listen"),
    (lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), "is not a stream socket"),
    (lambda: open(os.devnull), "is not a socket"),
])
def test_a_descriptor_that_no_client_can_come_by_is_an_error(hawser, make, why):
    with make() as unfit, listening_on() as fit:
        proxy = hawser(relay_to("127.0.0.1:9"), **activated(fit, unfit, names=["public", "odd"]))
        proxy.expected_exit = 1
        assert proxy.wait_for_exit() == 1
        assert "descriptor 4" in proxy.log.text and why in proxy.log.text and "odd" in proxy.log.text


def test_a_descriptor_that_is_not_there_is_an_error(hawser):
    with listening_on() as opened:
        proxy = hawser(relay_to("127.0.0.1:9"), **activated(opened, count=2))
        proxy.expected_exit = 1
        assert proxy.wait_for_exit() == 1
        assert "descriptor 4 is not open" in proxy.log.text


def test_names_that_do_not_fit_the_number_of_sockets_are_an_error(hawser):
    with listening_on() as opened:
        proxy = hawser(relay_to("127.0.0.1:9"), **activated(opened, names=["one", "two"]))
        proxy.expected_exit = 1
        assert proxy.wait_for_exit() == 1
        assert "LISTEN_FDNAMES" in proxy.log.text


# Waiting clients.

def test_connections_that_came_before_the_start_are_served(hawser, peers):
    with listening_on() as opened:
        early = [connect(opened.getsockname()) for _ in range(30)]
        for wire in early:
            wire.send(REQUEST)
        hawser(relay_to(peers.echo().address), **activated(opened, names=["public"]))
        assert [wire.read_answer().body for wire in early] == [b"echo\n"] * 30


@pytest.mark.parametrize("is_unix", [False, True])
def test_connections_that_come_between_two_starts_are_served(hawser, peers, short_folder, is_unix):
    with listening_on(*([str(short_folder / "in")] if is_unix else [])) as opened:
        address = opened.getsockname()
        configuration = relay_to(peers.echo().address, **listening_at(address))
        first = hawser(configuration, **activated(opened))
        assert get(address).status == 200
        first.stop()
        between = [connect(address) for _ in range(10)]
        for wire in between:
            wire.send(REQUEST)
        hawser(configuration, **activated(opened))
        assert [wire.read_answer().body for wire in between] == [b"echo\n"] * 10


def test_the_path_of_a_socket_that_is_not_ours_stays(hawser, peers, short_folder):
    path = str(short_folder / "in")
    with listening_on(path) as opened:
        os.chmod(path, 0o600)
        proxy = hawser(relay_to(peers.echo().address, listener={"address": text_of(path), "mode": "0666"}), **activated(opened))
        assert get(path).status == 200
        before = os.stat(path)
        proxy.stop()
        assert os.path.samestat(os.stat(path), before)
        assert os.stat(path).st_mode & 0o777 == 0o600, "its mode is the manager's"


# Reloads.

def test_a_reload_keeps_the_socket(hawser, peers):
    with listening_on() as opened:
        first, second = peers.echo(name="first"), peers.echo(name="second")
        proxy = hawser(relay_to(first.address), **activated(opened, names=["public"]))
        with open_websocket(opened.getsockname()) as wire:
            proxy.reload(relay_to(second.address))
            assert get(opened.getsockname()).body == b"second\n"
            wire.send_text("still here")
            assert wire.read_text() == "still here"


def test_a_listener_that_goes_and_comes_back_has_its_socket_again(hawser, peers):
    with listening_on() as opened:
        address = opened.getsockname()
        both = relay_to(peers.echo().address)
        both["listeners"].append({"name": "second", "address": text_of(address)})
        proxy = hawser(both, **activated(opened))
        assert get(address).status == 200
        proxy.reload(with_changes(both, listeners=both["listeners"][:1]))
        with connect(address) as patient:
            patient.send(REQUEST)
            proxy.reload(both)
            assert patient.read_answer().body == b"echo\n"


def test_a_socket_that_belonged_to_none_is_there_for_a_listener_that_a_reload_brings(hawser, peers):
    with listening_on() as opened:
        address = opened.getsockname()
        configuration = relay_to(peers.echo().address)
        proxy = hawser(configuration, **activated(opened))
        proxy.address()
        configuration["listeners"].append({"name": "second", "address": text_of(address)})
        proxy.reload(configuration)
        assert get(address).status == 200


# As systemd does it.

@pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="no systemd-socket-activate")
def test_systemd_socket_activate_starts_it_with_the_first_connection(peers, short_folder):
    path = str(short_folder / "in")
    file = short_folder / "hawser.yaml"
    file.write_text(f'listeners: [{{ name: public, address: "127.0.0.1:0" }}]\nroutes: [{{ upstream: chat }}]\n'
                    f'upstreams: {{ chat: {{ servers: ["{peers.echo().address}"] }} }}\n')
    started = subprocess.Popen(["systemd-socket-activate", "-l", path, "--fdname=public", hawser_binary(), "-c", str(file)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    log = LineCollector(started.stderr)
    try:
        log.wait_for("Listening on")
        assert log.count("listening listener=public") == 0, "nothing is started before somebody comes"
        assert get(path).body == b"echo\n"
        assert log.wait_for(r"listening listener=public address=(\S+)").group(1) == f"unix:{path}"
    finally:
        started.terminate()
        assert started.wait(10) == 0
        log.close()
    assert os.path.exists(path)
