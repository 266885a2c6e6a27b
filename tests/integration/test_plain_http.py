"""Plain HTTP/1.1 beside the WebSockets: bodies both ways, keep-alive, and what happens when a server fails."""
import hashlib
import socket
import threading

import pytest

from harness.configuration import relay_to
from harness.raw_client import connect, get, request
from harness.recording_server import answer_with
from harness.waiting import Stopwatch, wait_until, wait_until_steady

MEBIBYTE = 1 << 20
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def chunked(data, size):
    parts = [data[i:i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.fixture
def echo_relay(hawser, peers):
    return hawser(relay_to(peers.echo().address))


@pytest.mark.parametrize("size", [0, 1, 1000, 65536, 5 * MEBIBYTE])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_an_answer_s_body_is_intact(echo_relay, size, coding):
    more = "&chunked=1" if coding == "chunked" else ""
    answer = get(echo_relay.address(), f"/body?hash=1&size={size}{more}")
    assert len(answer.body) == size
    assert hashlib.sha256(answer.body).hexdigest() == answer.get("x-sha256")


@pytest.mark.parametrize("size", [0, 1, 1000, 65536, 5 * MEBIBYTE])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_request_s_body_is_intact(echo_relay, size, coding):
    body = bytes(range(251)) * (size // 251 + 1)
    body = body[:size]
    framing, sent = (f"Content-Length: {size}", body) if coding == "length" else (
        "Transfer-Encoding: chunked", chunked(body, 7777))
    answer = request(echo_relay.address(), f"POST /hash HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n".encode() + sent)
    assert answer.body.decode().split() == [str(size), hashlib.sha256(body).hexdigest()]


def test_many_requests_use_one_connection_of_the_client(hawser, recording_server):
    proxy = hawser(relay_to(recording_server(answer_with(OK)).address))
    with connect(proxy.address()) as wire:
        for _ in range(20):
            wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.read_answer().body == b"ok"


def test_pipelined_requests_are_answered_in_order(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    with connect(proxy.address()) as wire:
        wire.send(b"".join(f"GET /body?size={n} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for n in range(1, 11)))
        assert [len(wire.read_answer().body) for _ in range(10)] == list(range(1, 11))


def test_connection_close_is_honoured(echo_relay):
    with connect(echo_relay.address()) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert wire.read_answer().get("connection").lower() == "close"
        assert wire.is_at_end()


def test_http_1_0_is_served_and_closed(echo_relay):
    with connect(echo_relay.address()) as wire:
        wire.send(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        assert wire.read_answer().body == b"echo\n"
        assert wire.is_at_end()


def test_a_chunked_answer_to_http_1_0_is_not_chunked(echo_relay):
    with connect(echo_relay.address()) as wire:
        wire.send(b"GET /body?size=100000&chunked=1 HTTP/1.0\r\nHost: a\r\n\r\n")
        answer = wire.read_answer()
        assert answer.get("transfer-encoding") is None
        assert len(answer.body) == 100000


def test_head_has_a_length_and_no_body(echo_relay):
    with connect(echo_relay.address()) as wire:
        wire.send(b"HEAD /body?size=1000 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = wire.read_answer("HEAD")
        assert (answer.status, answer.get("content-length")) == (200, "1000")
        assert wire.read_answer().body == b"echo\n"


@pytest.mark.parametrize("code", [204, 304])
@pytest.mark.parametrize("extra", [b"", b"Content-Length: 5\r\n"])
def test_an_answer_that_may_have_no_body_has_none(hawser, recording_server, code, extra):
    server = recording_server(answer_with(b"HTTP/1.1 %d X\r\nX-A: b\r\n%s\r\n" % (code, extra)))
    proxy = hawser(relay_to(server.address))
    with connect(proxy.address()) as wire:
        for _ in range(2):
            wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = wire.read_answer()
            assert (answer.status, answer.get("x-a")) == (code, "b")


def test_100_continue_passes(hawser, recording_server):
    def handle(wire):
        head = wire.read_head()
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        wire.body = wire.read_body(head)
        wire.send(OK)
        wire.read_to_end()
    server = recording_server(handle)
    proxy = hawser(relay_to(server.address))
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert wire.read_head().status == 100
        wire.send(b"body")
        assert wire.read_answer().body == b"ok"
    assert server.connections[0].body == b"body"


def test_a_body_that_ends_with_the_connection_is_whole(hawser, recording_server):
    def handle(wire):
        wire.read_head()
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100000)
    proxy = hawser(relay_to(recording_server(handle).address))
    assert get(proxy.address()).body == b"x" * 100000


def test_hop_by_hop_headers_stay_on_their_hop(hawser, recording_server):
    server = recording_server(answer_with(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nX-End: 2\r\n"
        b"\r\nok"))
    proxy = hawser(relay_to(server.address))
    answer = get(proxy.address(), headers=[("Connection", "x-mine"), ("X-Mine", "1"), ("Keep-Alive", "1"), ("TE", "gzip"),
                                           ("Proxy-Connection", "keep-alive"), ("X-Through", "yes")])
    assert answer.get("x-end") == "2" and answer.get("x-hop") is None and answer.get("keep-alive") is None
    seen = server.received().decode().lower()
    assert "x-through: yes" in seen
    assert not any(name in seen for name in ("x-mine", "keep-alive: ", "\r\nte:", "proxy-connection"))


@pytest.mark.figures
def test_a_slow_client_holds_no_memory_while_its_answer_waits(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    assert get(proxy.address(), "/body?size=1000000").status == 200
    before = proxy.memory()
    with connect(proxy.address()) as wire:
        wire.send(b"GET /body?size=1000000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until_steady(lambda: len(wire.socket.recv(1 << 26, socket.MSG_PEEK)), 0.5)
        assert proxy.memory() - before < 4 * MEBIBYTE


@pytest.mark.figures
@pytest.mark.parametrize("path", ["/none", "/page"])
def test_a_client_that_sends_requests_and_reads_no_answer_holds_no_memory(hawser, recording_server, path):
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + bytes(50000)
    configuration = relay_to(recording_server(answer_with(page)).address)
    configuration["routes"] = [{"match": {"path": "/page"}, "upstream": name} for name in configuration["upstreams"]]
    proxy = hawser(configuration)
    get(proxy.address(), path)
    base = proxy.memory()
    block = f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * 500
    with connect(proxy.address()) as wire:
        wire.socket.settimeout(1.0)
        with pytest.raises(TimeoutError):  # the kernel's buffers are full: Hawser reads no further
            for _ in range(10_000):
                wire.send(block)
        assert proxy.memory() - base < 4 * MEBIBYTE


def test_a_slow_server_holds_no_memory_while_a_request_waits(hawser, recording_server):
    release = threading.Event()

    def handle(wire):
        wire.read_until(b"\r\n\r\n")
        release.wait(20)
    proxy = hawser(relay_to(recording_server(handle).address))
    proxy.address()
    before = proxy.memory()
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
        wire.socket.settimeout(0.5)
        sent = 0
        try:
            while sent < 1000000000:
                sent += wire.socket.send(bytes(MEBIBYTE))
        except TimeoutError:
            pass
        assert sent < 64 * MEBIBYTE, "back-pressure should have stopped the client"
        assert proxy.memory() - before < 4 * MEBIBYTE
    release.set()


@pytest.mark.parametrize("framing", [b"Content-Length: 1000\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_server_that_dies_in_its_body_leaves_a_short_body(hawser, recording_server, framing):
    def handle(wire):
        wire.read_head()
        body = b"x" * 10 if framing.startswith(b"C") else b"a\r\nxxxxxxxxxx\r\n"
        wire.send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n" + body)
    proxy = hawser(relay_to(recording_server(handle).address))
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises((EOFError, ConnectionError)):
            wire.read_answer()


def test_bytes_beyond_the_answer_never_reach_the_next_client(hawser, recording_server):
    def handle(wire):
        while True:
            wire.read_head()
            wire.send(OK + (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil" if wire.number == 0 else b""))
    server = recording_server(handle)
    proxy = hawser(relay_to(server.address, workers=1))
    first = get(proxy.address())
    assert first.status == 502 or first.body == b"ok"  # where the kernel cut what the server sent
    for _ in range(5):
        assert get(proxy.address()).body == b"ok"


def test_an_early_answer_to_a_long_request_is_passed_on(hawser, recording_server):
    def handle(wire):
        wire.read_head()
        wire.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        wire.finish_writing()
        wire.read_to_end()
    proxy = hawser(relay_to(recording_server(handle).address))
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
        assert wire.read_answer().status == 413


def test_no_route_is_404(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, routes=[{"upstream": "pool", "match": {"path_prefix": "/ws"}}]))
    assert get(proxy.address(), "/ws/x").status == 200
    assert get(proxy.address(), "/wsx").status == 404
    assert get(proxy.address(), "/").status == 404


def test_routes_match_in_file_order_by_every_condition(hawser, peers):
    names = ["host", "wildcard", "path", "prefix", "regex", "method", "header", "query", "rest"]
    matches = [{"host": "chat.test"}, {"host": "*.wild.test"}, {"path": "/exact"}, {"path_prefix": "/pre"},
               {"path_regex": "^/[0-9]+$"}, {"method": "DELETE"}, {"headers": {"X-Room": "42"}}, {"query": {"q": "1"}}, {}]
    servers = {name: peers.echo(name=name).address for name in names}
    configuration = relay_to("127.0.0.1:1")
    configuration["upstreams"] = {name: {"servers": [address]} for name, address in servers.items()}
    configuration["routes"] = [{"upstream": name, "match": match} if match else {"upstream": name}
                               for name, match in zip(names, matches)]
    proxy = hawser(configuration)

    def answered(path="/other", **options):
        return get(proxy.address(), path, **options).get("x-server", "")

    def by(start, *headers):
        lines = "".join(f"{header}\r\n" for header in headers)
        return request(proxy.address(), f"{start} HTTP/1.1\r\nHost: a\r\n{lines}\r\n").get("x-server")

    assert answered(host="chat.test") == "host" and answered(host="CHAT.test:80") == "host"
    assert answered(host="a.wild.test") == "wildcard" and answered(host="wild.test") == "rest"
    assert by("GET /exact") == "path" and by("GET /exact/x") == "rest"
    assert by("GET /pre/x") == "prefix" and by("GET /pre") == "prefix" and by("GET /prefix") == "rest"
    assert by("GET /123") == "regex" and by("GET /123a") == "rest"
    assert by("DELETE /other") == "method"
    assert by("GET /other", "x-room: 42") == "header" and by("GET /other", "x-room: 43") == "rest"
    assert by("GET /other?q=1") == "query" and by("GET /other?q=2") == "rest"


def test_a_silent_server_is_504(hawser, recording_server):
    def handle(wire):
        wire.read_head()
        wire.read_to_end()
    proxy = hawser(relay_to(recording_server(handle).address, upstream={"timeouts": {"response_head": "300ms"}}))
    watch = Stopwatch()
    assert get(proxy.address()).status == 504
    assert 0.25 < watch.seconds < 2


def test_a_server_that_stops_in_its_body_is_given_up_after_read(hawser, recording_server):
    def handle(wire):
        wire.read_head()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome")
        wire.read_to_end()
    proxy = hawser(relay_to(recording_server(handle).address, upstream={"timeouts": {"read": "300ms"}}))
    watch = Stopwatch()
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises((EOFError, ConnectionError)):
            wire.read_answer()
    assert 0.25 < watch.seconds < 2


def test_a_client_that_leaves_frees_the_server_s_side(hawser, recording_server):
    def handle(wire):
        wire.read_head()
        wire.read_to_end()
        wire.saw_the_end = True
    server = recording_server(handle)
    proxy = hawser(relay_to(server.address))
    proxy.address()
    base = proxy.descriptors()
    wire = connect(proxy.address())
    wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    server.connection()
    wait_until(lambda: server.received().endswith(b"\r\n\r\n"), 5, "the request at the server")
    wire.reset()
    wait_until(lambda: hasattr(server.connections[0], "saw_the_end"), 5, "the end at the server")
    proxy.wait_for_descriptors(base)


def test_an_idle_connection_is_closed_after_keepalive(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, listener={"timeouts": {"keepalive": "500ms"}}))
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert wire.read_answer().status == 200
        watch = Stopwatch()
        assert wire.is_at_end()
        assert 0.4 < watch.seconds < 2


def test_requests_on_one_connection_may_go_to_different_servers(hawser, peers):
    proxy = hawser(relay_to(peers.echo(name="a").address, peers.echo(name="b").address))
    with connect(proxy.address()) as wire:
        names = []
        for _ in range(10):
            wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            names.append(wire.read_answer().body)
    assert sorted(names) == [b"a\n"] * 5 + [b"b\n"] * 5
