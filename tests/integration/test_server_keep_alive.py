"""Connections to servers are kept and used again, and one that died meanwhile costs no client an answer."""
import json
import signal
import threading

import pytest

from harness.configuration import relay_to
from harness.flaky_server import echo
from harness.marking_server import framed, mark
from harness.raw_client import connect, get, open_websocket, request
from harness.recording_server import upgrade_answer
from harness.waiting import Stopwatch, wait_until

GET = b"GET /%d HTTP/1.1\r\nHost: a.test\r\n\r\n"
POST = b"POST /%d HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody"


def one_worker(server, upstream=None, **top):
    return relay_to(server.address, workers=1, upstream=upstream, **top)


def told(answer):
    assert answer.status == 200, answer
    return json.loads(answer.body)


def connection_of(answer):
    return told(answer)["connection"]


def test_fifty_requests_of_one_client_use_one_connection(hawser, marking_server):
    server = marking_server()
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        for number in range(50):
            wire.send(GET % number)
            assert told(wire.read_answer())["target"] == f"/{number}"
    assert len(server.connections) == 1
    assert len(server.requests()[0]) == 50


def test_fifty_clients_one_after_another_use_one_connection(hawser, marking_server):
    server = marking_server()
    proxy = hawser(one_worker(server))
    assert {connection_of(get(proxy.address())) for _ in range(50)} == {0}
    assert len(server.connections) == 1


def test_each_worker_keeps_its_own(hawser, marking_server):
    server = marking_server()
    proxy = hawser(relay_to(server.address, workers=4))
    for _ in range(60):
        get(proxy.address())
    assert 1 <= len(server.connections) <= 4


@pytest.mark.parametrize("framing", [b"Content-Length: 4\r\n\r\nbody", b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"])
def test_requests_with_bodies_that_follow_at_once_use_one_connection(hawser, marking_server, framing):
    server = marking_server()
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        for _ in range(20):
            wire.send(b"POST / HTTP/1.1\r\nHost: a.test\r\n" + framing)
            assert told(wire.read_answer())["method"] == "POST"
    assert len(server.connections) == 1
    assert all(each.body == b"body" for each in server.requests()[0])


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\nETag: 7\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 500 Sorry\r\nContent-Length: 5\r\n\r\nsorry",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"])
def test_an_answer_that_ends_by_itself_leaves_its_connection_usable(hawser, marking_server, answer):
    server = marking_server({"/": lambda wire, _: wire.send(answer)})
    proxy = hawser(one_worker(server, {"circuit_breaker": {"consecutive_failures": "off"}}))
    for _ in range(5):
        get(proxy.address())
    assert len(server.connections) == 1


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"])
def test_a_server_that_says_close_is_believed(hawser, marking_server, answer):
    server = marking_server({"/": lambda wire, _: wire.send(answer)})
    proxy = hawser(one_worker(server))
    for count in range(1, 4):
        assert get(proxy.address()).body == b"ok"
        assert len(server.connections) == count
    wait_until(lambda: all(wire.is_closed() for wire in server.connections), 5, "Hawser's end of the connections")


def test_a_client_s_close_does_not_close_the_server_s_side(hawser, marking_server):
    server = marking_server()
    proxy = hawser(one_worker(server))
    for _ in range(5):
        get(proxy.address(), headers=[("Connection", "close")])
    assert len(server.connections) == 1


def test_with_no_idle_connections_none_is_used_twice(hawser, marking_server):
    server = marking_server()
    proxy = hawser(one_worker(server, {"keepalive": {"idle": 0}}))
    for count in range(1, 6):
        get(proxy.address())
        assert len(server.connections) == count
    wait_until(lambda: all(wire.is_closed() for wire in server.connections), 5, "the ends of used connections")


def hold_together(count):
    """An answer that all of `count` requests wait for, so that each has a connection of its own."""
    barrier = threading.Barrier(count)

    def answer(wire, asked):
        barrier.wait(10)
        mark(wire, asked)
    return answer


def ask_together(proxy, count, path):
    wires = [connect(proxy.address()) for _ in range(count)]
    for wire in wires:
        wire.send(f"GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n".encode())
    answered = [told(wire.read_answer()) for wire in wires]
    for wire in wires:
        wire.close()
    return answered


def open_connections(server):
    return sum(not wire.is_closed() for wire in server.connections)


def test_no_more_connections_rest_than_may(hawser, marking_server):
    server = marking_server({"/together": hold_together(8)})
    proxy = hawser(one_worker(server, {"keepalive": {"idle": 3}}))
    ask_together(proxy, 8, "/together")
    wait_until(lambda: open_connections(server) == 3, 5, "three connections that rest")
    ask_together(proxy, 3, "/")
    assert len(server.connections) == 8, "those that rested were used"


def test_a_connection_rests_no_longer_than_told(hawser, marking_server):
    server = marking_server()
    proxy = hawser(one_worker(server, {"keepalive": {"timeout": "500ms"}}))
    get(proxy.address())
    wait_until(server.connections[0].is_closed, 3, "the end of a connection that rested")
    assert connection_of(get(proxy.address())) == 1


def test_a_server_s_own_limit_cuts_the_rest_short(hawser, marking_server):
    server = marking_server({"/": lambda wire, _: wire.send(framed(200, b"ok", "Keep-Alive: timeout=2, max=9"))})
    proxy = hawser(one_worker(server))
    get(proxy.address())
    wait_until(server.connections[0].is_closed, 4, "the end within the server's own time")


def test_a_connection_that_ended_while_it_rested_is_not_used(hawser, marking_server):
    """Its end is there before the next request is: a request that may be sent only once must find it."""
    def end_after(wire, _):
        wire.send(framed(200, b"ok"))
        return False
    server = marking_server({"/once": end_after})
    proxy = hawser(one_worker(server, {"retry": {"attempts": 1}}))
    for _ in range(20):
        assert get(proxy.address(), "/once").status == 200
        wait_until(server.connections[-1].is_closed, 5, "the server's end")
        assert request(proxy.address(), POST % 1).status == 200
    assert server.count("/once") == 20 and server.count("/1") == 20


def dying_at_second_request(end):
    """Connections take one request each and die, by `end`, when another came."""
    used = set()

    def answer(wire, asked):
        if wire.number not in used:
            used.add(wire.number)
            return mark(wire, asked)
        end(wire)
        return False
    return answer


ENDS = {"fin": lambda wire: wire.close(), "reset": lambda wire: wire.reset()}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_a_request_that_meets_a_stale_connection_is_sent_again_on_a_fresh_one(hawser, marking_server, method, end):
    server = marking_server({"/": dying_at_second_request(ENDS[end])})
    proxy = hawser(one_worker(server, {"retry": {"attempts": 1}}))
    for count in range(1, 6):
        answer = request(proxy.address(), f"{method} / HTTP/1.1\r\nHost: a.test\r\n\r\n", method)
        assert answer.status == 200
        assert len(server.connections) == count
    assert server.count("/") == 5 + 4


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("sent", [POST % 7, b"POST /7 HTTP/1.1\r\nHost: a.test\r\n\r\n",
                                  b"PUT /7 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody",
                                  b"PATCH /7 HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
def test_what_may_not_be_sent_twice_never_is(hawser, marking_server, sent, end):
    server = marking_server({"/7": dying_at_second_request(ENDS[end])})
    proxy = hawser(one_worker(server))
    statuses = [request(proxy.address(), sent).status for _ in range(6)]
    assert set(statuses) <= {200, 502}
    assert server.count("/7") == 6, "one at the server for each one of a client"


def test_a_get_that_meets_only_dying_connections_is_502(hawser, marking_server):
    server = marking_server({"/dies": lambda wire, _: False})
    proxy = hawser(one_worker(server, {"retry": {"attempts": 1}}))
    get(proxy.address())
    assert get(proxy.address(), "/dies").status == 502
    assert server.count("/dies") == 2, "over the one that rested, and once over a fresh one"


def test_a_connection_that_began_to_answer_is_not_replaced(hawser, marking_server):
    def half(wire, _):
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        return False
    server = marking_server({"/half": half})
    proxy = hawser(one_worker(server))
    get(proxy.address())
    with connect(proxy.address()) as wire:
        wire.send(b"GET /half HTTP/1.1\r\nHost: a.test\r\n\r\n")
        with pytest.raises((EOFError, ConnectionError)):
            wire.read_answer()
    assert server.count("/half") == 1


def test_a_reload_that_changes_nothing_of_a_server_keeps_its_connections(hawser, marking_server):
    server = marking_server()
    proxy = hawser(one_worker(server))
    get(proxy.address())
    proxy.reload(one_worker(server))
    assert connection_of(get(proxy.address())) == 0


def test_a_server_that_leaves_the_file_has_no_connection_left(hawser, marking_server):
    old, new = marking_server(), marking_server()
    proxy = hawser(one_worker(old))
    get(proxy.address())
    proxy.reload(one_worker(new))
    assert connection_of(get(proxy.address())) == 0
    assert len(new.connections) == 1
    wait_until(old.connections[0].is_closed, 5, "the end of what rested at the old server")


def test_an_upgrade_takes_no_connection_that_served_plain_requests_astray(hawser, recording_server):
    """Plain requests before and after a WebSocket session get what they asked for."""
    def handle(wire):
        while (head := wire.read_head()).get("upgrade") is None:
            wire.send(framed(200, b"plain"))
        wire.send(upgrade_answer(head))
        echo(wire)
    server = recording_server(handle)
    proxy = hawser(one_worker(server))
    for _ in range(3):
        assert get(proxy.address()).body == b"plain"
        with open_websocket(proxy.address()) as wire:
            wire.send_text("hello")
            assert wire.read_text() == "hello"
            wire.send_close()
            assert wire.is_over()
        assert get(proxy.address()).body == b"plain"


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGTERM])
def test_connections_that_rest_keep_nobody_from_leaving(hawser, marking_server, number):
    server = marking_server()
    proxy = hawser(relay_to(server.address, workers=2))
    for _ in range(10):
        get(proxy.address())
    watch = Stopwatch()
    proxy.stop(number)
    assert watch.seconds < 3
    wait_until(lambda: all(wire.is_closed() for wire in server.connections), 5, "the ends of connections that rested")
