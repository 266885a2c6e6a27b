"""What a server says before it was asked never answers anybody."""
import pytest

from harness.configuration import relay_to
from harness.raw_client import connect
from harness.recording_server import answer_with

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
UNASKED = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked"
RECEIVE_BUFFER = 65536


def answer_of(size):
    """An answer whose head and body are so many bytes."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %05d\r\n\r\n"
    body = size - len(head % 0)
    return head % body + b"x" * body


@pytest.mark.parametrize("size", [100, RECEIVE_BUFFER - 1, RECEIVE_BUFFER, 2 * RECEIVE_BUFFER])
def test_bytes_behind_an_answer_do_not_answer_the_next_request(hawser, recording_server, size):
    def handle(wire):
        wire.read_head()
        if wire.number == 0:
            wire.send(answer_of(size) + UNASKED)
            return wire.read_to_end()
        wire.send(OK)
        return wire.read_to_end()
    server = recording_server(handle)
    proxy = hawser(relay_to(server.address, workers=1))
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
        first, second = wire.read_answer(), wire.read_answer()
    assert first.status == 502 or first.body == b"x" * len(first.body)
    assert second.body == b"ok"


def test_a_chunked_body_announced_to_head_costs_the_connection(hawser, recording_server):
    server = recording_server(answer_with(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
    proxy = hawser(relay_to(server.address, workers=1))
    with connect(proxy.address()) as wire:
        for _ in range(2):
            wire.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.read_answer("HEAD").status == 200
    assert len(server.connections) == 2
