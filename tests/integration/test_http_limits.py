"""Rates and counts hold exactly, over all workers, for each client by itself, and say when to come back."""
import socket
from collections import Counter

import pytest

from harness.configuration import relay_to
from harness.flaky_server import echo
from harness.raw_client import connect, get, handshake_bytes, open_websocket, request
from harness.recording_server import echo_frames, upgrade_answer
from harness.waiting import Stopwatch, wait_until
from harness.wire import Wire

GET = b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"


def limited(server, workers=4, listener=None, **route):
    return relay_to(server.address, workers=workers, listener=listener, routes=[{"upstream": "pool", **route}])


def connect_from(source, address):
    return Wire(socket.create_connection(address, 10, source_address=(source, 0)))


def get_from(source, address, sent=GET):
    with connect_from(source, address) as wire:
        wire.send(sent)
        return wire.read_answer()


def statuses(address, count, source="127.0.0.1", sent=GET):
    return Counter(get_from(source, address, sent).status for _ in range(count))


# How many requests.

def test_just_a_burst_of_requests_passes(hawser, marking_server):
    """At one request in a thousand seconds nothing is refilled meanwhile: the count is exact, whatever the worker."""
    server = marking_server()
    proxy = hawser(limited(server, request_rate={"rate": 0.001, "burst": 25}))
    assert statuses(proxy.address(), 60) == {200: 25, 429: 35}
    assert server.count("/") == 25


def test_one_connection_asks_the_same_bucket(hawser, marking_server):
    proxy = hawser(limited(marking_server(), request_rate={"rate": 0.001, "burst": 5}))
    with connect(proxy.address()) as wire:
        wire.send(GET * 5)
        assert [wire.read_answer().status for _ in range(5)] == [200] * 5
    assert statuses(proxy.address(), 5) == {429: 5}


def test_without_a_burst_one_second_s_worth_passes(hawser, marking_server):
    proxy = hawser(limited(marking_server(), request_rate=0.01))
    assert statuses(proxy.address(), 5) == {200: 1, 429: 4}


class Bucket:
    """When a bucket is full again, as far as one can tell from when each request was sent and answered. Each that
    passes puts that off by `1 / rate` seconds."""

    def __init__(self, rate, burst):
        self.interval, self.slack = 1 / rate, (burst - 1) / rate
        self.earliest = self.latest = 0.0  # when it is full again

    def judge(self, sent, answered, has_passed):
        assert has_passed or self.latest > sent + self.slack, f"refused at {sent:.3f} s with a token left"
        assert not has_passed or self.earliest <= answered + self.slack, f"passed at {answered:.3f} s without a token"
        if has_passed:
            self.earliest = max(self.earliest, sent) + self.interval
            self.latest = max(min(self.latest, answered + self.slack), answered) + self.interval
        else:
            self.earliest = max(self.earliest, sent + self.slack)


def test_tokens_come_back_at_the_rate(hawser, marking_server):
    """Twenty a second for one second and a half: each request is judged by when it was sent and answered."""
    proxy = hawser(limited(marking_server(), request_rate={"rate": 20, "burst": 10}))
    bucket, outcomes = Bucket(20, 10), Counter()
    watch = Stopwatch()
    while watch.seconds < 1.5:
        sent = watch.seconds
        has_passed = get(proxy.address()).status == 200
        bucket.judge(sent, watch.seconds, has_passed)
        outcomes[has_passed] += 1
    assert outcomes[True] > 10


def test_each_client_has_a_bucket_of_its_own(hawser, marking_server):
    proxy = hawser(limited(marking_server(), request_rate={"rate": 0.001, "burst": 3}))
    for host in range(1, 20):
        assert statuses(proxy.address(), 5, source=f"127.0.0.{host}") == {200: 3, 429: 2}


def test_a_key_may_be_anything(hawser, marking_server):
    proxy = hawser(limited(marking_server(), request_rate={"rate": 0.001, "burst": 2, "key": "$http_x_api_key"}))

    def answered(key):
        return [get(proxy.address(), headers=[("X-Api-Key", key)]).status for _ in range(3)]
    assert answered("anna") == answered("bert") == [200, 200, 429]


def test_an_empty_key_is_one_bucket_for_all(hawser, marking_server):
    proxy = hawser(limited(marking_server(), request_rate={"rate": 0.001, "burst": 4, "key": ""}))
    assert sum((statuses(proxy.address(), 2, source=f"127.0.0.{host}") for host in range(1, 6)), Counter()) == {200: 4, 429: 6}


def test_the_client_behind_a_trusted_proxy_is_who_is_counted(hawser, marking_server):
    configuration = limited(marking_server(), request_rate={"rate": 0.001, "burst": 2})
    proxy = hawser({**configuration, "trusted_proxies": ["127.0.0.1"]})

    def answered(client):
        return [get(proxy.address(), headers=[("X-Forwarded-For", client)]).status for _ in range(3)]
    assert answered("203.0.113.1") == answered("203.0.113.2") == [200, 200, 429]
    assert answered("2001:db8::1") == [200, 200, 429]


def test_a_client_that_is_not_trusted_cannot_choose_its_bucket(hawser, marking_server):
    proxy = hawser(limited(marking_server(), request_rate={"rate": 0.001, "burst": 2}))
    answered = [get(proxy.address(), headers=[("X-Forwarded-For", f"203.0.113.{n}")]).status for n in range(5)]
    assert answered == [200, 200, 429, 429, 429]


def test_a_reload_does_not_fill_the_buckets(hawser, marking_server):
    configuration = limited(marking_server(), request_rate={"rate": 0.001, "burst": 3})
    proxy = hawser(configuration)
    assert statuses(proxy.address(), 4) == {200: 3, 429: 1}
    proxy.reload(configuration)
    assert statuses(proxy.address(), 2) == {429: 2}


def test_who_was_refused_together_is_told_different_times(hawser, marking_server):
    proxy = hawser(limited(marking_server(), request_rate={"rate": 0.001, "burst": 1}))
    get(proxy.address())
    refused = [get(proxy.address()) for _ in range(60)]
    assert {answer.status for answer in refused} == {429}
    times = Counter(int(answer.get("retry-after")) for answer in refused)
    assert min(times) >= 1 and len(times) >= 4, times


def test_a_refused_request_leaves_its_connection_usable(hawser, marking_server):
    configuration = limited(marking_server())
    configuration["routes"] = [{"upstream": "pool", "match": {"path": "/rare"}, "request_rate": {"rate": 0.001, "burst": 1}},
                               {"upstream": "pool"}]
    proxy = hawser(configuration)
    get(proxy.address(), "/rare")
    assert get(proxy.address(), "/rare").status == 429
    assert get(proxy.address(), "/").status == 200


# How many upgrades.

def test_just_a_burst_of_upgrades_passes_and_the_rest_is_503(hawser, recording_server):
    proxy = hawser(limited(recording_server(echo_frames), upgrade_rate={"rate": 0.001, "burst": 7}))
    wires, answered = [], []
    for _ in range(20):
        wires.append(connect(proxy.address()))
        wires[-1].send(handshake_bytes())
        answered.append(wires[-1].read_head())
    assert Counter(head.status for head in answered) == {101: 7, 503: 13}
    assert all(int(head.get("retry-after")) >= 1 for head in answered if head.status == 503)


def serve_both(wire):
    """Upgrades who asks for it, and answers other requests."""
    while (head := wire.read_head()).get("upgrade") is None:
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    wire.send(upgrade_answer(head))
    echo(wire)


def test_a_storm_of_upgrades_starves_no_plain_request(hawser, recording_server):
    proxy = hawser(limited(recording_server(serve_both), upgrade_rate={"rate": 0.001, "burst": 5},
                           request_rate={"rate": 0.001, "burst": 50}))
    storm = [connect(proxy.address()) for _ in range(200)]
    for number, wire in enumerate(storm):
        wire.send(handshake_bytes())
        if number % 4 == 0:
            assert get(proxy.address()).status == 200
    assert Counter(wire.read_head().status for wire in storm) == {101: 5, 503: 195}
    assert get(proxy.address()).status == 429, "upgrades took no token of requests: just 50 passed"


def test_upgrades_without_a_bucket_of_their_own_ask_that_of_requests(hawser, recording_server):
    proxy = hawser(limited(recording_server(serve_both), request_rate={"rate": 0.001, "burst": 2}))
    assert get(proxy.address()).status == 200
    with open_websocket(proxy.address()):
        assert request(proxy.address(), handshake_bytes()).status == 429


# How many sessions.

def test_each_address_may_have_so_many_sessions_over_all_workers(hawser, recording_server):
    proxy = hawser(limited(recording_server(echo_frames), listener={"limits": {"max_sessions_per_ip": 3}}))
    wires = []
    for host in range(1, 11):
        answered = []
        for _ in range(5):
            wires.append(connect_from(f"127.0.0.{host}", proxy.address()))
            wires[-1].send(handshake_bytes())
            answered.append(wires[-1].read_head().status)
        assert answered == [101, 101, 101, 429, 429]
    for wire in wires:
        wire.close()


def test_an_address_s_place_becomes_free_when_a_session_ends(hawser, recording_server):
    proxy = hawser(limited(recording_server(serve_both), listener={"limits": {"max_sessions_per_ip": 2}}))
    first, second = (open_websocket(proxy.address()) for _ in range(2))
    refused = get(proxy.address())
    assert refused.status == 429 and int(refused.get("retry-after")) >= 1
    assert get_from("127.0.0.2", proxy.address()).status == 200
    first.reset()
    wait_until(lambda: get(proxy.address()).status == 200, 5, "a place to become free")
    second.send_text("untouched")
    assert second.read_text() == "untouched"


def test_sessions_are_counted_on_through_a_reload(hawser, recording_server):
    configuration = limited(recording_server(serve_both), listener={"limits": {"max_sessions_per_ip": 2}})
    proxy = hawser(configuration)
    wires = [open_websocket(proxy.address()) for _ in range(2)]
    proxy.reload(configuration)
    assert get(proxy.address()).status == 429
    for wire in wires:
        wire.close()
    wait_until(lambda: get(proxy.address()).status == 200, 5, "a place to become free")


def test_a_client_has_no_session_on_a_proxy_s_connection_that_waits(hawser, marking_server):
    """A trusted proxy sends one client's requests over all its kept connections in turn. The limit leaves
    room for some: an answer may be here a moment before its worker has let go of the client."""
    configuration = limited(marking_server(), listener={"limits": {"max_sessions_per_ip": 8}})
    proxy = hawser({**configuration, "trusted_proxies": ["127.0.0.1"]})
    wires = [connect(proxy.address()) for _ in range(24)]
    for client in ("203.0.113.9", "2001:db8::1", "2001:db8::2"):
        for wire in wires:
            wire.send(b"GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: " + client.encode() + b"\r\n\r\n")
            assert wire.read_answer().status == 200
    for wire in wires:
        wire.close()


def test_many_addresses_come_and_go_and_leave_no_count_behind(hawser, marking_server):
    proxy = hawser(limited(marking_server(), listener={"limits": {"max_sessions_per_ip": 1}}))
    for _ in range(3):
        for host in range(1, 60):
            wait_until(lambda: get_from(f"127.0.1.{host}", proxy.address()).status == 200, 5, "the count of the last session")


def test_only_so_many_new_sessions_a_second(hawser, marking_server):
    """A burst of one second's worth, and then the rate; requests on sessions that are there do not count."""
    proxy = hawser(limited(marking_server(), listener={"limits": {"new_sessions_per_second": 20}}))
    watch = Stopwatch()
    wires = [connect(proxy.address()) for _ in range(60)]
    for wire in wires:
        wire.send(GET)
    answered = [wire.read_answer() for wire in wires]
    seconds = watch.seconds
    counts = Counter(answer.status for answer in answered)
    assert 20 <= counts[200] <= 20 + int(20 * seconds) + 1 and counts[200] + counts[503] == 60
    assert all(int(answer.get("retry-after")) >= 1 for answer in answered if answer.status == 503)
    served = wires[[answer.status for answer in answered].index(200)]
    for _ in range(50):
        served.send(GET)
        assert served.read_answer().status == 200


@pytest.mark.parametrize("workers", [1, 4])
def test_limits_are_the_same_for_any_number_of_workers(hawser, marking_server, workers):
    proxy = hawser(limited(marking_server(), workers=workers, request_rate={"rate": 0.001, "burst": 40}))
    assert statuses(proxy.address(), 100) == {200: 40, 429: 60}
