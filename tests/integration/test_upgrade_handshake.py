"""The upgrade on both sides: what is refused, what is checked, what is passed on, and what must not get lost."""
import pytest

from harness.configuration import relay_to
from harness.frames import TEXT, encode
from harness.raw_client import connect, handshake_bytes, open_websocket, request
from harness.recording_server import accept_websocket, answer_with, echo_frames, upgrade_answer


@pytest.fixture
def echoing(hawser, recording_server):
    server = recording_server(echo_frames)
    return hawser(relay_to(server.address)), server


def answering(hawser, recording_server, make_answer):
    """Hawser before a server that answers a handshake with make_answer(head)."""
    def handle(wire):
        head = wire.read_head()
        wire.send(make_answer(head))
        wire.read_to_end()
    server = recording_server(handle)
    return hawser(relay_to(server.address)), server


# The client's side.

@pytest.mark.parametrize("version", ["8", "7", "14", "", "13, 8", "thirteen"])
def test_another_version_is_told_426_and_which_one_works(echoing, version):
    proxy, server = echoing
    answer = request(proxy.address(), handshake_bytes(without=["Sec-WebSocket-Version"],
                                                      headers=[("Sec-WebSocket-Version", version)]))
    assert (answer.status, answer.get("sec-websocket-version")) == (426, "13")
    assert server.connections == []


def test_a_missing_version_is_told_426(echoing):
    proxy, _ = echoing
    answer = request(proxy.address(), handshake_bytes(without=["Sec-WebSocket-Version"]))
    assert (answer.status, answer.get("sec-websocket-version")) == (426, "13")


@pytest.mark.parametrize("key", ["", "short", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZSEh", "!!!!IHNhbXBsZSBub25jZQ=="])
def test_a_bad_key_is_400(echoing, key):
    proxy, server = echoing
    assert request(proxy.address(), handshake_bytes(key=key)).status == 400
    assert server.connections == []


def test_a_missing_key_is_400(echoing):
    proxy, _ = echoing
    assert request(proxy.address(), handshake_bytes(without=["Sec-WebSocket-Key"])).status == 400


def test_two_keys_are_400(echoing):
    proxy, _ = echoing
    second = [("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
    assert request(proxy.address(), handshake_bytes(headers=second)).status == 400


def test_upgrade_names_compare_without_case_and_within_lists(echoing):
    proxy, _ = echoing
    odd = handshake_bytes(without=["Upgrade", "Connection"],
                          headers=[("uPgRaDe", "WebSocket"), ("CONNECTION", "keep-alive, upGRADE")])
    with connect(proxy.address()) as wire:
        wire.send(odd)
        assert wire.read_head().status == 101
        wire.send_text("hello")
        assert wire.read_text() == "hello"


def test_subprotocols_and_extensions_pass_both_ways(hawser, recording_server):
    proxy, server = answering(hawser, recording_server, lambda head: upgrade_answer(head, [
        ("Sec-WebSocket-Protocol", "v2.chat"), ("Sec-WebSocket-Extensions", "x-custom; window=9"),
        ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]))
    headers = [("Sec-WebSocket-Protocol", "v1.chat, v2.chat"), ("Sec-WebSocket-Extensions", "x-custom; window")]
    with open_websocket(proxy.address(), headers=headers) as wire:
        assert wire.upgrade.get("sec-websocket-protocol") == "v2.chat"
        assert wire.upgrade.get("sec-websocket-extensions") == "x-custom; window=9"
        assert wire.upgrade.all("set-cookie") == ["a=1", "b=2"]
    seen = server.received().decode().lower()
    assert "sec-websocket-protocol: v1.chat, v2.chat\r\n" in seen
    assert "sec-websocket-extensions: x-custom; window\r\n" in seen


def test_the_server_sees_a_proper_handshake_and_who_asked(echoing):
    proxy, server = echoing
    with open_websocket(proxy.address(), "/a/b?c=d", host="chat.example.com:81", headers=[("Cookie", "k=v")]):
        head = server.connection().received.decode()
    lines = head.lower().split("\r\n")
    assert head.startswith("GET /a/b?c=d HTTP/1.1\r\n")
    for wanted in ("host: chat.example.com:81", "upgrade: websocket", "connection: upgrade",
                   "sec-websocket-version: 13", "cookie: k=v", "x-forwarded-for: 127.0.0.1",
                   "x-forwarded-proto: http", "x-forwarded-host: chat.example.com:81"):
        assert wanted in lines
    assert any(line.startswith("forwarded: ") and "for=127.0.0.1" in line for line in lines)


def test_forged_forwarding_headers_are_replaced(echoing):
    proxy, server = echoing
    forged = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "gopher"), ("Forwarded", "for=6.6.6.6")]
    with open_websocket(proxy.address(), headers=forged):
        seen = server.connection().received.decode()
    assert "6.6.6.6" not in seen and "gopher" not in seen
    assert seen.lower().count("\r\nx-forwarded-for:") == 1


def test_a_frame_in_the_same_write_as_the_handshake_reaches_the_server(echoing):
    proxy, _ = echoing
    with connect(proxy.address()) as wire:
        wire.send(handshake_bytes() + encode(TEXT, b"early") + encode(TEXT, b"bird"))
        assert wire.read_head().status == 101
        assert [wire.read_text(), wire.read_text()] == ["early", "bird"]


def test_half_a_frame_in_the_same_write_as_the_handshake_is_completed_later(echoing):
    proxy, _ = echoing
    frame = encode(TEXT, b"in two halves")
    with connect(proxy.address()) as wire:
        wire.send(handshake_bytes() + frame[:3])
        assert wire.read_head().status == 101
        wire.send(frame[3:])
        assert wire.read_text() == "in two halves"


def test_frames_in_the_same_write_as_the_101_reach_the_client_in_order(hawser, recording_server):
    greeting = encode(TEXT, b"one", masked=False) + encode(TEXT, b"two" * 1000, masked=False)
    proxy, _ = answering(hawser, recording_server, lambda head: upgrade_answer(head) + greeting)
    with open_websocket(proxy.address()) as wire:
        assert [wire.read_text(), wire.read_text()] == ["one", "two" * 1000]


def test_a_handshake_that_comes_byte_by_byte_is_understood(echoing):
    proxy, _ = echoing
    with connect(proxy.address()) as wire:
        for byte in handshake_bytes():
            wire.send(bytes([byte]))
        assert wire.read_head().status == 101


# The server's side.

@pytest.mark.parametrize("make_answer", [
    lambda head: upgrade_answer(head, accept="AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    lambda head: upgrade_answer(head, [("Content-Length", "5")]) + b"hello",
    lambda head: upgrade_answer(head, [("Content-Length", "0")]),
    lambda head: upgrade_answer(head, [("Transfer-Encoding", "chunked")]),
    lambda head: upgrade_answer(head, [("Sec-WebSocket-Protocol", "never-offered")]),
    lambda head: upgrade_answer(head).replace(b"Sec-WebSocket-Accept", b"X-Accept"),
    lambda head: upgrade_answer(head).replace(b"Upgrade: websocket", b"Upgrade: irc"),
    lambda head: upgrade_answer(head).replace(b"Upgrade: websocket\r\n", b""),
    lambda head: upgrade_answer(head).replace(b"Connection: Upgrade", b"Connection: close"),
    lambda head: b"HTTP/2.0 101 Switching Protocols\r\n\r\n",
    lambda head: b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
], ids=["wrong accept key", "content-length", "content-length 0", "transfer-encoding", "subprotocol not offered",
        "no accept key", "other upgrade", "no upgrade", "no connection upgrade", "HTTP/2.0", "not HTTP"])
def test_a_false_101_is_502(hawser, recording_server, make_answer):
    proxy, _ = answering(hawser, recording_server, make_answer)
    assert request(proxy.address(), handshake_bytes()).status == 502


def test_a_server_that_hangs_up_on_the_handshake_is_502(hawser, recording_server):
    proxy = hawser(relay_to(recording_server(lambda wire: wire.read_head()).address))
    assert request(proxy.address(), handshake_bytes()).status == 502


@pytest.mark.parametrize("status, reason", [(200, "OK"), (403, "Forbidden"), (401, "Unauthorized"), (404, "Not Found"),
                                            (426, "Upgrade Required"), (302, "Found"), (429, "Too Many Requests")])
def test_another_answer_is_passed_on_with_its_headers(hawser, recording_server, status, reason):
    proxy, _ = answering(hawser, recording_server, lambda head: (
        f"HTTP/1.1 {status} {reason}\r\nContent-Length: 4\r\nX-Why: because\r\nWWW-Authenticate: Basic\r\n\r\nnope"
    ).encode())
    answer = request(proxy.address(), handshake_bytes())
    assert (answer.status, answer.body) == (status, b"nope")
    assert (answer.get("x-why"), answer.get("www-authenticate")) == ("because", "Basic")
    assert answer.get("sec-websocket-accept") is None


def test_after_a_refused_upgrade_the_connection_serves_the_next_request(hawser, recording_server):
    def handle(wire):
        while True:
            head = wire.read_head()
            if head.get("upgrade"):
                wire.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            else:
                wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")
    proxy = hawser(relay_to(recording_server(handle).address))
    with connect(proxy.address()) as wire:
        wire.send(handshake_bytes())
        assert wire.read_answer().status == 403
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert wire.read_answer().body == b"yes"


def test_a_101_that_nobody_asked_for_is_502(hawser, recording_server):
    proxy, _ = answering(hawser, recording_server, lambda head: (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
    assert request(proxy.address(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 502


# No tunnel where none may be.

def test_h2c_is_never_forwarded(hawser, recording_server):
    proxy, server = answering(hawser, recording_server, lambda head: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    answer = request(proxy.address(), "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                     "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
    assert answer.status in (200, 400)
    seen = server.received().lower()
    assert b"h2c" not in seen and b"http2-settings" not in seen and b"\r\nupgrade:" not in seen


@pytest.fixture
def plain(hawser, recording_server):
    server = recording_server(answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain"))
    return hawser(relay_to(server.address)), server


def test_upgrade_by_post_is_no_tunnel(plain):
    proxy, server = plain
    post = handshake_bytes(headers=[("Content-Length", "0")]).replace(b"GET ", b"POST ", 1)
    with connect(proxy.address()) as wire:
        wire.send(post)
        wire.finish_writing()
        status = wire.read_head().status
    assert status != 101
    assert b"\r\nupgrade:" not in server.received().lower()


def test_upgrade_on_http_1_0_is_no_tunnel(plain):
    proxy, server = plain
    with connect(proxy.address()) as wire:
        wire.send(handshake_bytes().replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        wire.finish_writing()
        assert wire.read_head().status != 101
    assert b"\r\nupgrade:" not in server.received().lower()


def test_websocket_switched_off_strips_the_upgrade(hawser, recording_server):
    server = recording_server(answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain"))
    proxy = hawser(relay_to(server.address, routes=[{"upstream": "pool", "websocket": {"enabled": False}}]))
    assert request(proxy.address(), handshake_bytes()).body == b"plain"
    assert b"\r\nupgrade:" not in server.received().lower()


def test_the_key_sent_to_the_server_is_checked_against_its_own_answer(hawser, recording_server):
    """Whichever key Hawser sends on, the client gets the accept key of its own."""
    def handle(wire):
        accept_websocket(wire)
        wire.read_to_end()
    proxy = hawser(relay_to(recording_server(handle).address))
    for _ in range(5):
        open_websocket(proxy.address()).close()
