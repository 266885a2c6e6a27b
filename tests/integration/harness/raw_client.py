"""Clients that write the wire by hand."""
import base64
import hashlib
import os
import socket

from harness.wire import Wire

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def connect(address, timeout=10.0, tls=None, server_name=None):
    """A Wire to (host, port) or to the path of a unix socket; `tls` is an ssl context."""
    if isinstance(address, str):
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connected.settimeout(timeout)
        connected.connect(address)
    else:
        connected = socket.create_connection(address, timeout)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls:
        connected = tls.wrap_socket(connected, server_hostname=server_name)
    return Wire(connected, timeout)


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def handshake_bytes(path="/", host="hawser.test", key="dGhlIHNhbXBsZSBub25jZQ==", headers=(), without=()):
    """An upgrade request; `headers` (name, value) come last, names in `without` are left out."""
    lines = [("Host", host), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", key),
             ("Sec-WebSocket-Version", "13")]
    lines = [line for line in lines if line[0].lower() not in {name.lower() for name in without}] + list(headers)
    return "".join([f"GET {path} HTTP/1.1\r\n", *(f"{n}: {v}\r\n" for n, v in lines), "\r\n"]).encode()


def open_websocket(address, path="/", timeout=10.0, tls=None, server_name=None, **handshake):
    """A Wire on which the upgrade is done and proven; `upgrade` on it is the head of the 101."""
    wire = connect(address, timeout, tls, server_name)
    key = base64.b64encode(os.urandom(16)).decode()
    wire.send(handshake_bytes(path, key=key, **handshake))
    wire.upgrade = wire.read_head()
    assert wire.upgrade.status == 101, wire.upgrade
    assert wire.upgrade.get("sec-websocket-accept") == accept_key(key), wire.upgrade
    return wire


def request(address, text, method="GET", **options):
    """Sends `text` (a str or bytes) on a fresh connection and reads one answer."""
    with connect(address, **options) as wire:
        wire.send(text if isinstance(text, bytes) else text.encode())
        return wire.read_answer(method)


def get(address, path="/", host="hawser.test", headers=(), **options):
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return request(address, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n", **options)
