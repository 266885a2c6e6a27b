"""Starts Hawser before a WebSocket server that echoes, and sends messages of many sizes through it.

Usage: echo.py HAWSER FOLDER        Python's own library is all it needs.
"""

import base64
import hashlib
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import threading

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
SIZES = (0, 1, 125, 126, 65535, 65536, 300_000)
TEXT, CLOSE = 1, 8


def read_head(stream):
    lines = []
    while line := stream.readline().strip():
        lines.append(line)
    return lines[0], dict(line.lower().split(b": ", 1) for line in lines[1:]), lines


def send_frame(stream, opcode, payload, mask=b""):
    marked = 0x80 if mask else 0
    if len(payload) < 126:
        length = struct.pack("!B", marked | len(payload))
    elif len(payload) < 65536:
        length = struct.pack("!BH", marked | 126, len(payload))
    else:
        length = struct.pack("!BQ", marked | 127, len(payload))
    stream.write(bytes([0x80 | opcode]) + length + mask + unmasked(payload, mask))
    stream.flush()


def read_frame(stream):
    first, second = stream.read(2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", stream.read(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", stream.read(8))
    mask = stream.read(4) if second & 0x80 else b""
    return first & 0x0F, unmasked(stream.read(size), mask)


def unmasked(payload, mask):
    if not mask:
        return payload
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")


def serve_one(listening):
    """The server's side of one session: echoes until a Close, which it answers."""
    connection, _ = listening.accept()
    with connection, connection.makefile("rwb") as stream:
        _, _, lines = read_head(stream)
        key = next(line.split(b": ", 1)[1] for line in lines if line.lower().startswith(b"sec-websocket-key:"))
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        stream.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        stream.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        stream.flush()
        while True:
            opcode, payload = read_frame(stream)
            send_frame(stream, opcode, payload)
            if opcode == CLOSE:
                return


def talk(port):
    key = base64.b64encode(os.urandom(16))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, connection.makefile("rwb") as stream:
        stream.write(b"GET /ws HTTP/1.1\r\nHost: chat.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        stream.write(b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
        stream.flush()
        status, fields, _ = read_head(stream)
        assert b" 101 " in status, status
        expected = base64.b64encode(hashlib.sha1(key + GUID).digest()).lower()
        assert fields[b"sec-websocket-accept"] == expected, fields
        for size in SIZES:
            message = b"x" * size
            send_frame(stream, TEXT, message, os.urandom(4))
            assert read_frame(stream) == (TEXT, message), f"the echo of {size} bytes is not what was sent"
        send_frame(stream, CLOSE, struct.pack("!H", 1000), os.urandom(4))
        assert read_frame(stream) == (CLOSE, struct.pack("!H", 1000))


def start_hawser(binary, folder, server_port):
    """The process and the port that the system gave it."""
    configuration = folder / "hawser.yaml"
    configuration.write_text(
        f"pid_file: {folder}/hawser.pid\n"
        'listeners: [{ address: "127.0.0.1:0" }]\n'
        "routes: [{ upstream: echo }]\n"
        f'upstreams: {{ echo: {{ servers: ["127.0.0.1:{server_port}"] }} }}\n'
    )
    process = subprocess.Popen([binary, "-c", str(configuration)], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if found := re.search(r"listening .*address=127\.0\.0\.1:(\d+)", line):
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process, int(found.group(1))
    raise SystemExit(f"Hawser did not start: exit status {process.wait()}")


def main(binary, folder):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve_one, args=(listening,), daemon=True)
        server.start()
        process, port = start_hawser(binary, pathlib.Path(folder), listening.getsockname()[1])
        try:
            talk(port)
            server.join(timeout=10)
            assert not server.is_alive(), "the server's side of the session did not end"
        finally:
            process.terminate()
        assert process.wait(timeout=10) == 0, process.returncode
    print(f"echoed {len(SIZES)} messages of up to {max(SIZES)} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
