"""How sessions end: politely, by half, by reset, by death in mid-frame, by broken rules; the other side learns the truth."""
import threading

import pytest

from harness.configuration import relay_to
from harness.frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, Frame, close_payload, encode
from harness.raw_client import open_websocket
from harness.recording_server import accept_websocket, echo_frames
from harness.waiting import Stopwatch, wait_until


def relayed(hawser, recording_server, script):
    """A client joined to a server that runs script(wire) after the upgrade; returns client, server and process."""
    def handle(wire):
        accept_websocket(wire)
        script(wire)
    server = recording_server(handle)
    proxy = hawser(relay_to(server.address))
    return open_websocket(proxy.address()), server, proxy


def frames_until_end(wire):
    frames = []
    try:
        while True:
            frames.append(wire.read_frame())
    except (EOFError, ConnectionError):
        return frames


def record(wire):
    """A server script: keeps all frames up to the end of the stream in wire.frames."""
    wire.frames = frames_until_end(wire)
    wire.socket_ended = True


def seen_frames(server, number=0):
    wait_until(lambda: hasattr(server.connections[number], "frames"), 8, "the end of the stream at the server")
    return server.connections[number].frames


def test_a_polite_close_by_the_client_passes_both_ways_unchanged(hawser, recording_server):
    def script(wire):
        frame = wire.read_frame()
        wire.frames = [frame]
        wire.send_close(frame.close_code, "good-bye too", masked=False)
    client, server, _ = relayed(hawser, recording_server, script)
    client.send_close(4321, "good-bye")
    answer = client.read_frame()
    assert (answer.opcode, answer.payload) == (CLOSE, close_payload(4321, "good-bye too"))
    assert client.is_at_end()
    assert seen_frames(server)[0].payload == close_payload(4321, "good-bye")


def test_a_polite_close_by_the_server_passes_both_ways_unchanged(hawser, recording_server):
    def script(wire):
        wire.send_close(4001, "closing time", masked=False)
        record(wire)
    client, server, _ = relayed(hawser, recording_server, script)
    assert client.read_frame().payload == close_payload(4001, "closing time")
    client.send_close(4001, "fine")
    client.finish_writing()
    assert seen_frames(server)[0].payload == close_payload(4001, "fine")
    client.is_over()


def test_a_close_without_a_code_passes(hawser, recording_server):
    client, _, _ = relayed(hawser, recording_server, lambda wire: wire.send(
        encode(CLOSE, wire.read_frame().payload, masked=False)))
    client.send_frame(CLOSE)
    assert client.read_frame() == Frame(CLOSE, b"")


def test_after_the_clients_half_close_the_servers_words_still_come(hawser, recording_server):
    def script(wire):
        wire.read_frame()
        assert wire.is_at_end()
        wire.send_text("heard you", masked=False)
        wire.send_close(1000, masked=False)
    client, _, _ = relayed(hawser, recording_server, script)
    client.send_text("last words")
    client.finish_writing()
    assert client.read_text() == "heard you"
    assert client.read_close_code() == 1000


def test_after_a_half_close_the_other_direction_lives_ten_seconds_at_most(hawser, recording_server):
    over = threading.Event()

    def script(wire):
        assert wire.is_at_end()
        over.wait(20)
    client, _, _ = relayed(hawser, recording_server, script)
    client.socket.settimeout(15)
    watch = Stopwatch()
    client.finish_writing()
    client.is_over()
    over.set()
    assert 8 < watch.seconds < 12


def test_a_session_is_over_once_both_said_close_and_the_server_left(hawser, recording_server):
    """A client that keeps its socket open after the closing handshake must not hold a place."""
    def handle(wire):
        accept_websocket(wire)
        wire.send_close(wire.read_frame().close_code, masked=False)
    server = recording_server(handle)
    proxy = hawser(relay_to(server.address))
    proxy.address()
    base = proxy.descriptors()
    with open_websocket(proxy.address()) as client:
        client.send_close(1000)
        assert client.read_close_code() == 1000
        assert client.is_at_end()
        proxy.wait_for_descriptors(base, 2)


def test_a_servers_fin_without_a_close_gives_the_client_1011(hawser, recording_server):
    client, _, _ = relayed(hawser, recording_server, lambda wire: wire.send_text("so long", masked=False))
    assert client.read_text() == "so long"
    assert client.read_close_code() == 1011
    client.is_over()


def test_a_servers_reset_gives_the_client_1011(hawser, recording_server):
    def script(wire):
        wire.read_frame()
        wire.reset()
    client, _, _ = relayed(hawser, recording_server, script)
    client.send_text("go")
    watch = Stopwatch()
    assert client.read_close_code() == 1011
    assert watch.seconds < 1


@pytest.mark.parametrize("end", ["fin", "reset"])
def test_a_server_that_dies_in_mid_frame_leaves_a_bare_end(hawser, recording_server, end):
    half = encode(BINARY, b"x" * 1000, masked=False)[:500]

    def script(wire):
        wire.send_text("whole", masked=False)
        wire.send(half)
        wire.read_frame()
        if end == "reset":
            wire.reset()
    client, _, _ = relayed(hawser, recording_server, script)
    assert client.read_text() == "whole"
    assert client.read_exactly(500) == half
    client.send_text("now die")
    try:
        assert client.read_to_end() == b"", "a Close frame here would be taken for payload"
    except ConnectionError:
        pass


def test_a_clients_reset_ends_the_server_after_the_last_bytes(hawser, recording_server):
    client, server, proxy = relayed(hawser, recording_server, record)
    client.send_text("last")
    client.send_ping(b"words")
    watch = Stopwatch()
    client.reset()
    frames = seen_frames(server)
    assert watch.seconds < 2
    assert [frame.payload for frame in frames[:2]] in ([b"last", b"words"], [b"last"], [])


def test_a_client_that_vanishes_in_mid_frame_leaves_no_broken_frame_pending(hawser, recording_server):
    client, server, _ = relayed(hawser, recording_server, record)
    client.send_text("whole")
    client.send(encode(BINARY, b"x" * 1000)[:300])
    client.close()
    assert [frame.payload for frame in seen_frames(server)] == [b"whole"]


VIOLATIONS = {
    "unmasked frame": encode(TEXT, b"bare", masked=False),
    "reserved bit": encode(TEXT, b"x", rsv=2),
    "reserved bit 1 without an extension": encode(TEXT, b"x", rsv=4),
    "opcode 3": encode(3, b"x"),
    "opcode 11": encode(11, b"x"),
    "continuation of nothing": encode(CONTINUATION, b"x"),
    "text inside a fragmented message": encode(TEXT, b"a", fin=False) + encode(TEXT, b"b"),
    "fragmented ping": encode(PING, b"x", fin=False),
    "ping of 126 bytes": encode(PING, b"x" * 126),
    "close of one byte": encode(CLOSE, b"x"),
    "close code 1005": encode(CLOSE, close_payload(1005)),
    "close code 999": encode(CLOSE, close_payload(999)),
    "length beyond 63 bits": b"\x82\xff" + b"\xff" * 8 + b"mask",
    "length not minimal": b"\x82\xfe\x00\x05mask" + b"x" * 5,
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_client_that_breaks_the_protocol_gets_1002_and_the_server_all_before_it(hawser, recording_server, name):
    client, server, _ = relayed(hawser, recording_server, record)
    client.send(encode(TEXT, b"legal") + encode(PING, b"too") + VIOLATIONS[name] + encode(TEXT, b"never seen"))
    assert client.read_close_code() == 1002
    client.is_over()
    frames = seen_frames(server)
    assert [frame.payload for frame in frames[:2]] == [b"legal", b"too"]
    assert all(b"never seen" not in frame.payload for frame in frames)
    assert frames[-1].opcode == CLOSE and all(frame.masked for frame in frames)


def test_a_servers_answers_still_come_after_a_violation(hawser, recording_server):
    def script(wire):
        wire.read_frame()
        assert wire.read_frame().opcode == CLOSE
        wire.send_text("answer to what was legal", masked=False)
        wire.send_close(1002, masked=False)
    client, _, _ = relayed(hawser, recording_server, script)
    client.send(encode(TEXT, b"legal") + VIOLATIONS["opcode 3"])
    assert client.read_text() == "answer to what was legal"
    assert client.read_close_code() == 1002


SERVER_VIOLATIONS = {
    "masked frame": encode(TEXT, b"masked by a server", masked=True),
    "opcode 3": encode(3, b"x", masked=False),
    "reserved bit": encode(TEXT, b"x", rsv=2, masked=False),
    "continuation of nothing": encode(CONTINUATION, b"x", masked=False),
    "fragmented ping": encode(PING, b"x", fin=False, masked=False),
    "ping of 126 bytes": encode(PING, b"x" * 126, masked=False),
    "length beyond 63 bits": b"\x82\x7f" + b"\xff" * 8,
    "HTTP where a frame should be": b"HTTP/1.1 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("name", SERVER_VIOLATIONS)
def test_invalid_frames_from_the_server_give_the_client_1014(hawser, recording_server, name):
    def script(wire):
        wire.send(encode(TEXT, b"legal", masked=False) + SERVER_VIOLATIONS[name])
        record(wire)
    client, server, _ = relayed(hawser, recording_server, script)
    assert client.read_text() == "legal"
    assert client.read_close_code() == 1014
    client.is_over()
    seen_frames(server)


def test_all_descriptors_come_back_after_every_kind_of_end(hawser, recording_server):
    server = recording_server(echo_frames)
    proxy = hawser(relay_to(server.address))
    proxy.address()
    base = proxy.descriptors()
    for end in ("close", "finish_writing", "reset", "send_close"):
        for _ in range(10):
            wire = open_websocket(proxy.address())
            wire.send_text("hello")
            assert wire.read_text() == "hello"
            getattr(wire, end)()
            if end == "send_close":
                assert wire.is_over()
            wire.close()
    proxy.wait_for_descriptors(base)
