"""Many WebSocket clients in one thread: upgrades with a bounded number on their way, kept open until they are closed."""
import errno
import selectors
import socket
import struct
import time
from collections import Counter
from dataclasses import dataclass, field

from harness.raw_client import handshake_bytes
from harness.wire import Head, parse_head

END_OF_HEAD = b"\r\n\r\n"


@dataclass
class Visit:
    """One client: its answer's head (none when the connection ended without one) and how long that took."""
    number: int
    socket: socket.socket
    request: bytes
    started: float
    head: Head | None = None
    seconds: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    @property
    def status(self):
        return self.head.status if self.head else None

    @property
    def server(self):
        """The name in X-Server, for servers that send it."""
        return self.head.get("x-server") if self.head else None

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def start_visit(address, number, request):
    if isinstance(address, str):
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connected.connect(address)
        connected.setblocking(False)
    else:
        connected = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connected.setblocking(False)
        if connected.connect_ex(address) not in (0, errno.EINPROGRESS):
            raise OSError(f"cannot connect to {address}")
    return Visit(number, connected, request, time.monotonic())


def send_request(visit):
    sent = visit.socket.send(visit.request)
    assert sent == len(visit.request), "a request of a few hundred bytes fits an empty socket"


def is_answered(visit):
    """Reads what is there; true once the head is whole or the connection is over."""
    try:
        data = visit.socket.recv(65536)
    except BlockingIOError:
        return False
    except ConnectionError:
        data = b""
    visit.received += data
    if data and END_OF_HEAD not in visit.received:
        return False
    if END_OF_HEAD in visit.received:
        visit.head = parse_head(bytes(visit.received).split(END_OF_HEAD)[0] + b"\r\n")
    visit.seconds = time.monotonic() - visit.started
    return True


class Crowd:
    """Opens visits to one address. `visits` are all so far, in the order of their numbers."""

    def __init__(self, address):
        self.address = address
        self.visits = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def open(self, count, in_flight=32, timeout=60.0, path=lambda number: "/", headers=lambda number: ()):
        """`count` upgrades more, `in_flight` at a time; returns their visits once all are answered or over."""
        deadline = time.monotonic() + timeout
        first = len(self.visits)
        last = first + count
        waiting = 0
        with selectors.DefaultSelector() as selector:
            while len(self.visits) < last or waiting:
                while len(self.visits) < last and waiting < in_flight:
                    number = len(self.visits)
                    request = handshake_bytes(path(number), headers=headers(number))
                    self.visits.append(start_visit(self.address, number, request))
                    selector.register(self.visits[-1].socket, selectors.EVENT_WRITE, self.visits[-1])
                    waiting += 1
                assert time.monotonic() < deadline, f"{waiting} of {count} upgrades unanswered after {timeout} s"
                waiting -= sum(self._advance(selector, key.data, events) for key, events in selector.select(0.1))
        return self.visits[first:]

    @staticmethod
    def _advance(selector, visit, events):
        if events & selectors.EVENT_WRITE:
            send_request(visit)
            selector.modify(visit.socket, selectors.EVENT_READ, visit)
            return False
        if not is_answered(visit):
            return False
        selector.unregister(visit.socket)
        if visit.status != 101:
            visit.close()
        return True

    def close(self):
        for visit in self.visits:
            visit.close()
        self.visits = []


def statuses(visits):
    return Counter(visit.status for visit in visits)


def shares(visits):
    return Counter(visit.server for visit in visits)
