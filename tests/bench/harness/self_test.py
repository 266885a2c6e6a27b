"""Can the tools be believed? Exact counts straight against the echo server, an independent look at its bytes, and a
relay that damages one byte or swaps one answer, which the generator must notice."""

import contextlib
import itertools
import json
import os
import socket
import struct
import subprocess
import threading

from .load import run_load

CASES = (
    ("messages", {"connections": 7, "count": 5000, "size": 128}),
    ("messages", {"connections": 7, "count": 5000, "size": 3, "window": 5}),
    ("messages", {"connections": 3, "count": 700, "size": 16384}),
    ("messages", {"connections": 2, "count": 100, "size": 70_000, "window": 3}),
    ("messages", {"connections": 2, "count": 20, "size": 0}),
    ("messages", {"connections": 2, "count": 10, "size": 5_000_000}),
    ("open-loop", {"connections": 5, "count": 1000, "rate": 2000}),
    ("upgrades", {"count": 500, "in_flight": 8}),
    ("idle", {"connections": 400}),
)


def expected_sent(mode, options):
    return options["connections"] if mode == "idle" else options["count"]


def check_counts(tools, echo):
    for scheme, (mode, options) in itertools.product(("ws", "http"), CASES):
        accepted = echo.accepted()
        report = run_load(tools, mode, echo.url(scheme), **options)
        sent = expected_sent(mode, options)
        assert report["sent"] == report["echoed"] == sent, report
        assert report["bytes_verified"] == sent * options.get("size", 128), report
        assert report["closed"] == (sent if mode == "upgrades" else 0), report
        assert report["opened"] == (sent if mode == "upgrades" else options.get("connections")), report
        assert report["p50_us"] <= report["p99_us"] <= report["p999_us"], report
        if mode == "open-loop":
            assert report["wall_seconds"] > (sent - 1) / options["rate"], report
        assert echo.accepted() - accepted == report["opened"], report
        print(f"ok  {scheme} {mode} {options}")


def check_echo_bytes(echo):
    """A frame built by hand, split in the middle of its header, comes back unmasked and nothing else does."""
    with socket.create_connection(("127.0.0.1", echo.port)) as client:
        client.settimeout(5)
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        head = client.recv(4096)
        assert b"101" in head and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head  # the example of RFC 6455, section 1.3
        payload, key = os.urandom(300), os.urandom(4)
        frame = b"\x82\xfe\x01\x2c" + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
        client.sendall(frame[:3])
        client.sendall(frame[3:])
        client.sendall(b"\x88\x80" + key)
        echoed = b"".join(iter(lambda: client.recv(65536), b""))
        assert echoed == b"\x82\x7e\x01\x2c" + payload + b"\x88\x00", echoed
    print("ok  the echo server's bytes")


def check_answer_bytes(echo):
    """Two pipelined requests are answered in order, each with its stamp and the pattern, the second with the end."""
    with socket.create_connection(("127.0.0.1", echo.port)) as client:
        client.settimeout(5)
        client.sendall(b"GET /bytes/20/7/3 HTTP/1.1\r\nHost: x\r\n\r\n"
                       b"GET /bytes/5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answers = b"".join(iter(lambda: client.recv(65536), b""))
    state, pattern = 0x12345678, bytearray()
    for _ in range(20):
        state = (state * 1664525 + 1013904223) % 2**32
        pattern.append(state >> 24)
    first, second, third = answers.split(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\nContent-Length: 20" in first, first
    assert second.startswith(struct.pack("<II", 3, 7) + pattern[8:] + b"HTTP/1.1 200 OK\r\n"), second
    assert b"\r\nContent-Length: 5" in second and b"\r\nConnection: close" in second and third == bytes(5), answers
    print("ok  the echo server's plain answers")


def check_bad_requests_are_refused(echo):
    for request in (b"POST /bytes/5 HTTP/1.1\r\n", b"GET /bytes/5/1 HTTP/1.1\r\n", b"GET /bytes/5/1/2/ HTTP/1.1\r\n",
                    b"GET /bytes/x HTTP/1.1\r\n", b"GET /bytes/5 HTTP/1.0\r\n",
                    b"GET /bytes/5 HTTP/1.1\r\nContent-Length: 3\r\n"):
        with socket.create_connection(("127.0.0.1", echo.port)) as client:
            client.settimeout(5)
            client.sendall(request + b"\r\n")
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 400 "), (request, answer)
    print("ok  what is not a GET of /bytes/SIZE is refused")


def damage_at(offset):
    """Inverts the byte at this offset of the stream."""
    seen = 0

    def change(chunk):
        nonlocal seen
        at = offset - seen
        seen += len(chunk)
        return chunk[:at] + bytes([chunk[at] ^ 0xFF]) + chunk[at + 1:] if 0 <= at < len(chunk) else chunk

    return change


def ask_for_another(chunk):
    """Request 57 gets the answer of request 58."""
    return chunk.replace(b"/57 HTTP/1.1\r\n", b"/58 HTTP/1.1\r\n")


def as_it_is(chunk):
    return chunk


def pump(source, sink, change):
    """Copies until the end; `change` may alter each chunk on its way."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(change(chunk))
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def check_damage_is_noticed(tools, echo, scheme, to_server, to_client, what):
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            socket.create_connection(("127.0.0.1", echo.port)) as server:
        command = [str(tools / "hawser_bench_loadgen"), "messages", f"{scheme}://127.0.0.1:{listener.getsockname()[1]}",
                   "--connections", "1", "--count", "100", "--size", "1000", "--deadline", "20"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            client = listener.accept()[0]
            threads = [threading.Thread(target=pump, args=(client, server, to_server)),
                       threading.Thread(target=pump, args=(server, client, to_client))]
            for thread in threads:
                thread.start()
            report = json.loads(process.communicate(timeout=30)[0])
            for thread in threads:
                thread.join()
            client.close()
        assert process.returncode == 1 and report["errors"] > 0, report
        assert "differs" in report["first_error"], report
    print(f"ok  {scheme}: {what} is noticed")


def run(tools, echo):
    check_counts(tools, echo)
    check_echo_bytes(echo)
    check_answer_bytes(echo)
    check_bad_requests_are_refused(echo)
    for scheme in ("ws", "http"):
        check_damage_is_noticed(tools, echo, scheme, as_it_is, damage_at(50_000), "one damaged byte of 100,000")
    check_damage_is_noticed(tools, echo, "http", ask_for_another, as_it_is, "the answer of another request")
