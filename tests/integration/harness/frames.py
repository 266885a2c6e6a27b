"""WebSocket frames as bytes (RFC 6455, section 5.2), for tests that write and read the wire by hand."""
import os
import struct
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


@dataclass
class Frame:
    opcode: int
    payload: bytes
    fin: bool = True
    masked: bool = False
    rsv: int = 0

    @property
    def close_code(self):
        return struct.unpack(">H", self.payload[:2])[0] if len(self.payload) >= 2 else None


def apply_mask(payload, key):
    length = len(payload)
    repeated = (key * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(length, "big")


def encode(opcode, payload=b"", fin=True, masked=True, rsv=0):
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    mask_bit = 0x80 if masked else 0
    if len(payload) < 126:
        head = struct.pack(">BB", first, mask_bit | len(payload))
    elif len(payload) < 65536:
        head = struct.pack(">BBH", first, mask_bit | 126, len(payload))
    else:
        head = struct.pack(">BBQ", first, mask_bit | 127, len(payload))
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + apply_mask(payload, key)


def close_payload(code, reason=""):
    return struct.pack(">H", code) + reason.encode()


def read_frame(read_exactly):
    """Reads one frame through `read_exactly(count)`, which raises EOFError at the end of the stream."""
    first, second = read_exactly(2)
    length = second & 0x7F
    if length == 126:
        length = struct.unpack(">H", read_exactly(2))[0]
    elif length == 127:
        length = struct.unpack(">Q", read_exactly(8))[0]
    masked = bool(second & 0x80)
    key = read_exactly(4) if masked else None
    payload = read_exactly(length) if length else b""
    if masked:
        payload = apply_mask(payload, key)
    return Frame(first & 0x0F, payload, bool(first & 0x80), masked, first >> 4 & 7)
