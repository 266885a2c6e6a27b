"""Whole scripts of a hostile client, in one write and byte by byte. The server saw nothing that the client did not frame,
and another client, served over the same connections to the server, gets its own answer."""
import itertools
import json
from dataclasses import dataclass

import pytest

from harness.bad_messages import BAD_BODIES, HOST, REFUSED, head
from harness.configuration import relay_to
from harness.hawser_process import Hawser
from harness.marking_server import MarkingServer
from harness.raw_client import connect
from harness.strict_reader import split_requests
from harness.waiting import wait_until

OWN_ANSWER = r"answered with an error of our own .*reason=(\"[^\"]+\"|\S+)"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"
FIRST = b"GET /first HTTP/1.1\r\nHost: a.test\r\n\r\n"
numbers = itertools.count(1)


def post(*lines, target="/attack", version="1.1"):
    return head(HOST, *lines, start=f"POST {target} HTTP/{version}")


@dataclass
class Script:
    """What a client sends, which statuses it is answered before its connection ends, the targets of what reaches the
    server whole, and how much may reach it in part."""
    sent: bytes
    statuses: list
    whole: tuple = ()
    begun: int = 0


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """One worker, so that all clients share its connections to the server."""
    server = MarkingServer()
    process = Hawser(tmp_path_factory.mktemp("smuggling"), relay_to(server.address, workers=1))
    yield process, server
    process.finish()
    server.stop()


def ask(wire, method="GET", body=b""):
    """A clean request under a number of its own; the answer must be to it. Returns the server's connection."""
    number = str(next(numbers))
    framing = f"Content-Length: {len(body)}\r\n" if body else ""
    wire.send(f"{method} /clean HTTP/1.1\r\nHost: a.test\r\nX-Id: {number}\r\n{framing}\r\n".encode() + body)
    answer = wire.read_answer()
    assert answer.status == 200
    told = json.loads(answer.body)
    assert (told["method"], told["target"], told["id"]) == (method, "/clean", number)
    return told["connection"]


def send_all(wire, data, step):
    """Hawser may hang up before all of it is out."""
    try:
        for start in range(0, len(data), step):
            wire.send(data[start:start + step])
    except ConnectionError:
        pass


def read_statuses(wire, methods):
    """The statuses of the answers until the connection ends; each body must be whole."""
    statuses = []
    try:
        for method in itertools.chain(methods, itertools.repeat("GET")):
            statuses.append(wire.read_answer(method).status)
    except (EOFError, ConnectionError):
        return statuses


def attack(proxy, script, step, methods=()):
    with connect(proxy.address()) as wire:
        send_all(wire, script.sent, step)
        wire.finish_writing()
        return read_statuses(wire, methods)


def targets(requests):
    return [request.target for request in requests if request.target != "/clean"]


def perform(pair, script, cut, methods=()):
    """Plays the script between clean requests of another client and holds it to what it says."""
    proxy, server = pair
    step = len(script.sent) if cut == "whole" else max(1, len(script.sent) // 600)
    log_start = proxy.log.position()
    seen = [len(requests) for requests in server.requests()]
    begun_before = len(server.begun())
    with connect(proxy.address()) as victim:
        before = ask(victim)
        statuses = attack(proxy, script, step, methods)
        assert len(statuses) == len(script.statuses), statuses
        assert all(got in wanted for got, wanted in zip(statuses, script.statuses)), statuses
        after = ask(victim)
        ask(victim, "POST", b"body of the victim")
    with connect(proxy.address()) as victim:
        ask(victim)
    new = [request for number, requests in enumerate(server.requests())
           for request in requests[seen[number] if number < len(seen) else 0:]]
    assert sorted(targets(new)) == sorted(script.whole)
    begun = server.begun()[begun_before:]
    assert len(begun) <= script.begun and all(rest.startswith(b"POST /attack ") for rest in begun)
    if any(status >= 400 for status in statuses):
        proxy.log.wait_for(OWN_ANSWER, start=log_start)
    return before, after


@pytest.mark.parametrize("cut", ["whole", "bytes"])
@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_head_brings_nothing_behind_it_to_the_server(pair, name, cut):
    sent, statuses = REFUSED[name]
    script = Script(FIRST + sent + SMUGGLED, [{200}, statuses], whole=["/first"])
    before, after = perform(pair, script, cut)
    assert before == after, "clients take turns on one connection to the server: else this proves nothing"


MORE_BAD_BODIES = {
    "space before a chunk size": b" 5\r\nhello\r\n0\r\n\r\n",
    "space within a chunk size": b"5 0\r\nhello\r\n0\r\n\r\n",
    "chunk size with a plus": b"+5\r\nhello\r\n0\r\n\r\n",
    "chunk size with an underscore": b"0_5\r\nhello\r\n0\r\n\r\n",
    "no chunk size": b"\r\nhello\r\n0\r\n\r\n",
    "chunk longer than its size": b"3\r\nhello\r\n0\r\n\r\n",
    "two CR after a chunk size": b"5\r\r\nhello\r\n0\r\n\r\n",
    "lone CR in an extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "bare LF in an extension": b"5;a\nhello\r\n0\r\n\r\n",
    "NUL in an extension": b"5;a\0b\r\nhello\r\n0\r\n\r\n",
    "bare LF after a chunk": b"5\r\nhello\n0\r\n\r\n",
    "bare LF after the last size": b"5\r\nhello\r\n0\n\r\n",
    "bare LF as the end": b"5\r\nhello\r\n0\r\n\n",
    "trailer without a colon": b"0\r\nnonsense\r\n\r\n",
    "folded trailer": b"0\r\nX-A: b\r\n Content-Length: 9\r\n\r\n",
    "bare LF after a trailer": b"0\r\nX-A: b\nX-C: d\r\n\r\n",
    "space before the colon of a trailer": b"0\r\nX-A : b\r\n\r\n",
    "trailers without end": b"0\r\n" + b"X-A: b\r\n" * 9000 + b"\r\n",
}


@pytest.mark.parametrize("cut", ["whole", "bytes"])
@pytest.mark.parametrize("name", [*BAD_BODIES, *MORE_BAD_BODIES])
def test_a_broken_body_never_looks_whole_to_the_server(pair, name, cut):
    body = {**BAD_BODIES, **MORE_BAD_BODIES}[name]
    script = Script(FIRST + post("Transfer-Encoding: chunked") + body + SMUGGLED, [{200}, {400, 413, 431}],
                    whole=["/first"], begun=1)
    perform(pair, script, cut)


def with_body(body, *lines):
    return post(*lines, f"Content-Length: {len(body)}", target="/whole") + body


def in_chunks(body, *lines, extension=b"", trailers=b""):
    return post(*lines, "Transfer-Encoding: chunked", target="/whole") + b"%x%s\r\n%s\r\n0\r\n%s\r\n" % (
        len(body), extension, body, trailers)


def upgrade(*lines, version="1.1", method="GET", protocol="websocket"):
    return head(HOST, f"Upgrade: {protocol}", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *lines, start=f"{method} /whole HTTP/{version}")


ONCE, TWICE = [{200}], [{200}, {200}]
BOTH = ["/whole", "/first"]

# Legal, if odd: a request that hides in a body stays there, and one that follows is one of its own.
SERVED = {
    "request within a body of known length": Script(with_body(SMUGGLED) + FIRST, TWICE, BOTH),
    "request within a chunk": Script(in_chunks(SMUGGLED) + FIRST, TWICE, BOTH),
    "request within the body of a GET": Script(
        head(HOST, f"Content-Length: {len(SMUGGLED)}", start="GET /whole HTTP/1.1") + SMUGGLED + FIRST, TWICE, BOTH),
    "request within a chunk extension": Script(
        in_chunks(b"hello", extension=b";a=\"GET /smuggled HTTP/1.1\"") + FIRST, TWICE, BOTH),
    "request within trailers": Script(in_chunks(b"hello", trailers=b"X-A: GET /smuggled HTTP/1.1\r\n") + FIRST, TWICE, BOTH),
    "framing within trailers": Script(
        in_chunks(b"hello", trailers=b"Content-Length: 40\r\nTransfer-Encoding: chunked\r\nHost: b.test\r\n") + FIRST,
        TWICE, BOTH),
    "last chunk of many zeros": Script(
        post("Transfer-Encoding: chunked", target="/whole") + b"5\r\nhello\r\n0000\r\n\r\n" + FIRST, TWICE, BOTH),
    "coding in mixed case": Script(
        post("tRaNsFeR-eNcOdInG: cHuNkEd", target="/whole") + b"0\r\n\r\n" + FIRST, TWICE, BOTH),
    "length between blanks": Script(post("Content-Length:   5  ", target="/whole") + b"hello" + FIRST, TWICE, BOTH),
    "length with zeros before it": Script(post("Content-Length: 005", target="/whole") + b"hello" + FIRST, TWICE, BOTH),
    "empty lines before requests": Script(b"\r\n\r\n" + with_body(b"hello") + b"\r\n" + FIRST, TWICE, BOTH),
    "Connection names the length": Script(with_body(SMUGGLED, "Connection: content-length") + FIRST, TWICE, BOTH),
    "Connection names the coding": Script(in_chunks(SMUGGLED, "Connection: transfer-encoding") + FIRST, TWICE, BOTH),
    "Connection names the host": Script(with_body(SMUGGLED, "Connection: close, host") + FIRST, ONCE, ["/whole"]),
    "line ends encoded in the target": Script(
        head(HOST, start="GET /whole HTTP/1.1").replace(b"/whole", b"/first?%0d%0a%0d%0aGET%20/smuggled") + FIRST, TWICE,
        ["/first", "/first?%0d%0a%0d%0aGET%20/smuggled"]),
    "request after one that closes": Script(
        head(HOST, "Connection: close", start="GET /whole HTTP/1.1") + SMUGGLED, ONCE, ["/whole"]),
    "request after one of HTTP/1.0": Script(head(HOST, start="GET /whole HTTP/1.0") + SMUGGLED, ONCE, ["/whole"]),
    "upgrade that the server declines": Script(upgrade() + FIRST, TWICE, BOTH),
    "upgrade on HTTP/1.0": Script(upgrade(version="1.0") + SMUGGLED, ONCE, ["/whole"]),
    "upgrade by POST": Script(upgrade("Content-Length: 5", method="POST") + b"hello" + FIRST, TWICE, BOTH),
    "upgrade with a body": Script(upgrade(f"Content-Length: {len(SMUGGLED)}") + SMUGGLED + FIRST, TWICE, BOTH),
    "upgrade to h2c": Script(
        upgrade("HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", protocol="h2c") + FIRST, TWICE, BOTH),
}


@pytest.mark.parametrize("cut", ["whole", "bytes"])
@pytest.mark.parametrize("name", SERVED)
def test_an_odd_request_ends_where_the_client_said(pair, name, cut):
    perform(pair, SERVED[name], cut)
    assert b"h2c" not in pair[1].received().lower() and b"http2-settings" not in pair[1].received().lower()


CUT_SHORT = {
    "in a body of known length": post("Content-Length: 100") + SMUGGLED,
    "before a body of known length": post("Content-Length: 100"),
    "before the first chunk": post("Transfer-Encoding: chunked"),
    "in a chunk size": post("Transfer-Encoding: chunked") + b"5\r\nhello\r\n5",
    "in a chunk": post("Transfer-Encoding: chunked") + b"ff\r\n" + SMUGGLED,
    "after a chunk": post("Transfer-Encoding: chunked") + b"5\r\nhello",
    "before the last chunk": post("Transfer-Encoding: chunked") + b"5\r\nhello\r\n",
    "in the last chunk": post("Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n",
    "in the trailers": post("Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\nX-A: b\r\n",
}


def begun_connection(server):
    """Where the server waits for the rest of a request."""
    return next((wire for wire in server.connections if not wire.is_closed()
                 and split_requests(wire.received)[1].startswith(b"POST /attack ")), None)


@pytest.mark.parametrize("ending", ["fin", "reset"])
@pytest.mark.parametrize("name", CUT_SHORT)
def test_a_request_cut_short_stays_short_and_its_connection_serves_nobody_else(pair, name, ending):
    proxy, server = pair
    with connect(proxy.address()) as victim:
        ask(victim)
        wire = connect(proxy.address())
        wire.send(CUT_SHORT[name])
        cut = wait_until(lambda: begun_connection(server), 5, "the head at the server")
        wire.finish_writing() if ending == "fin" else wire.reset()
        if ending == "fin":
            assert read_statuses(wire, []) in ([], [400], [408])
        wire.close()
        for _ in range(3):
            ask(victim)
            ask(victim, "POST", b"body")
        wait_until(lambda: cut.is_closed(), 5, "the end of what was begun")
    assert server.count("/attack") == 0 and server.count("/smuggled") == 0
