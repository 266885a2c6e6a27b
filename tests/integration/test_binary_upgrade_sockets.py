"""What becomes of listening sockets of every kind when the binary, and the configuration with it, changes."""
import os
import signal
import socket
import ssl

import pytest

from harness.certificates import common_name, make_certificate, trusting_context
from harness.configuration import relay_to, with_changes
from harness.raw_client import connect, get, open_websocket
from harness.socket_owners import held_inodes, is_listening, listening_inodes
from harness.waiting import wait_until

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def short_folder(tmp_path_factory):
    """A unix socket's path holds 107 bytes."""
    return tmp_path_factory.mktemp("s")


def echoes(wire, text="still here"):
    wire.send_text(text)
    return wire.read_text() == text


def refuses(address):
    try:
        if isinstance(address, str):
            with socket.socket(socket.AF_UNIX) as tried:
                tried.connect(address)
        else:
            socket.create_connection(address, 1).close()
    except OSError:
        return True
    return False


def queue_up(proxy, address, count):
    """Connections with requests on them that the process leaves in the kernel's queue."""
    proxy.send_signal(signal.SIGWINCH)
    proxy.log.wait_for("accepting paused")
    waiting = [connect(address) for _ in range(count)]
    for wire in waiting:
        wire.send(REQUEST)
    return waiting


# The same sockets.

def test_ports_that_the_kernel_chose_stay(upgrading_hawser, peers):
    configuration = relay_to(peers.echo().address)
    configuration["listeners"] = [{"name": name, "address": address} for name, address in (
        ("one", "127.0.0.1:0"), ("two", "127.0.0.1:0"), ("six", "[::1]:0"))]
    proxy = upgrading_hawser(configuration)
    addresses = {name: proxy.address(name) for name in ("one", "two", "six")}
    inodes = {name: listening_inodes(address) for name, address in addresses.items()}
    for _ in range(2):
        start = proxy.log.position()
        old, new = proxy.newest, proxy.upgrade()
        old.wait_for_end(5)
        for name, address in addresses.items():
            assert proxy.address_since(start, name) == address
            assert listening_inodes(address) == inodes[name] and inodes[name] <= held_inodes(new.pid)
            assert get(address).status == 200


def test_unix_sockets_keep_their_path_when_the_old_process_ends(upgrading_hawser, peers, short_folder):
    path = str(short_folder / "in")
    proxy = upgrading_hawser(relay_to(peers.echo().address, listener={"address": f"unix:{path}"}))
    file = os.stat(proxy.address())
    for _ in range(2):
        with open_websocket(path) as wire:
            old = proxy.newest
            proxy.upgrade()
            assert echoes(wire)
            wire.send_close()
            wire.read_close_code()
        old.wait_for_end(5)
        assert os.path.samestat(os.stat(path), file)
        assert get(path).status == 200
    proxy.stop()
    assert not os.path.exists(path), "a socket of ours goes with the last of us"


def test_connections_queued_on_a_unix_socket_are_served(upgrading_hawser, peers, short_folder):
    proxy = upgrading_hawser(relay_to(peers.echo().address, listener={"address": f"unix:{short_folder / 'in'}"}))
    waiting = queue_up(proxy, proxy.address(), 20)
    proxy.upgrade()
    assert [wire.read_answer().body for wire in waiting] == [b"echo\n"] * 20


@pytest.mark.parametrize("listeners, workers", [(40, 8), (400, 1)])
def test_more_sockets_than_one_message_and_more_messages_than_the_kernel_holds(upgrading_hawser, peers, listeners,
                                                                               workers):
    """SCM_RIGHTS takes 253 descriptors at a time; a socket's queue some 270 messages."""
    configuration = relay_to(peers.echo().address, workers=workers)
    configuration["listeners"] = [{"name": f"n{i}", "address": "127.0.0.1:0"} for i in range(listeners)]
    proxy = upgrading_hawser(configuration)
    addresses = [proxy.address(f"n{i}") for i in range(listeners)]
    before = held_inodes(proxy.pid)
    inodes = set.union(*(listening_inodes(address) for address in addresses[::40]))
    assert len(inodes) == len(addresses[::40]) * workers and inodes <= before
    new = proxy.upgrade()
    assert inodes <= held_inodes(new.pid)
    assert all(get(address).status == 200 for address in addresses)


def test_tls_sessions_live_on_and_new_ones_see_the_new_certificate(upgrading_hawser, peers, tmp_path):
    first, second = make_certificate(tmp_path, "first"), make_certificate(tmp_path, "second")

    def behind(certificate):
        return relay_to(echo.address, listener={"tls": {"certificates": [certificate.as_configuration()]}})

    def presented():
        with connect(proxy.address(), tls=trusting_context()) as wire:
            return common_name(wire.socket.getpeercert(binary_form=True))

    echo = peers.echo()
    proxy = upgrading_hawser(behind(first))
    assert presented() == "first"
    with open_websocket(proxy.address(), tls=trusting_context()) as early:
        proxy.write(behind(second))
        proxy.upgrade()
        assert presented() == "second"
        with open_websocket(proxy.address(), tls=trusting_context()) as late:
            assert echoes(early) and echoes(late)


def test_tickets_of_the_old_process_resume_sessions_with_the_new_one(upgrading_hawser, peers, certificate):
    listener = {"tls": {"certificates": [certificate.as_configuration()]}}
    proxy = upgrading_hawser(relay_to(peers.echo().address, listener=listener))
    context = trusting_context(maximum=ssl.TLSVersion.TLSv1_2)
    with connect(proxy.address(), tls=context) as wire:
        wire.send(REQUEST)
        wire.read_answer()
        session = wire.socket.session
    for _ in range(2):
        proxy.upgrade()
        with socket.create_connection(proxy.address(), 10) as plain:
            with context.wrap_socket(plain, session=session) as resumed:
                assert resumed.session_reused


# Another configuration.

def test_a_new_upstream_is_taken_by_the_new_process(upgrading_hawser, peers):
    first, second = peers.echo(name="first"), peers.echo(name="second")
    proxy = upgrading_hawser(relay_to(first.address))
    with open_websocket(proxy.address()) as wire:
        proxy.write(relay_to(second.address))
        proxy.upgrade()
        assert get(proxy.address()).body == b"second\n"
        assert echoes(wire), "the old process keeps its configuration"


def test_a_new_listener_is_opened(upgrading_hawser, peers):
    configuration = relay_to(peers.echo().address)
    proxy = upgrading_hawser(configuration)
    proxy.address()
    proxy.write(with_changes(configuration, listeners=[
        *configuration["listeners"], {"name": "more", "address": "127.0.0.1:0"}]))
    proxy.upgrade()
    assert get(proxy.address("more")).status == 200
    assert get(proxy.address()).status == 200


def test_a_removed_listener_refuses(upgrading_hawser, peers):
    configuration = relay_to(peers.echo().address)
    configuration["listeners"].append({"name": "gone", "address": "127.0.0.1:0"})
    proxy = upgrading_hawser(configuration)
    gone = proxy.address("gone")
    with open_websocket(gone) as wire:
        proxy.write(with_changes(configuration, listeners=configuration["listeners"][:1]))
        old, new = proxy.newest, proxy.upgrade()
        wait_until(lambda: refuses(gone), 5, "the removed listener to refuse")
        assert not is_listening(new.pid, gone) and not is_listening(old.pid, gone)
        assert echoes(wire)
        assert get(proxy.address()).status == 200


def test_a_removed_unix_listener_leaves_no_path(upgrading_hawser, peers, short_folder):
    configuration = relay_to(peers.echo().address)
    configuration["listeners"].append({"name": "gone", "address": f"unix:{short_folder / 'gone'}"})
    proxy = upgrading_hawser(configuration)
    path = proxy.address("gone")
    proxy.write(with_changes(configuration, listeners=configuration["listeners"][:1]))
    old = proxy.newest
    proxy.upgrade()
    old.wait_for_end(5)
    assert refuses(path)
    assert not os.path.exists(path)


def test_a_listener_that_moved_to_another_name_keeps_its_socket(upgrading_hawser, peers, short_folder):
    """It is the address that counts."""
    configuration = relay_to(peers.echo().address, listener={"address": f"unix:{short_folder / 'in'}"})
    proxy = upgrading_hawser(configuration)
    path = proxy.address()
    file = os.stat(path)
    renamed = [{**configuration["listeners"][0], "name": "another"}]
    proxy.write(with_changes(configuration, listeners=renamed))
    proxy.upgrade()
    assert proxy.address("another") == path
    assert os.path.samestat(os.stat(path), file)
    assert get(path).status == 200


@pytest.mark.parametrize("before, after", [(1, 4), (4, 1), (3, 2)])
def test_another_number_of_workers_is_taken(upgrading_hawser, peers, before, after):
    echo = peers.echo()
    proxy = upgrading_hawser(relay_to(echo.address, workers=before))
    address = proxy.address()
    proxy.write(relay_to(echo.address, workers=after))
    with open_websocket(address) as wire:
        old, new = proxy.newest, proxy.upgrade()
        threads = [len(os.listdir(f"/proc/{each.pid}/task")) for each in (old, new)]
        assert threads[1] - threads[0] == after - before
        assert echoes(wire)
        for _ in range(50):
            assert get(address).status == 200


@pytest.mark.parametrize("before, after", [(1, 4), (4, 1), (3, 2)])
def test_connections_queued_on_sockets_of_workers_that_go_are_served(upgrading_hawser, peers, before, after):
    echo = peers.echo()
    proxy = upgrading_hawser(relay_to(echo.address, workers=before))
    waiting = queue_up(proxy, proxy.address(), 40)
    proxy.write(relay_to(echo.address, workers=after))
    proxy.upgrade()
    assert [wire.read_answer().body for wire in waiting] == [b"echo\n"] * 40


@pytest.mark.parametrize("workers", [4, 1])
def test_another_number_of_workers_refuses_nobody(upgrading_hawser, peers, workers):
    echo = peers.echo()
    proxy = upgrading_hawser(relay_to(echo.address, workers=2, shutdown={"upgrade_drain": "20s"}))
    arrivals = peers.arrivals(proxy.address(), upgrades=100, requests=100)
    wait_until(lambda: arrivals.report()["sessions"] > 50, 10)
    for count in (workers, 2, workers):
        proxy.write(relay_to(echo.address, workers=count, shutdown={"upgrade_drain": "20s"}))
        before = arrivals.report()["sessions"]
        proxy.upgrade()
        wait_until(lambda: arrivals.report()["sessions"] > before + 20, 10)
    counts = arrivals.stop()
    assert counts["failures"] == {}, counts
