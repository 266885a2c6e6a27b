"""Bytes in, verdict out: heads that smuggle, confuse or flood. A recording server proves what was sent on: nothing."""
import pytest

from harness.configuration import relay_to
from harness.raw_client import connect, get
from harness.recording_server import answer_with

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def head(*lines, start="GET / HTTP/1.1"):
    return "\r\n".join([start, *lines, "", ""]).encode("latin-1")


HOST = "Host: a.test"

REFUSED = {
    "obs-fold": (head(HOST, "X-A: one", " two"), {400}),
    "obs-fold by tab": (head(HOST, "X-A: one", "\ttwo"), {400}),
    "obs-fold that hides a length": (head(HOST, "X-A: b", " Content-Length: 5") + b"hello", {400}),
    "obs-fold that hides a coding": (head(HOST, "Transfer-Encoding:", " chunked") + b"0\r\n\r\n", {400}),
    "first header line begins with space": (b"GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n", {400}),
    "empty field name": (head(HOST, ": value"), {400}),
    "space before the colon": (head(HOST, "X-A : b"), {400}),
    "no colon": (head(HOST, "nonsense"), {400}),
    "control byte in a name": (head(HOST, "X\x01A: b"), {400}),
    "null in a value": (head(HOST, "X-A: b\x00c"), {400}),
    "control byte in a value": (head(HOST, "X-A: b\x01c"), {400}),
    "block ended by CR LF LF": (b"GET / HTTP/1.1\r\nHost: a\r\n\n", {400}),
    "bare LF after the request line": (b"GET / HTTP/1.1\nHost: a\r\n\r\n", {400}),
    "bare LF after a header": (b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", {400}),
    "lone CR in a header": (b"GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: w\r\n\r\n", {400}),
    "two codings": (head(HOST, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", start="POST / HTTP/1.1")
                    + b"0\r\n\r\n", {400}),
    "coding list": (head(HOST, "Transfer-Encoding: gzip, chunked", start="POST / HTTP/1.1") + b"0\r\n\r\n", {400, 501}),
    "chunked twice in a list": (head(HOST, "Transfer-Encoding: chunked, chunked", start="POST / HTTP/1.1")
                                + b"0\r\n\r\n", {400}),
    "empty coding": (head(HOST, "Transfer-Encoding: ", start="POST / HTTP/1.1") + b"0\r\n\r\n", {400}),
    "unknown coding": (head(HOST, "Transfer-Encoding: cow", start="POST / HTTP/1.1") + b"0\r\n\r\n", {501}),
    "coding and length": (head(HOST, "Transfer-Encoding: chunked", "Content-Length: 5", start="POST / HTTP/1.1")
                          + b"0\r\n\r\n", {400}),
    "length and coding": (head(HOST, "Content-Length: 5", "Transfer-Encoding: chunked", start="POST / HTTP/1.1")
                          + b"0\r\n\r\n", {400}),
    "coding on HTTP/1.0": (head(HOST, "Transfer-Encoding: chunked", start="POST / HTTP/1.0") + b"0\r\n\r\n", {400}),
    "two lengths that differ": (head(HOST, "Content-Length: 1", "Content-Length: 2", start="POST / HTTP/1.1") + b"ab",
                                {400}),
    "two equal lengths": (head(HOST, "Content-Length: 1", "Content-Length: 1", start="POST / HTTP/1.1") + b"a", {400}),
    "length list": (head(HOST, "Content-Length: 1, 1", start="POST / HTTP/1.1") + b"a", {400}),
    "negative length": (head(HOST, "Content-Length: -1", start="POST / HTTP/1.1"), {400}),
    "signed length": (head(HOST, "Content-Length: +1", start="POST / HTTP/1.1") + b"a", {400}),
    "hexadecimal length": (head(HOST, "Content-Length: 0x1", start="POST / HTTP/1.1") + b"a", {400}),
    "empty length": (head(HOST, "Content-Length: ", start="POST / HTTP/1.1"), {400}),
    "length beyond 64 bits": (head(HOST, "Content-Length: 18446744073709551617", start="POST / HTTP/1.1") + b"a", {400}),
    "HTTP/2.0": (head(HOST, start="GET / HTTP/2.0"), {400, 505}),
    "HTTP/1.2": (head(HOST, start="GET / HTTP/1.2"), {400, 505}),
    "HTTP/0.9": (b"GET /\r\n\r\n", {400, 505}),
    "http in lower case": (head(HOST, start="GET / http/1.1"), {400, 505}),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 405, 505}),
    "RTSP": (head(HOST, start="DESCRIBE / RTSP/1.0"), {400, 405, 505}),
    "ICE": (head(HOST, start="SOURCE / ICE/1.0"), {400, 405, 505}),
    "no Host": (head("X-A: b"), {400}),
    "two Hosts": (head(HOST, "Host: b.test"), {400}),
    "two equal Hosts": (head(HOST, HOST), {400}),
    "Host with a path": (head("Host: a.test/b"), {400}),
    "Host with userinfo": (head("Host: me@a.test"), {400}),
    "Host with a space": (head("Host: a test"), {400}),
    "Host with a bad port": (head("Host: a.test:http"), {400}),
    "absolute form of another authority": (head(HOST, start="GET http://b.test/ HTTP/1.1"), {400}),
    "two spaces after the method": (head(HOST, start="GET  / HTTP/1.1"), {400}),
    "two spaces after the target": (head(HOST, start="GET /  HTTP/1.1"), {400}),
    "tab for a space": (head(HOST, start="GET\t/ HTTP/1.1"), {400}),
    "GET *": (head(HOST, start="GET * HTTP/1.1"), {400}),
    "fragment": (head(HOST, start="GET /a#b HTTP/1.1"), {400}),
    "userinfo in the target": (head(HOST, start="GET http://me@a.test/ HTTP/1.1"), {400}),
    "target without a slash": (head(HOST, start="GET a HTTP/1.1"), {400}),
    "control byte in the target": (head(HOST, start="GET /\x01 HTTP/1.1"), {400}),
    "delete in the target": (head(HOST, start="GET /\x7f HTTP/1.1"), {400}),
    "percent without digits": (head(HOST, start="GET /%zz HTTP/1.1"), {400}),
    "percent at the end": (head(HOST, start="GET /a%2 HTTP/1.1"), {400}),
    "CONNECT": (head(HOST, start="CONNECT a.test:80 HTTP/1.1"), {400, 405}),
    "TRACE": (head(HOST, start="TRACE / HTTP/1.1"), {405}),
    "unknown method": (head(HOST, start="EAT / HTTP/1.1"), {400, 405, 501}),
    "empty method": (head(HOST, start=" / HTTP/1.1"), {400}),
    "binary garbage": (b"\x00\xff\xfe\x80" * 20 + b"\r\n\r\n", {400}),
    "10,000 headers": (head(HOST, *["X: y"] * 10000), {400, 431}),
    "one long header": (head(HOST, "X-A: " + "b" * 40000), {431}),
    "long target": (head(HOST, start="GET /" + "a" * 40000 + " HTTP/1.1"), {414, 431}),
}


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
    seen_before = len(server.received())
    with connect(proxy.address()) as wire:
        try:
            wire.send(sent)
        except ConnectionError:
            pass  # refused before all of it was read
        assert wire.read_answer().status in expected
        assert wire.is_over(), "the connection must be closed: what follows cannot be trusted"
    assert len(server.received()) == seen_before
    assert get(proxy.address()).body == b"ok", "the next client is served"


def test_a_pipelined_request_after_a_bad_one_is_not_served(module_hawser):
    proxy, server = module_hawser
    seen_before = len(server.received())
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"
    with connect(proxy.address()) as wire:
        wire.send(head(HOST, "Content-Length: 5", "Transfer-Encoding: chunked", start="POST / HTTP/1.1")
                  + b"0\r\n\r\n" + smuggled)
        assert wire.read_answer().status == 400
        assert wire.is_over()
    assert b"smuggled" not in server.received()[seen_before:]


def test_connection_close_host_removes_nothing_that_matters(module_hawser):
    proxy, server = module_hawser
    seen_before = len(server.received())
    with connect(proxy.address()) as wire:
        wire.send(head(HOST, "Connection: close, host, x-forwarded-for, content-length, x-secret", "X-Secret: hop",
                       "Content-Length: 2", start="POST / HTTP/1.1") + b"hi")
        assert wire.read_answer().status in (200, 400)
    seen = server.received()[seen_before:].decode().lower()
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
    seen_before = len(server.received())
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"[:length][:-1])
        wire.finish_writing()
        assert wire.is_over()
    assert len(server.received()) == seen_before
    assert get(proxy.address()).body == b"ok"


BAD_BODIES = {
    "chunk size not hexadecimal": b"zz\r\nhello\r\n0\r\n\r\n",
    "chunk size negative": b"-5\r\nhello\r\n0\r\n\r\n",
    "chunk size beyond 64 bits": b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "chunk size with 0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "no CR LF after a chunk": b"5\r\nhelloXX0\r\n\r\n",
    "bare LF after a chunk size": b"5\nhello\r\n0\r\n\r\n",
    "endless chunk extension": b"5;" + b"a" * 70000 + b"\r\nhello\r\n0\r\n\r\n",
}


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
    seen_before = len(server.received())
    with connect(proxy.address()) as wire:
        wire.send(head(HOST, "Transfer-Encoding: chunked", start="POST / HTTP/1.1")
                  + b"2\r\nhi\r\n0\r\nContent-Length: 9\r\nHost: evil\r\nTransfer-Encoding: cow\r\n\r\n")
        assert wire.read_answer().status in (200, 400)
    seen = server.received()[seen_before:].lower()
    assert b"evil" not in seen and b"content-length: 9" not in seen and b"cow" not in seen


# What a server may not answer.

BAD_ANSWERS = {
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length not a number": b"HTTP/1.1 200 OK\r\nContent-Length: one\r\n\r\na",
    "length and coding": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: cow\r\n\r\nmoo",
    "status 99": b"HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n",
    "status 600": b"HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n",
    "status of four digits": b"HTTP/1.1 2000 Odd\r\nContent-Length: 0\r\n\r\n",
    "two spaces before the status": b"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
    "control byte": b"HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 0\r\n\r\n",
    "obs-fold": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "not HTTP": b"* OK IMAP4 ready\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
}


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
