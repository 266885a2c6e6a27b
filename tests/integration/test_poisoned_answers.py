"""Whole scripts of a hostile or broken server. The client is answered 502 or sees that its answer is cut, the connection is
used for nobody else, and another client gets its own answer."""
import itertools
import json
import signal

import pytest

from harness.bad_messages import BAD_ANSWERS
from harness.configuration import relay_to
from harness.hawser_process import Hawser
from harness.marking_server import MarkingServer, framed
from harness.raw_client import connect, get
from harness.strict_reader import split_requests
from harness.waiting import Stopwatch, wait_until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
CUT = "cut"
numbers = itertools.count(1)


def says(script):
    """An answer of these bytes, after which the server stays."""
    def answer(wire, _):
        wire.send(script)
    return answer


def says_and_ends(script):
    def answer(wire, _):
        wire.send(script)
        return False
    return answer


def says_and_resets(script):
    def answer(wire, _):
        wire.send(script)
        wire.reset()
        return False
    return answer


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """One worker, so that all clients share its connections to the server; nothing is asked twice."""
    server = MarkingServer()
    process = Hawser(tmp_path_factory.mktemp("poisoned"),
                     relay_to(server.address, workers=1, upstream={
                         "retry": {"attempts": 1},
                         "circuit_breaker": {"consecutive_failures": "off"},
                         "timeouts": {"response_head": "2s", "read": "2s"}}))
    yield process, server
    process.finish()
    server.stop()


def ask(proxy):
    """A clean request under a number of its own; the answer must be to it. Returns the server's connection."""
    number = str(next(numbers))
    answer = get(proxy.address(), "/clean", headers=[("X-Id", number)])
    assert answer.status == 200
    told = json.loads(answer.body)
    assert (told["target"], told["id"]) == ("/clean", number)
    return told["connection"]


def outcome(proxy, method="GET", headers=()):
    """What a client sees: (status, body), with CUT for the body when it is visibly short."""
    lines = "".join(f"{line}\r\n" for line in headers)
    with connect(proxy.address()) as wire:
        wire.send(f"{method} /attack HTTP/1.1\r\nHost: a.test\r\n{lines}\r\n".encode())
        head = wire.read_head()
        while head.status < 200:
            head = wire.read_head()
        if method == "HEAD" or head.status in (204, 304):
            return head.status, b""
        try:
            body = wire.read_body(head)
        except (EOFError, ConnectionError):
            return head.status, CUT
        assert body is not None, "an answer to HTTP/1.1 must say where it ends"
        return head.status, body


def attacked_connections(server):
    return [wire for wire in server.connections
            if any(each.target == "/attack" for each in split_requests(wire.received)[0])]


def assert_never_used_again(server):
    """Of each connection that misbehaved: closed by Hawser, and the attack the last request on it."""
    for wire in attacked_connections(server):
        wait_until(wire.is_closed, 5, "the end of a connection that misbehaved")
        assert split_requests(wire.received)[0][-1].target == "/attack"


def perform(pair, answer, method="GET", headers=()):
    """Has the server answer one client so, between clean requests of others; returns what that client saw."""
    proxy, server = pair
    server.answers["/attack"] = answer
    ask(proxy)
    log_start = proxy.log.position()
    status, body = outcome(proxy, method, headers)
    for _ in range(3):
        ask(proxy)
    assert_never_used_again(server)
    if status == 502:
        proxy.log.wait_for(r"answered with an error of our own .*reason=(\"[^\"]+\"|\S+)", start=log_start)
        return 502, None
    return status, body


MORE_BAD_ANSWERS = {
    "two equal lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
    "empty length": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok",
    "length beyond 64 bits": b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n\r\nok",
    "coding and length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "two codings": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "list of codings": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "coding and identity": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok",
    "empty coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\nok",
    "coding in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "204 with coding and length": b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    "obs-fold that hides a length": b"HTTP/1.1 200 OK\r\nX-A: b\r\n Content-Length: 2\r\n\r\nok",
    "folded first header": b"HTTP/1.1 200 OK\r\n Content-Length: 2\r\n\r\nok",
    "bare LF after the status line": b"HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok",
    "bare LF after a header": b"HTTP/1.1 200 OK\r\nX-A: b\nContent-Length: 2\r\n\r\nok",
    "bare LF as the end": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok",
    "lone CR in a value": b"HTTP/1.1 200 OK\r\nX-A: b\rX-C: d\r\nContent-Length: 2\r\n\r\nok",
    "NUL in a value": b"HTTP/1.1 200 OK\r\nX-A: b\0c\r\nContent-Length: 2\r\n\r\nok",
    "space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
    "empty field name": b"HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 2\r\n\r\nok",
    "line without a colon": b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\nok",
    "no status": b"HTTP/1.1\r\nContent-Length: 2\r\n\r\nok",
    "status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok",
    "status that is a word": b"HTTP/1.1 two OK\r\nContent-Length: 2\r\n\r\nok",
    "control byte in the reason": b"HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/0.9": b"<html>evil</html>\r\n\r\n",
    "ICY": b"ICY 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "a request": b"GET /evil HTTP/1.1\r\nHost: a.test\r\n\r\n",
    "a line that never ends": b"HTTP/1.1 200 " + b"O" * 300000,
    "a head that never ends": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 40000,
    "unasked 101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + EVIL,
    "unasked 101 after a 100": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n" + EVIL,
    "bad head after a 103": b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 2000 OK\r\n\r\n" + EVIL,
    "interim answer with a broken length": b"HTTP/1.1 100 Continue\r\nContent-Length: x\r\n\r\n" + OK,
}


@pytest.mark.parametrize("name", [*BAD_ANSWERS, *MORE_BAD_ANSWERS])
def test_a_bad_answer_is_502_and_harms_nobody_else(pair, name):
    script = {**BAD_ANSWERS, **MORE_BAD_ANSWERS}[name]
    ends = name in ("nothing", "half a head", "not HTTP")
    assert perform(pair, says_and_ends(script) if ends else says(script)) == (502, None)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SHORT = {
    "body of known length": says_and_ends(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"),
    "body of known length, reset": says_and_resets(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"),
    "chunk": says_and_ends(CHUNKED + b"a\r\nshort"),
    "between chunks": says_and_ends(CHUNKED + b"5\r\nshort\r\n"),
    "before the last line": says_and_ends(CHUNKED + b"5\r\nshort\r\n0\r\n"),
    "in the trailers": says_and_ends(CHUNKED + b"5\r\nshort\r\n0\r\nX-A: b\r\n"),
    "body that ends by a reset": says_and_resets(b"HTTP/1.1 200 OK\r\n\r\nshort"),
    "chunk size that is none": says(CHUNKED + b"5\r\nshort\r\nzz\r\n" + EVIL),
    "chunk longer than its size": says(CHUNKED + b"2\r\nshort\r\n0\r\n\r\n" + EVIL),
    "chunk size beyond 64 bits": says(CHUNKED + b"5\r\nshort\r\nfffffffffffffffff\r\n" + EVIL),
    "bare LF after a chunk size": says(CHUNKED + b"5\nshort\r\n0\r\n\r\n" + EVIL),
    "folded trailer": says(CHUNKED + b"5\r\nshort\r\n0\r\nX-A: b\r\n c\r\n\r\n" + EVIL),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_short_body_is_seen_to_be_short(pair, name):
    status, body = perform(pair, SHORT[name])
    assert status == 502 or (status, body) == (200, CUT)


BEYOND = {
    "after a body of known length": (OK + EVIL, (200, b"ok")),
    "after an empty body": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + EVIL, (200, b"")),
    "after the last chunk": (CHUNKED + b"2\r\nok\r\n0\r\n\r\n" + EVIL, (200, b"ok")),
    "one byte": (OK + b"e", (200, b"ok")),
    "a line end": (OK + b"\r\n", (200, b"ok")),
    "after 204": (b"HTTP/1.1 204 No Content\r\n\r\n" + EVIL, (204, b"")),
    "body of a 204": (b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", (204, b"")),
    "chunked body of a 204": (b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n", (204, b"")),
    "body of a 304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil", (304, b"")),
    "an interim answer after the final one": (OK + b"HTTP/1.1 100 Continue\r\n\r\n", (200, b"ok")),
}


@pytest.mark.parametrize("name", BEYOND)
def test_bytes_beyond_an_answer_reach_nobody(pair, name):
    script, expected = BEYOND[name]
    assert perform(pair, says(script)) in (expected, (502, None))


@pytest.mark.parametrize("body", [b"evil", EVIL])
def test_the_body_of_an_answer_to_head_reaches_nobody(pair, body):
    script = framed(200, body)
    assert perform(pair, says(script), method="HEAD") == (200, b"")


def test_framing_in_trailers_of_an_answer_is_dropped(pair):
    proxy, server = pair
    server.answers["/trailed"] = says(
        CHUNKED + b"2\r\nok\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: cow\r\nX-Sum: 7\r\n\r\n")
    with connect(proxy.address()) as wire:
        wire.send(b"GET /trailed HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
        assert wire.read_answer().body == b"ok"
        assert b"Content-Length" not in wire.received and b"cow" not in wire.received
    ask(proxy)


def test_a_second_answer_that_comes_later_reaches_nobody(pair):
    """The connection rests when the server speaks unasked: Hawser must drop it, not hand its words to the next client."""
    proxy, server = pair
    for _ in range(20):
        resting = server.connections[ask(proxy)]
        resting.send(EVIL)
        assert ask(proxy) != resting.number
        wait_until(resting.is_closed, 5, "the end of the connection that spoke unasked")


def test_a_second_answer_that_came_while_hawser_slept_reaches_nobody(pair):
    """Both are there when Hawser wakes: the unasked answer, and the request that would be given it."""
    proxy, server = pair
    with connect(proxy.address()) as victim:
        for _ in range(10):
            resting = server.connections[ask(proxy)]
            number = str(next(numbers))
            proxy.send_signal(signal.SIGSTOP)
            try:
                wait_until(lambda: stopped(proxy.pid), 5, "Hawser to stop")
                resting.send(EVIL)
                victim.send(f"GET /clean HTTP/1.1\r\nHost: a.test\r\nX-Id: {number}\r\n\r\n".encode())
            finally:
                proxy.send_signal(signal.SIGCONT)
            assert json.loads(victim.read_answer().body)["id"] == number


def stopped(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "T"


def test_an_endless_flood_of_interim_answers_is_ended_with_502(pair):
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 200

    def flood(wire, _):
        while True:
            wire.send(interim)
    base = pair[0].memory()
    watch = Stopwatch()
    assert perform(pair, flood) == (502, None)
    assert watch.seconds < 5
    assert pair[0].memory() - base < 4 << 20


def test_an_early_answer_leaves_its_connection_to_nobody(hawser, recording_server):
    """The server answers a request whose body is still on its way, and takes whatever follows for a request: what the
    client sends of its body must not become one."""
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"
    early = f"POST /early HTTP/1.1\r\nHost: a.test\r\nContent-Length: {len(smuggled)}\r\n\r\n".encode()

    def hears_heads_only(wire):
        while True:
            wire.send(framed(200, wire.read_head().start_line.encode()))
    server = recording_server(hears_heads_only)
    proxy = hawser(relay_to(server.address, workers=1))

    def others_get_their_own():
        for number in range(3):
            assert get(proxy.address(), f"/clean{number}").body == f"GET /clean{number} HTTP/1.1".encode()

    others_get_their_own()
    with connect(proxy.address()) as wire:
        wire.send(early)
        assert wire.read_answer().body == b"POST /early HTTP/1.1"
        others_get_their_own()
        send_if_possible(wire, smuggled)
        others_get_their_own()
    for each in server.connections:
        received = bytes(each.received)
        assert b"/early" not in received or b"/clean" not in received[received.index(b"/early"):]


def send_if_possible(wire, data):
    try:
        wire.send(data)
    except ConnectionError:
        pass
