"""Bytes in, verdict out: heads that smuggle, confuse or flood. A recording server proves what was sent on: nothing."""
import pytest

from harness.bad_messages import BAD_ANSWERS, BAD_BODIES, HOST, REFUSED, head
from harness.configuration import relay_to
from harness.raw_client import connect, get
from harness.recording_server import answer_with

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def module_hawser(tmp_path_factory):
    """One process for the whole table: that it lives on after each line is part of the proof."""
    from harness.hawser_process import Hawser
    from harness.recording_server import RecordingServer
    server = RecordingServer(answer_with(OK))
    process = Hawser(tmp_path_factory.mktemp("bad_heads"), relay_to(server.address))
    yield process, server
    process.finish()
    server.stop()


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_head_is_refused_and_nothing_is_sent_on(module_hawser, name):
    proxy, server = module_hawser
    sent, expected = REFUSED[name]
    before = server.position()
    with connect(proxy.address()) as wire:
        try:
            wire.send(sent)
        except ConnectionError:
            pass  # refused before all of it was read
        assert wire.read_answer().status in expected
        assert wire.is_over(), "the connection must be closed: what follows cannot be trusted"
    assert server.received_since(before) == b""
    assert get(proxy.address()).body == b"ok", "the next client is served"


def test_a_pipelined_request_after_a_bad_one_is_not_served(module_hawser):
    proxy, server = module_hawser
    before = server.position()
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"
    with connect(proxy.address()) as wire:
        wire.send(head(HOST, "Content-Length: 5", "Transfer-Encoding: chunked", start="POST / HTTP/1.1")
                  + b"0\r\n\r\n" + smuggled)
        assert wire.read_answer().status == 400
        assert wire.is_over()
    assert b"smuggled" not in server.received_since(before)


def test_connection_close_host_removes_nothing_that_matters(module_hawser):
    proxy, server = module_hawser
    before = server.position()
    with connect(proxy.address()) as wire:
        wire.send(head(HOST, "Connection: close, host, x-forwarded-for, content-length, x-secret", "X-Secret: hop",
                       "Content-Length: 2", start="POST / HTTP/1.1") + b"hi")
        assert wire.read_answer().status in (200, 400)
    seen = server.received_since(before).decode().lower()
    if seen:
        assert "\r\nhost: a.test" in seen and "\r\nx-forwarded-for: 127.0.0.1" in seen
        assert "\r\ncontent-length: 2" in seen or "\r\ntransfer-encoding: chunked" in seen
        assert "x-secret" not in seen


def test_absolute_form_of_the_same_authority_is_served(module_hawser):
    proxy, _ = module_hawser
    with connect(proxy.address()) as wire:
        wire.send(head(HOST, start="GET http://a.test/x HTTP/1.1"))
        assert wire.read_answer().body == b"ok"


@pytest.mark.parametrize("length", range(1, 40, 3))
def test_a_head_cut_short_by_fin_leaves_nothing_behind(module_hawser, length):
    proxy, server = module_hawser
    before = server.position()
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"[:length][:-1])
        wire.finish_writing()
        assert wire.is_over()
    assert server.received_since(before) == b""
    assert get(proxy.address()).body == b"ok"


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_chunk_ends_the_connection(module_hawser, name):
    proxy, _ = module_hawser
    with connect(proxy.address()) as wire:
        try:
            wire.send(head(HOST, "Transfer-Encoding: chunked", start="POST / HTTP/1.1") + BAD_BODIES[name])
        except ConnectionError:
            pass
        answer = wire.read_answer()
        assert answer.status in (400, 413, 431)
        assert wire.is_over()
    assert get(proxy.address()).body == b"ok"


def test_trailers_that_carry_framing_are_dropped(module_hawser):
    proxy, server = module_hawser
    before = server.position()
    with connect(proxy.address()) as wire:
        wire.send(head(HOST, "Transfer-Encoding: chunked", start="POST / HTTP/1.1")
                  + b"2\r\nhi\r\n0\r\nContent-Length: 9\r\nHost: evil\r\nTransfer-Encoding: cow\r\n\r\n")
        assert wire.read_answer().status in (200, 400)
    seen = server.received_since(before).lower()
    assert b"evil" not in seen and b"content-length: 9" not in seen and b"cow" not in seen


# What a server may not answer.

@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_bad_answer_is_502_and_its_connection_is_never_used_again(hawser, recording_server, name):
    def handle(wire):
        wire.read_head()
        wire.send(BAD_ANSWERS[name] if wire.number == 0 else OK)
        if BAD_ANSWERS[name].endswith(b"-") or not BAD_ANSWERS[name] or wire.number > 0:
            return
        wire.read_to_end()

    server = recording_server(handle)
    proxy = hawser(relay_to(server.address, upstream={"retry": {"attempts": 1}}))
    assert get(proxy.address()).status == 502
    assert get(proxy.address()).body == b"ok"
    assert len(server.connections) == 2
