"""Expect: 100-continue, upgrades that come to nothing, and bodies that nobody wants: what is left of them on a connection
is never taken for something else."""
import json

import pytest

from harness.configuration import relay_to
from harness.marking_server import framed, mark
from harness.raw_client import connect, get, handshake_bytes, request
from harness.recording_server import upgrade_answer
from harness.strict_reader import read_request_body, read_request_head
from harness.waiting import wait_until

EXPECTING = b"POST /%d HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def one_worker(server, upstream=None, **top):
    return relay_to(server.address, workers=1, upstream=upstream, **top)


def continues(wire):
    """A server that says 100 to who expects it, on one connection after the other request."""
    while True:
        head = read_request_head(wire)
        if head.get("expect"):
            wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        mark(wire, read_request_body(wire, head))


def test_expectations_follow_each_other_on_kept_connections(hawser, recording_server):
    server = recording_server(continues)
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        for number in range(10):
            wire.send(EXPECTING % number)
            assert wire.read_head().status == 100
            wire.send(b"body")
            assert json.loads(wire.read_answer().body)["target"] == f"/{number}"
    assert len(server.connections) == 1


def test_a_body_that_did_not_wait_is_served_as_well(hawser, recording_server):
    proxy = hawser(one_worker(recording_server(continues)))
    with connect(proxy.address()) as wire:
        wire.send(EXPECTING % 1 + b"body" + EXPECTING % 2 + b"body")
        for number in (1, 2):
            assert json.loads(wire.read_answer().body)["target"] == f"/{number}"


def test_a_client_that_expects_and_leaves_frees_the_server(hawser, recording_server):
    server = recording_server(continues)
    proxy = hawser(one_worker(server))
    with connect(proxy.address()) as wire:
        wire.send(EXPECTING % 1)
        assert wire.read_head().status == 100
    wait_until(server.connections[0].is_closed, 5, "the end of what was begun")
    assert get(proxy.address()).status == 200
    assert len(server.connections) == 2


def refuses(wire):
    """A server that refuses who expects, without reading on by itself, and keeps the connection for what comes."""
    while True:
        head = read_request_head(wire)
        if head.get("expect"):
            wire.send(framed(403, b"no"))
        else:
            mark(wire, read_request_body(wire, head))


@pytest.mark.parametrize("late", [b"body", b"", b"GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"])
def test_a_body_after_a_refusal_is_no_request(hawser, recording_server, late):
    """The client may send the body it announced, send none, or send a request: nobody else is to be touched by it."""
    server = recording_server(refuses)
    proxy = hawser(one_worker(server))
    get(proxy.address(), "/before")
    with connect(proxy.address()) as wire:
        wire.send(EXPECTING % 1)
        assert wire.read_answer().status == 403
        try:
            wire.send(late)
        except ConnectionError:
            pass
        for number in range(3):
            assert json.loads(get(proxy.address(), f"/other{number}").body)["target"] == f"/other{number}"
    assert b"smuggled" not in server.received()


@pytest.mark.parametrize("status", [200, 403, 426, 503])
def test_an_upgrade_that_a_server_declines_leaves_the_connection_in_order(hawser, recording_server, status):
    def handle(wire):
        while True:
            head = read_request_head(wire)
            body = framed(status, b"declined", "Upgrade: websocket") if head.get("upgrade") else OK
            wire.send(body)
    proxy = hawser(one_worker(recording_server(handle), {"retry": {"attempts": 1}}))
    with connect(proxy.address()) as wire:
        for _ in range(3):
            wire.send(handshake_bytes())
            answer = wire.read_answer()
            assert answer.status == status
            assert answer.body == b"declined" or status == 503
            if answer.get("connection", "").lower() == "close":
                return
            wire.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            assert wire.read_answer().body == b"ok"


def test_an_upgrade_whose_answer_is_false_spoils_no_connection(hawser, recording_server):
    def handle(wire):
        while True:
            head = wire.read_head()
            wire.send(upgrade_answer(head, accept="wrong") if head.get("upgrade") else OK)
    server = recording_server(handle)
    proxy = hawser(one_worker(server, {"retry": {"attempts": 1}}))
    for _ in range(3):
        assert get(proxy.address()).body == b"ok"
        assert request(proxy.address(), handshake_bytes()).status == 502


def test_a_body_that_outgrows_its_limit_behind_an_answer_s_beginning_is_cut(hawser, recording_server):
    def handle(wire):
        read_request_head(wire)
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegun")
        wire.read_to_end()
    server = recording_server(handle)
    proxy = hawser(one_worker(server, routes=[{"upstream": "pool", "max_body_size": "1k"}]))
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
        assert wire.read_head().status == 200 and wire.read_exactly(5) == b"begun"
        try:
            wire.send(b"401\r\n" + b"x" * 1025 + b"\r\n0\r\n\r\n")
        except ConnectionError:
            pass
        assert wire.is_over() and b" 413 " not in wire.received
    assert b"0\r\n\r\n" not in server.received()


OWN = {"denied": {"deny": ["127.0.0.0/8"]}, "too large": {"max_body_size": 10}, "limited": {"request_rate": {"rate": 0.001}},
       "redirected": {"redirect": "/x"}}


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("kind", OWN)
def test_the_body_behind_an_answer_of_hawser_s_own_is_no_request(hawser, marking_server, kind, framing):
    inner = b"GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"
    sent = b"Content-Length: %d\r\n\r\n%s" % (len(inner), inner)
    if framing == "chunked":
        sent = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner)
    server = marking_server()
    route = {"match": {"path": "/own"}, **OWN[kind]}
    if kind != "redirected":
        route["upstream"] = "pool"
    proxy = hawser(one_worker(server, routes=[route, {"upstream": "pool"}]))
    if kind == "limited":
        get(proxy.address(), "/own")
    with connect(proxy.address()) as wire:
        wire.send(b"POST /own HTTP/1.1\r\nHost: a.test\r\n" + sent)
        wire.finish_writing()
        assert wire.read_answer().status in (301, 403, 413, 429)
        assert wire.is_over()
    assert server.count("/smuggled") == 0
    assert json.loads(get(proxy.address(), "/next").body)["target"] == "/next"
