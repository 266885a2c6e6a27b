"""Which server gets a session: shares of each method over real servers, and what happens when connecting fails."""
import json
import socket
from collections import Counter

import pytest

from harness.configuration import relay_to
from harness.raw_client import get, open_websocket, request
from harness.recording_server import answer_with
from harness.waiting import Stopwatch, wait_until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def named_servers(peers, *names):
    return {name: peers.echo(name=name).address for name in names}


def sessions(proxy, count, path="/", **handshake):
    """Opens sessions that stay; their server's names counted."""
    wires = [open_websocket(proxy.address(), path, **handshake) for _ in range(count)]
    return wires, Counter(wire.upgrade.get("x-server") for wire in wires)


def live_at(address):
    """Sessions that the echo server itself counts."""
    host, port = address.rsplit(":", 1)
    return json.loads(get((host, int(port)), "/state").body)["open"]


@pytest.fixture
def refusing():
    """An address where nobody listens: bound, so that nobody else takes it, and never listening."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    yield f"127.0.0.1:{holder.getsockname()[1]}"
    holder.close()


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_round_robin_gives_exact_shares_with_any_number_of_workers(hawser, peers, workers):
    servers = named_servers(peers, "a", "b", "c")
    proxy = hawser(relay_to(*servers.values(), workers=workers))
    _, shares = sessions(proxy, 30)
    assert shares == {"a": 10, "b": 10, "c": 10}


def test_weighted_round_robin_follows_the_weights(hawser, peers):
    servers = named_servers(peers, "a", "b", "c")
    weighted = [{"address": address, "weight": weight} for address, weight in zip(servers.values(), (1, 2, 3))]
    proxy = hawser(relay_to(*weighted, upstream={"balance": "weighted_round_robin"}, workers=1))
    _, shares = sessions(proxy, 60)
    assert shares == {"a": 10, "b": 20, "c": 30}


def test_least_connections_levels_live_sessions_across_workers(hawser, peers):
    servers = named_servers(peers, "a", "b")
    proxy = hawser(relay_to(*servers.values(), upstream={"balance": "least_connections"}))
    wires, shares = sessions(proxy, 20)
    assert shares == {"a": 10, "b": 10}
    for wire in wires:
        if wire.upgrade.get("x-server") == "a":
            wire.send_close()
            assert wire.is_over()
            wire.close()
    wait_until(lambda: live_at(servers["a"]) == 0, 5, "the sessions at a to end")
    # Ten at b, none at a: the next ten go to a.
    _, more = sessions(proxy, 10)
    assert more == {"a": 10}


def test_least_connections_divides_by_weight(hawser, peers):
    servers = named_servers(peers, "a", "b")
    weighted = [{"address": address, "weight": weight} for address, weight in zip(servers.values(), (1, 3))]
    proxy = hawser(relay_to(*weighted, upstream={"balance": "least_connections"}))
    _, shares = sessions(proxy, 40)
    assert shares == {"a": 10, "b": 30}


def test_least_connections_remembers_live_sessions_over_a_reload(hawser, peers):
    servers = named_servers(peers, "a", "b")
    only_a = relay_to(servers["a"], upstream={"balance": "least_connections"})
    proxy = hawser(only_a)
    kept, _ = sessions(proxy, 10)
    proxy.reload(relay_to(*servers.values(), upstream={"balance": "least_connections"}))
    _, shares = sessions(proxy, 10)
    assert shares == {"b": 10}
    assert len(kept) == 10


def test_consistent_hash_keeps_a_key_at_its_server(hawser, peers):
    servers = named_servers(peers, "a", "b", "c")
    proxy = hawser(relay_to(*servers.values(), upstream={"balance": {"method": "consistent_hash", "key": "$arg_user"}}))
    homes = {}
    for _ in range(3):
        for user in range(30):
            name = get(proxy.address(), f"/?user={user}").get("x-server")
            assert homes.setdefault(user, name) == name
    assert set(homes.values()) == {"a", "b", "c"}


def test_consistent_hash_moves_few_keys_when_a_server_joins(hawser, peers):
    servers = list(named_servers(peers, "a", "b", "c", "d").values())
    balance = {"balance": {"method": "consistent_hash", "key": "$http_x_user"}}
    proxy = hawser(relay_to(*servers[:3], upstream=balance))

    def homes():
        return [get(proxy.address(), headers=[("X-User", str(user))]).get("x-server") for user in range(200)]

    before = homes()
    proxy.reload(relay_to(*servers, upstream=balance))
    after = homes()
    moved = [new for old, new in zip(before, after) if old != new]
    assert set(moved) == {"d"}, "a key moves to the newcomer or not at all"
    assert 15 < len(moved) < 100


def test_consistent_hash_without_a_key_falls_back_to_turns(hawser, peers):
    servers = named_servers(peers, "a", "b")
    proxy = hawser(relay_to(*servers.values(), upstream={"balance": {"method": "consistent_hash", "key": "$arg_user"}}))
    _, shares = sessions(proxy, 20)
    assert shares == {"a": 10, "b": 10}


def test_power_of_two_is_nearly_level(hawser, peers):
    servers = named_servers(peers, "a", "b", "c")
    proxy = hawser(relay_to(*servers.values(), upstream={"balance": "power_of_two"}))
    _, shares = sessions(proxy, 60)
    assert sum(shares.values()) == 60
    assert max(shares.values()) - min(shares.values()) <= 8


def test_a_refusing_server_costs_no_session(hawser, peers, refusing):
    proxy = hawser(relay_to(refusing, peers.echo(name="good").address))
    _, shares = sessions(proxy, 20)
    assert shares == {"good": 20}
    assert all(get(proxy.address()).status == 200 for _ in range(20))


def test_attempts_are_capped(hawser, peers, refusing):
    good = peers.echo(name="good").address
    proxy = hawser(relay_to(refusing, good, upstream={"retry": {"attempts": 1}, "circuit_breaker": "off"}))
    statuses = Counter(get(proxy.address()).status for _ in range(20))
    assert statuses == {200: 10, 502: 10}


def test_all_refused_is_502(hawser, refusing):
    proxy = hawser(relay_to(refusing))
    watch = Stopwatch()
    assert get(proxy.address()).status == 502
    assert watch.seconds < 2


def test_a_blackholed_server_is_504_after_connect(hawser):
    """A listening socket whose queue is full drops SYNs: connecting neither fails nor succeeds."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    address = listener.getsockname()
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(address)
    proxy = hawser(relay_to(f"127.0.0.1:{address[1]}", upstream={"timeouts": {"connect": "600ms"}}))
    watch = Stopwatch()
    assert get(proxy.address()).status == 504
    assert 0.5 < watch.seconds < 3
    for each in [*fillers, listener]:
        each.close()


def test_an_upgrade_answered_503_is_tried_elsewhere(hawser, peers, recording_server):
    busy = recording_server(answer_with(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"))
    proxy = hawser(relay_to(busy.address, peers.echo(name="good").address))
    _, shares = sessions(proxy, 10)
    assert shares == {"good": 10}
    assert busy.connections, "it was asked too"


def test_a_post_is_never_sent_twice(hawser, recording_server):
    def die_after_reading(wire):
        head = wire.read_head()
        wire.read_body(head)
    servers = [recording_server(die_after_reading) for _ in range(2)]
    proxy = hawser(relay_to(*[server.address for server in servers]))
    answer = request(proxy.address(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
    assert answer.status == 502
    assert b"".join(server.received() for server in servers).count(b"POST ") == 1


def test_a_server_that_comes_back_gets_sessions_again(hawser, peers):
    steady, fickle = peers.echo(name="steady"), peers.echo(name="fickle")
    proxy = hawser(relay_to(steady.address, fickle.address))
    fickle.kill()
    assert sessions(proxy, 6)[1] == {"steady": 6}
    peers.echo(name="fickle", listen=fickle.address)
    wait_until(lambda: get(proxy.address()).get("x-server") == "fickle", 15, "a session at the server that came back")


def test_servers_may_be_named_by_host_name(hawser, peers):
    port = peers.echo(name="by name").host_and_port[1]
    proxy = hawser(relay_to(f"localhost:{port}"))
    wait_until(lambda: get(proxy.address()).status == 200, 5, "the name to be resolved")
