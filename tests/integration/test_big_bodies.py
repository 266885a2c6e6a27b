"""Two gigabytes each way, byte for byte, in the memory that a request of ten bytes takes."""
import functools

import pytest

from harness.configuration import relay_to
from harness.raw_client import connect, get
from harness.waiting import wait_until_steady

pytestmark = [pytest.mark.heavy, pytest.mark.figures]

SIZE = 2 << 30
PIECE = 1 << 20
PERIOD = 1048573  # of tests/support/peers/go/bulk_server
ALLOWED_GROWTH = 6 << 20


@functools.cache
def pattern():
    one = bytes((n * n + n // 251) % 256 for n in range(PERIOD))
    return one + one


class Checker:
    """Takes the body piece by piece; each must be the pattern's next."""

    def __init__(self):
        self.count = 0

    def take(self, piece):
        start = self.count % PERIOD
        assert len(piece) <= PERIOD and pattern()[start:start + len(piece)] == piece, f"differs after {self.count}"
        self.count += len(piece)


class MemoryWatch:
    """The most that the process held, looked at each time 64 MB went by."""

    def __init__(self, proxy):
        self._proxy = proxy
        self.start = self.most = proxy.memory("Pss")
        self._next = 0

    def look(self, count):
        if count >= self._next:
            self._next = count + (64 << 20)
            self.most = max(self.most, self._proxy.memory("Pss"))

    def assert_flat(self):
        self.most = max(self.most, self._proxy.memory("Pss"))
        assert self.most - self.start < ALLOWED_GROWTH, f"from {self.start} to {self.most} bytes"


@pytest.fixture
def warm(hawser, peers):
    """Hawser and its server, both of whom have served something."""
    proxy = hawser(relay_to(peers.bulk().address))
    assert get(proxy.address(), f"/download?size={8 * PIECE}").status == 200
    return proxy


def pieces_of_length(wire, left):
    while left:
        piece = wire.read_exactly(min(left, 256 * 1024))
        left -= len(piece)
        yield piece


def pieces_of_chunks(wire):
    while size := int(wire.read_until(b"\r\n").split(b";")[0], 16):
        yield wire.read_exactly(size)
        assert wire.read_exactly(2) == b"\r\n"
    assert wire.read_exactly(2) == b"\r\n"


def begin_download(wire, chunked):
    wire.send(f"GET /download?size={SIZE}{'&chunked=1' if chunked else ''} HTTP/1.1\r\nHost: a.test\r\n\r\n".encode())
    head = wire.read_head()
    assert (head.status, head.get("transfer-encoding")) == (200, "chunked" if chunked else None)
    del wire.received[:]
    return pieces_of_chunks(wire) if chunked else pieces_of_length(wire, SIZE)


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_two_gigabytes_come_down_in_flat_memory(warm, chunked):
    watch, checker = MemoryWatch(warm), Checker()
    with connect(warm.address()) as wire:
        for piece in begin_download(wire, chunked):
            checker.take(piece)
            watch.look(checker.count)
            del wire.received[:]
    assert checker.count == SIZE
    watch.assert_flat()


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_two_gigabytes_go_up_in_flat_memory(warm, chunked):
    watch = MemoryWatch(warm)
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {SIZE}"
    with connect(warm.address()) as wire:
        wire.send(f"POST /upload HTTP/1.1\r\nHost: a.test\r\n{framing}\r\n\r\n".encode())
        sent = 0
        while sent < SIZE:
            piece = pattern()[sent % PERIOD:][:min(PERIOD, SIZE - sent)]
            wire.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            sent += len(piece)
            watch.look(sent)
        if chunked:
            wire.send(b"0\r\n\r\n")
        answer = wire.read_answer()
    assert (answer.status, answer.body) == (200, str(SIZE).encode())
    watch.assert_flat()


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_reader_that_pauses_again_and_again_loses_nothing_and_costs_no_memory(warm, chunked):
    watch, checker = MemoryWatch(warm), Checker()
    with connect(warm.address()) as wire:
        for piece in begin_download(wire, chunked):
            checker.take(piece)
            del wire.received[:]
            if checker.count >= 8 * 16 * PIECE:
                break
            if checker.count // (16 * PIECE) != (checker.count - len(piece)) // (16 * PIECE):
                wait_until_steady(lambda: warm.memory("Pss"), 0.2)
                watch.assert_flat()
        wire.reset()
    watch.assert_flat()
    assert get(warm.address(), "/download?size=10").status == 200
