"""Can the tools be believed? Exact counts straight against the echo server, an independent look at its bytes, and a
relay that damages one byte, which the generator must notice."""

import contextlib
import json
import os
import socket
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
    for mode, options in CASES:
        report = run_load(tools, mode, echo.url, **options)
        sent = expected_sent(mode, options)
        assert report["sent"] == report["echoed"] == sent, report
        assert report["bytes_verified"] == sent * options.get("size", 128), report
        assert report["closed"] == (sent if mode == "upgrades" else 0), report
        assert report["opened"] == (sent if mode == "upgrades" else options.get("connections")), report
        assert report["p50_us"] <= report["p99_us"] <= report["p999_us"], report
        if mode == "open-loop":
            assert report["wall_seconds"] > (sent - 1) / options["rate"], report
        print(f"ok  {mode} {options}")


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


def pump(source, sink, damage_at):
    """Copies until the end; the byte at offset `damage_at` is inverted on its way."""
    seen = 0
    with contextlib.suppress(OSError):
        while chunk := bytearray(source.recv(65536)):
            if damage_at is not None and seen <= damage_at < seen + len(chunk):
                chunk[damage_at - seen] ^= 0xFF
            seen += len(chunk)
            sink.sendall(chunk)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def check_damage_is_noticed(tools, echo):
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            socket.create_connection(("127.0.0.1", echo.port)) as server:
        command = [str(tools / "hawser_bench_loadgen"), "messages", f"ws://127.0.0.1:{listener.getsockname()[1]}",
                   "--connections", "1", "--count", "100", "--size", "1000", "--deadline", "20"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            client = listener.accept()[0]
            threads = [threading.Thread(target=pump, args=(client, server, None)),
                       threading.Thread(target=pump, args=(server, client, 50_000))]
            for thread in threads:
                thread.start()
            report = json.loads(process.communicate(timeout=30)[0])
            for thread in threads:
                thread.join()
            client.close()
        assert process.returncode == 1 and report["errors"] > 0, report
        assert "differs" in report["first_error"], report
    print("ok  one damaged byte of 100,000 is noticed")


def run(tools, echo):
    check_counts(tools, echo)
    check_echo_bytes(echo)
    check_damage_is_noticed(tools, echo)
