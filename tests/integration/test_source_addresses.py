"""Local addresses that connections come from: in a network of its own with 64 ports, three addresses take 150 sessions."""
import pytest

from harness.configuration import relay_to
from harness.crowd import Crowd, statuses
from harness.flaky_server import FlakyServer
from harness.network_namespace import narrow_ports, own_network
from harness.raw_client import get
from harness.waiting import wait_until

PORTS = 64
POOL = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
WARNING = r"(?i)\bwarn\w*\b.*\bports?\b"


@pytest.fixture
def far_server():
    """A server in a network whose connections have few ports to come from."""
    with own_network():
        server = FlakyServer("far")
        narrow_ports(40000, 40000 + PORTS - 1)
        yield server
        server.stop()


def by_unix_socket(server, folder, **upstream):
    """Clients come by a unix socket, so that only the server's side needs ports."""
    return relay_to(server.address, listener={"address": f"unix:{folder / 'public.sock'}"}, upstream=upstream)


def sources(server):
    return {wire.socket.getpeername()[0] for wire in server.connections if wire.socket.fileno() != -1}


def test_without_the_pool_sessions_end_with_the_ports(hawser, far_server, tmp_path):
    proxy = hawser(by_unix_socket(far_server, tmp_path))
    with Crowd(proxy.address()) as crowd:
        found = statuses(crowd.open(150, in_flight=1))
        assert set(found) == {101, 503}
        assert PORTS - 4 <= found[101] <= PORTS
        assert sources(far_server) == {"127.0.0.1"}
        crowd.visits[0].close()
        wait_until(lambda: crowd.open(1)[0].status == 101, 10, "the port of the one that left")


def test_a_pool_takes_more_sessions_than_one_address_has_ports(hawser, far_server, tmp_path):
    proxy = hawser(by_unix_socket(far_server, tmp_path, source_addresses=POOL))
    with Crowd(proxy.address()) as crowd:
        assert statuses(crowd.open(150)) == {101: 150}
        assert far_server.open == 150
        assert sources(far_server) == set(POOL)


def test_the_pool_ends_somewhere_too_and_then_it_is_503(hawser, far_server, tmp_path):
    proxy = hawser(by_unix_socket(far_server, tmp_path, source_addresses=POOL[:2]))
    with Crowd(proxy.address()) as crowd:
        found = statuses(crowd.open(150, in_flight=1))
        assert set(found) == {101, 503}
        assert 2 * PORTS - 8 <= found[101] <= 2 * PORTS


def test_a_lack_of_ports_is_not_held_against_the_server(hawser, far_server, tmp_path):
    proxy = hawser(by_unix_socket(far_server, tmp_path, circuit_breaker={"consecutive_failures": 2}))
    with Crowd(proxy.address()) as crowd:
        assert statuses(crowd.open(100, in_flight=1))[503] > 30
        assert proxy.log.count("server ejected") == 0
    wait_until(lambda: get(proxy.address()).status == 200, 10, "ports to be free again")


@pytest.mark.parametrize("pool", [[], POOL], ids=["no pool", "pool"])
def test_a_warning_comes_before_the_ports_run_out(hawser, far_server, tmp_path, pool):
    proxy = hawser(by_unix_socket(far_server, tmp_path, **({"source_addresses": pool} if pool else {})))
    room = PORTS * (len(pool) or 1)
    with Crowd(proxy.address()) as crowd:
        crowd.open(room // 2, in_flight=1)
        assert proxy.log.count(WARNING) == 0, "half is no reason to warn"
        visits = crowd.open(room - room // 2 - 4, in_flight=1)
        assert statuses(visits) == {101: len(visits)}, "before the first refusal"
        proxy.log.wait_for(WARNING, 5)
        assert proxy.log.count(WARNING) <= 3, "and not for each session"


def test_addresses_of_the_pool_take_turns(hawser, far_server, tmp_path):
    proxy = hawser(by_unix_socket(far_server, tmp_path, source_addresses=POOL))
    with Crowd(proxy.address()) as crowd:
        crowd.open(60, in_flight=1)
        peers = [wire.socket.getpeername()[0] for wire in far_server.connections]
        assert max(peers.count(address) for address in POOL) <= 30
        assert min(peers.count(address) for address in POOL) >= 10


def test_an_address_that_is_not_ours_is_said_in_words(hawser, far_server, tmp_path):
    """Connecting from it fails: no session, and the log names the reason."""
    proxy = hawser(by_unix_socket(far_server, tmp_path, source_addresses=["192.0.2.1"]))
    assert get(proxy.address()).status in (502, 503)
    proxy.log.wait_for(r"(?i)cannot assign requested address|192\.0\.2\.1", 5)
