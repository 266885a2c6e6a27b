"""Reads requests as the strictest server would: whatever two servers could understand differently is an error."""
import re
from dataclasses import dataclass, field

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
TARGET = re.compile(rb"[!-~]+")
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,16}")
NEVER_TRAILING = {b"content-length", b"transfer-encoding", b"host", b"trailer", b"connection", b"authorization"}


class Malformed(Exception):
    """What no proxy may send to a server."""


@dataclass
class Request:
    method: str
    target: str
    headers: list = field(default_factory=list)
    body: bytes = b""
    trailers: list = field(default_factory=list)

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def get(self, name, default=None):
        return next(iter(self.all(name)), default)


class ReceivedBytes:
    """Bytes that came, read as a Wire is."""

    def __init__(self, data):
        self._data = bytes(data)
        self.position = 0

    def read_until(self, mark):
        end = self._data.find(mark, self.position)
        if end < 0:
            raise EOFError(mark)
        return self.read_exactly(end + len(mark) - self.position)

    def read_exactly(self, count):
        if self.position + count > len(self._data):
            raise EOFError(count)
        taken = self._data[self.position:self.position + count]
        self.position += count
        return taken

    def rest(self, start):
        return self._data[start:]


def demand(condition, what, line):
    if not condition:
        raise Malformed(f"{what}: {line[:200]!r}")


def parse_field(line):
    name, colon, value = line.partition(b":")
    demand(colon and TOKEN.fullmatch(name), "field", line)
    demand(VALUE.fullmatch(value), "field value", line)
    return name.lower().decode(), value.strip(b" \t").decode("latin-1")


def split_lines(block):
    demand(b"\n" not in block.replace(b"\r\n", b"") and b"\r" not in block.replace(b"\r\n", b""), "line ends", block)
    return block.split(b"\r\n")


def parse_request_head(block):
    first, *fields = split_lines(block.removesuffix(b"\r\n\r\n"))
    parts = first.split(b" ")
    demand(len(parts) == 3 and TOKEN.fullmatch(parts[0]) and TARGET.fullmatch(parts[1]), "request line", first)
    demand(parts[2] == b"HTTP/1.1" and b"#" not in parts[1], "request line", first)
    request = Request(parts[0].decode(), parts[1].decode(), [parse_field(line) for line in fields])
    demand(len(request.all("host")) == 1, "Host", block)
    return request


def read_chunked(reader, request):
    parts = []
    while True:
        line = reader.read_until(b"\r\n").removesuffix(b"\r\n")
        demand(CHUNK_SIZE.fullmatch(line), "chunk size", line)
        size = int(line, 16)
        if size == 0:
            break
        parts.append(reader.read_exactly(size))
        demand(reader.read_exactly(2) == b"\r\n", "end of a chunk", line)
    request.body = b"".join(parts)
    while (line := reader.read_until(b"\r\n")) != b"\r\n":
        request.trailers.append(parse_field(split_lines(line.removesuffix(b"\r\n"))[0]))
        demand(request.trailers[-1][0].encode() not in NEVER_TRAILING, "trailer", line)


def read_request_head(reader):
    return parse_request_head(reader.read_until(b"\r\n\r\n"))


def read_request_body(reader, request):
    lengths, codings = request.all("content-length"), request.all("transfer-encoding")
    demand(len(lengths) + len(codings) <= 1, "two framings", repr(request.headers).encode())
    if codings:
        demand(codings == ["chunked"], "coding", codings[0].encode())
        read_chunked(reader, request)
    elif lengths:
        demand(re.fullmatch("[0-9]{1,18}", lengths[0]), "length", lengths[0].encode())
        request.body = reader.read_exactly(int(lengths[0]))
    return request


def read_request(reader):
    """The next request of a Wire or of ReceivedBytes; EOFError when it is not whole."""
    return read_request_body(reader, read_request_head(reader))


def split_requests(data):
    """All whole requests within `data`, and the bytes of one that is not."""
    reader = ReceivedBytes(data)
    requests = []
    while True:
        start = reader.position
        try:
            requests.append(read_request(reader))
        except EOFError:
            return requests, reader.rest(start)
