"""One end of a connection, read and written as bytes: HTTP heads and bodies, WebSocket frames, ends of all kinds."""
import socket
import struct
from dataclasses import dataclass, field

from harness.frames import CLOSE, PING, TEXT, close_payload, encode, read_frame


@dataclass
class Head:
    """A request's or an answer's first line and headers."""
    start_line: str
    headers: list = field(default_factory=list)

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name, default=None):
        return next(iter(self.all(name)), default)

    @property
    def status(self):
        return int(self.start_line.split(" ")[1])


@dataclass
class Answer:
    head: Head
    body: bytes

    @property
    def status(self):
        return self.head.status

    def get(self, name, default=None):
        return self.head.get(name, default)


def parse_head(block):
    lines = block.decode("latin-1").split("\r\n")
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
    return Head(lines[0], headers)


class Wire:
    """A connected socket with a receive buffer. `received` is every byte that ever came."""

    def __init__(self, connected, timeout=10.0):
        self.socket = connected
        self.socket.settimeout(timeout)
        self._buffer = bytearray()
        self.received = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Writing and ending.

    def send(self, data):
        self.socket.sendall(data)

    def send_frame(self, opcode, payload=b"", **options):
        self.send(encode(opcode, payload, **options))

    def send_text(self, text, **options):
        self.send_frame(TEXT, text.encode(), **options)

    def send_close(self, code=1000, reason="", **options):
        self.send_frame(CLOSE, close_payload(code, reason), **options)

    def send_ping(self, payload=b"", **options):
        self.send_frame(PING, payload, **options)

    def finish_writing(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def is_closed(self):
        """Whether this side closed it."""
        return self.socket.fileno() < 0

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # Reading.

    def _fill(self):
        data = self.socket.recv(262144)
        self._buffer += data
        self.received += data
        return bool(data)

    def _take(self, count):
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def read_exactly(self, count):
        while len(self._buffer) < count:
            if not self._fill():
                raise EOFError(f"ended with {len(self._buffer)} of {count} bytes")
        return self._take(count)

    def read_until(self, mark):
        while mark not in self._buffer:
            if not self._fill():
                raise EOFError(f"ended before {mark!r}: {bytes(self._buffer)!r}")
        return self._take(self._buffer.index(mark) + len(mark))

    def read_to_end(self):
        """Everything up to the other side's FIN; a reset raises ConnectionResetError."""
        while self._fill():
            pass
        return self._take(len(self._buffer))

    def is_at_end(self):
        """Waits for the other side's FIN; false when a byte comes instead."""
        return not self._buffer and not self._fill()

    def is_over(self):
        """Waits until the other side ended in any way, dropping what came before."""
        try:
            self.read_to_end()
        except ConnectionError:
            pass
        return True

    def read_head(self):
        return parse_head(self.read_until(b"\r\n\r\n"))

    def _read_chunks(self):
        body = b""
        while True:
            size = int(self.read_until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while self.read_until(b"\r\n") != b"\r\n":
                    pass
                return body
            body += self.read_exactly(size)
            assert self.read_exactly(2) == b"\r\n"

    def read_body(self, head):
        if "chunked" in head.get("transfer-encoding", "").lower():
            return self._read_chunks()
        if head.get("content-length") is not None:
            return self.read_exactly(int(head.get("content-length")))
        return None

    def read_answer(self, method="GET"):
        """One final answer with its body; interim ones (1xx but 101) are skipped."""
        head = self.read_head()
        while head.status < 200 and head.status != 101:
            head = self.read_head()
        if method == "HEAD" or head.status in (101, 204, 304):
            return Answer(head, b"")
        body = self.read_body(head)
        return Answer(head, self.read_to_end() if body is None else body)

    def read_frame(self):
        return read_frame(self.read_exactly)

    def read_text(self):
        frame = self.read_frame()
        assert frame.opcode == TEXT and frame.fin, frame
        return frame.payload.decode()

    def read_close_code(self):
        """The next frame must be a Close; its code."""
        frame = self.read_frame()
        assert frame.opcode == CLOSE, frame
        return frame.close_code
