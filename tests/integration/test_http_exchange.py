"""One exchange after another: bodies, trailers, interim answers, old clients and servers, each as HTTP/1.1 has it."""
import threading

import pytest

from harness.configuration import relay_to
from harness.marking_server import framed, mark
from harness.raw_client import connect, get, request
from harness.strict_reader import read_request_body, read_request_head, split_requests
from harness.waiting import wait_until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EXPECTING = b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"


def one_worker(server, upstream=None, **top):
    return relay_to(server.address, workers=1, upstream=upstream, **top)


def says(script):
    return lambda wire, _: wire.send(script)


def says_and_ends(script):
    def answer(wire, _):
        wire.send(script)
        return False
    return answer


def only(requests):
    (one,) = [each for connection in requests for each in connection]
    return one


# Bodies and what stands behind them.

def test_a_body_of_known_length_keeps_its_framing(hawser, marking_server):
    server = marking_server()
    proxy = hawser(one_worker(server))
    request(proxy.address(), b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody")
    seen = only(server.requests())
    assert (seen.get("content-length"), seen.get("transfer-encoding"), seen.body) == ("4", None, b"body")


def test_a_chunked_body_stays_chunked_and_brings_its_trailers(hawser, marking_server):
    server = marking_server()
    proxy = hawser(one_worker(server))
    request(proxy.address(), b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2;name=value\r\nbo\r\n2\r\ndy\r\n0\r\nX-Sum: 42\r\nX-More: yes\r\nContent-Length: 3\r\nHost: b.test\r\n\r\n")
    seen = only(server.requests())
    assert (seen.get("content-length"), seen.body) == (None, b"body")
    assert seen.trailers == [("x-sum", "42"), ("x-more", "yes")]


def read_chunked_answer(wire):
    """(body, trailer lines) of a chunked answer."""
    head = wire.read_head()
    assert head.get("transfer-encoding") == "chunked" and head.get("content-length") is None
    body = b""
    while size := int(wire.read_until(b"\r\n").split(b";")[0], 16):
        body += wire.read_exactly(size)
        assert wire.read_exactly(2) == b"\r\n"
    trailers = []
    while (line := wire.read_until(b"\r\n")) != b"\r\n":
        trailers.append(line.strip())
    return body, trailers


def test_trailers_of_an_answer_reach_the_client(hawser, marking_server):
    server = marking_server({"/": says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n4\r\nbody\r\n"
                                       b"0\r\nX-Sum: 42\r\nContent-Length: 3\r\nSet-Cookie: a=b\r\n\r\n")})
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        for _ in range(2):
            wire.send(b"GET / HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
            body, trailers = read_chunked_answer(wire)
            assert body == b"body" and b"X-Sum: 42" in trailers
            assert not any(line.lower().startswith((b"content-length", b"transfer-encoding")) for line in trailers)


def test_pipelined_requests_of_all_kinds_in_one_write_are_answered_in_order(hawser, marking_server):
    server = marking_server()
    proxy = hawser(one_worker(server))
    kinds = [b"GET /%d HTTP/1.1\r\nHost: a.test\r\n\r\n",
             b"POST /%d HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello",
             b"PUT /%d HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
             b"DELETE /%d HTTP/1.1\r\nHost: a.test\r\n\r\n"]
    with connect(proxy.address()) as wire:
        wire.send(b"".join(kinds[number % 4] % number for number in range(40)))
        answers = [wire.read_answer() for _ in range(40)]
    assert [f'"/{number}"'.encode() in answer.body for number, answer in enumerate(answers)] == [True] * 40
    assert [each.target for each in server.requests()[0]] == [f"/{number}" for number in range(40)]


def test_a_pipelined_request_waits_until_the_one_before_is_answered(hawser, recording_server):
    release = threading.Event()

    def handle(wire):
        wire.read_head()
        release.wait(10)
        wire.send(OK)
        wire.read_head()
        wire.send(OK)
    server = recording_server(handle)
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        wire.send(b"GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n")
        wait_until(lambda: b"/1" in server.received(), 5, "the first request at the server")
        assert b"/2" not in server.received()
        release.set()
        assert [wire.read_answer().body, wire.read_answer().body] == [b"ok", b"ok"]


@pytest.mark.parametrize("fields", ["Content-Length: 1000", "Transfer-Encoding: chunked", "X-A: b"])
def test_an_answer_to_head_keeps_its_fields_and_the_connection(hawser, marking_server, fields):
    server = marking_server({"/page": says(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode())})
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        wire.send(b"HEAD /page HTTP/1.1\r\nHost: a.test\r\n\r\n")
        answer = wire.read_answer("HEAD")
        name, value = fields.split(": ")
        assert answer.status == 200 and answer.get(name) in (value, *([None] if name == "Transfer-Encoding" else []))
        wire.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        assert wire.read_answer().status == 200


# Interim answers and Expect.

def test_a_body_waits_for_100_continue(hawser, recording_server):
    def handle(wire):
        head = read_request_head(wire)
        wire.expected = head.get("expect")
        wire.before = len(wire.received)
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        read_request_body(wire, head)
        wire.send(OK)
        wire.read_to_end()
    server = recording_server(handle)
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        wire.send(EXPECTING)
        assert wire.read_head().status == 100
        wire.send(b"body")
        assert wire.read_answer().body == b"ok"
    assert server.connections[0].expected == "100-continue"
    assert split_requests(server.received())[0][0].body == b"body"


def test_a_server_that_refuses_before_the_body_is_heard(hawser, marking_server):
    server = marking_server()
    refusing = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nwho?"

    def handle(wire):
        head = read_request_head(wire)
        if head.get("expect"):
            wire.send(refusing)
            wire.read_to_end()
        else:
            mark(wire, head)
    server.handler = handle
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        wire.send(EXPECTING)
        assert (wire.read_answer().status) == 401
    assert get(proxy.address()).status == 200
    assert b"body" not in server.connections[0].received


def test_another_expectation_is_417_and_asks_no_server(hawser, marking_server):
    server = marking_server()
    proxy = hawser(one_worker(server))
    answer = request(proxy.address(), b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nExpect: tea\r\n\r\nbody")
    assert answer.status == 417
    assert server.received() == b""
    assert get(proxy.address()).status == 200


def test_early_hints_pass_and_more_than_one(hawser, marking_server):
    server = marking_server({"/": says(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
                                       b"HTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n" + OK)})
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        for _ in range(2):
            wire.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            assert [(head.status, head.get("link")) for head in (wire.read_head(), wire.read_head())] == [
                (103, "</a.css>"), (103, "</b.css>")]
            assert wire.read_answer().body == b"ok"


# Old clients and old servers.

def test_a_client_of_http_1_0_sees_no_interim_answer(hawser, marking_server):
    server = marking_server({"/": says(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + OK)})
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.0\r\nHost: a.test\r\n\r\n")
        assert wire.read_to_end().endswith(b"\r\n\r\nok")
        assert wire.received.count(b"HTTP/1.1 ") == 1 and b"103" not in wire.received


def test_a_client_of_http_1_0_that_asks_for_it_keeps_its_connection(hawser, marking_server):
    proxy = hawser(one_worker(marking_server()))
    with connect(proxy.address()) as wire:
        for _ in range(3):
            wire.send(b"GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n")
            answer = wire.read_answer()
            assert (answer.status, answer.get("connection").lower()) == (200, "keep-alive")


UNTIL_CLOSE = {"HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1": b"HTTP/1.1 200 OK\r\n\r\n"}


@pytest.mark.parametrize("server_version", UNTIL_CLOSE)
@pytest.mark.parametrize("keep", [b"", b"Connection: keep-alive\r\n"])
def test_a_body_of_open_end_ends_with_the_connection_of_a_client_of_http_1_0(hawser, marking_server, server_version, keep):
    server = marking_server({"/": says_and_ends(UNTIL_CLOSE[server_version] + b"x" * 100000)})
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.0\r\nHost: a.test\r\n" + keep + b"\r\n")
        answer = wire.read_answer()
        assert answer.body == b"x" * 100000
        assert answer.get("transfer-encoding") is None and answer.get("content-length") is None
        assert answer.get("connection", "close").lower() == "close"


@pytest.mark.parametrize("server_version", UNTIL_CLOSE)
def test_a_body_of_open_end_is_chunked_for_a_client_of_http_1_1(hawser, marking_server, server_version):
    server = marking_server({"/": says_and_ends(UNTIL_CLOSE[server_version] + b"x" * 100000)})
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        for _ in range(2):
            wire.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            answer = wire.read_answer()
            assert (answer.body, answer.get("transfer-encoding")) == (b"x" * 100000, "chunked")


def test_a_cut_body_of_open_end_is_visible_to_a_client_of_http_1_0(hawser, marking_server):
    """It cannot be told by framing: the connection is reset, not finished."""
    def answer(wire, _):
        wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        wire.reset()
        return False
    proxy = hawser(one_worker(marking_server({"/": answer})))
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.0\r\nHost: a.test\r\n\r\n")
        try:
            told = wire.read_to_end()
        except ConnectionError:
            return
        assert told.startswith(b"HTTP/1.1 502")


def test_a_server_of_http_1_0_is_asked_in_http_1_1_and_understood(hawser, marking_server):
    server = marking_server({"/": says_and_ends(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")})
    proxy = hawser(one_worker(server))
    for _ in range(3):
        answer = get(proxy.address())
        assert answer.head.start_line.startswith("HTTP/1.1 200") and answer.body == b"ok"


# Servers with habits.

def test_a_server_that_answers_before_the_body_is_in_is_heard_at_once(hawser, recording_server):
    def handle(wire):
        head = read_request_head(wire)
        wire.send(framed(200, b"early"))
        read_request_body(wire, head)
        wire.whole = True
        wire.read_to_end()
    server = recording_server(handle)
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nhalf.")
        assert wire.read_answer().body == b"early"
    assert get(proxy.address()).status == 200


def test_an_early_answer_does_not_stop_a_body_that_flows(hawser, recording_server):
    """The server begins to answer, and goes on reading: both directions flow to their ends."""
    def handle(wire):
        head = read_request_head(wire)
        wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n")
        body = read_request_body(wire, head).body
        wire.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        wire.read_to_end()
    proxy = hawser(one_worker(recording_server(handle)))
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nfirst")
        assert wire.read_head().status == 200
        assert wire.read_exactly(10) == b"5\r\nbegun\r\n"
        wire.send(b"later")
        assert wire.read_exactly(15) == b"a\r\nfirstlater\r\n"
        assert wire.read_exactly(5) == b"0\r\n\r\n"


def test_events_arrive_one_by_one(hawser, recording_server):
    """Each event must be at the client before the server sends the next."""
    heard = threading.Semaphore(0)

    def handle(wire):
        wire.read_head()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(20):
            event = b"data: %d\n\n" % number
            wire.send(b"%x\r\n%s\r\n" % (len(event), event))
            assert heard.acquire(timeout=5)
        wire.send(b"0\r\n\r\n")
        wire.read_to_end()
    proxy = hawser(one_worker(recording_server(handle)))
    with connect(proxy.address()) as wire:
        wire.send(b"GET /events HTTP/1.1\r\nHost: a.test\r\nAccept: text/event-stream\r\n\r\n")
        assert wire.read_head().get("content-type") == "text/event-stream"
        for number in range(20):
            assert b"data: %d\n\n" % number in wire.read_until(b"\n\n\r\n")
            heard.release()
        assert wire.read_until(b"0\r\n\r\n")


def test_a_request_body_arrives_piece_by_piece(hawser, recording_server):
    server = recording_server(lambda wire: (wire.read_until(b"the end\r\n0\r\n\r\n"), wire.send(OK), wire.read_to_end()))
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(20):
            piece = b"piece %d." % number
            wire.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            wait_until(lambda: piece in server.received(), 5, f"piece {number} at the server")
        wire.send(b"7\r\nthe end\r\n0\r\n\r\n")
        assert wire.read_answer().body == b"ok"
