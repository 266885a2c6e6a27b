"""What goes in comes out, byte for byte, whatever its size and however it was cut; and a slow reader costs no memory."""
import json
import os
import random
import threading

import pytest

from harness.certificates import trusting_context
from harness.configuration import relay_to
from harness.frames import BINARY, CONTINUATION, PING, PONG, encode
from harness.peers import verify
from harness.raw_client import get, open_websocket
from harness.recording_server import accept_websocket
from harness.waiting import wait_until_steady

MEBIBYTE = 1 << 20


def tls_listener(scheme, certificate):
    return {"tls": {"certificates": [certificate.as_configuration()]}} if scheme == "wss" else None


@pytest.mark.heavy
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_200_sessions_of_random_messages_up_to_4_mb_are_intact(hawser, peers, certificate, scheme):
    proxy = hawser(relay_to(peers.echo().address, listener=tls_listener(scheme, certificate)))
    seed = random.randrange(1 << 30)
    result = verify(proxy.url(scheme), sessions=200, messages=4, max_size=4 * MEBIBYTE, seed=seed, timeout=150)
    assert result["errors"] == [], f"seed {seed}"
    assert (result["messages"], result["mismatches"]) == (800, 0), f"seed {seed}"
    assert result["bytes"] > 200 * MEBIBYTE


def random_stream(seed, masked):
    """Frames of a legal conversation: whole messages, fragments with control frames between, all header sizes."""
    dice = random.Random(seed)
    stream = b""
    for _ in range(300):
        size = dice.choice([0, 1, 125, 126, 127, 65535, 65536, dice.randrange(5000)])
        data = dice.randbytes(size)
        if dice.random() < 0.4:
            cut = dice.randrange(size + 1)
            stream += encode(BINARY, data[:cut], fin=False, masked=masked)
            stream += encode(dice.choice([PING, PONG]), dice.randbytes(dice.randrange(126)), masked=masked)
            stream += encode(CONTINUATION, data[cut:], masked=masked)
        else:
            stream += encode(BINARY, data, masked=masked)
    return stream


def send_in_pieces(wire, stream, seed):
    """Pieces of random size, so that frame headers are cut anywhere."""
    dice = random.Random(seed)
    position = 0
    while position < len(stream):
        size = dice.choice([1, 2, 3, 5, 7, 100, 1460, 70000])
        wire.send(stream[position:position + size])
        position += size


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_client_s_bytes_reach_the_server_unchanged(hawser, recording_server, seed):
    stream = random_stream(seed, masked=True)

    def receive(wire):
        accept_websocket(wire)
        wire.seen = wire.read_exactly(len(stream))
        wire.send_text("got it", masked=False)
        wire.read_to_end()

    server = recording_server(receive)
    proxy = hawser(relay_to(server.address))
    with open_websocket(proxy.address(), timeout=20) as client:
        send_in_pieces(client, stream, seed)
        assert client.read_text() == "got it"
        assert server.connections[0].seen == stream


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_server_s_bytes_reach_the_client_unchanged(hawser, recording_server, seed):
    stream = random_stream(seed, masked=False)

    def speak(wire):
        accept_websocket(wire)
        send_in_pieces(wire, stream, seed)
        wire.read_to_end()

    proxy = hawser(relay_to(recording_server(speak).address))
    with open_websocket(proxy.address(), timeout=20) as client:
        assert client.read_exactly(len(stream)) == stream


def test_a_16_mb_message_passes_in_one_frame(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    payload = os.urandom(16 * MEBIBYTE)
    with open_websocket(proxy.address(), timeout=30) as client:
        # The echo begins before the message ends: writing and reading go on at once.
        writer = threading.Thread(target=client.send_frame, args=(BINARY, payload))
        writer.start()
        echoed = b""
        while len(echoed) < len(payload):
            echoed += client.read_frame().payload
        writer.join()
        assert echoed == payload


def flood_sent(echo):
    return json.loads(get(echo.host_and_port, "/state").body)["flood_sent"]


@pytest.mark.figures
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_client_that_does_not_read_holds_no_memory_while_a_gigabyte_waits(hawser, peers, certificate, scheme):
    echo = peers.echo()
    proxy = hawser(relay_to(echo.address, listener=tls_listener(scheme, certificate)))
    tls = trusting_context() if scheme == "wss" else None
    with open_websocket(proxy.address(), tls=tls) as warm:
        warm.send_text("warm")
        warm.read_text()
    before = proxy.memory()
    with open_websocket(proxy.address(), f"/flood?bytes={1 << 30}&size=65536", tls=tls) as client:
        stalled_at = wait_until_steady(lambda: flood_sent(echo), 0.5)
        assert stalled_at < 64 * MEBIBYTE, "back-pressure should have stopped the server"
        assert proxy.memory() - before < 4 * MEBIBYTE
        while flood_sent(echo) < stalled_at + 64 * MEBIBYTE:
            assert client.read_frame().payload == bytes(65536)
        assert proxy.memory() - before < 4 * MEBIBYTE
