"""Clients for set-ups in which it matters where a client comes from, and what it is answered rather than that it is served."""
import json
import socket

from harness.raw_client import handshake_bytes
from harness.wire import Wire

HOME = "127.0.0.1"


def connect_from(source, address, timeout=10.0):
    return Wire(socket.create_connection(address, timeout, source_address=(source, 0)), timeout)


def ask(address, path="/", host="chat.example.com", headers=(), source=HOME, method="GET", body=b""):
    """One plain request on a connection of its own; the answer."""
    lines = [("Host", host), *headers, *([("Content-Length", len(body))] if body else [])]
    head = "".join([f"{method} {path} HTTP/1.1\r\n", *(f"{name}: {value}\r\n" for name, value in lines), "\r\n"])
    with connect_from(source, address) as wire:
        wire.send(head.encode() + body)
        return wire.read_answer(method)


def ask_without_waiting(address, path="/ws", source=HOME, **handshake):
    """A Wire on which a handshake was sent."""
    wire = connect_from(source, address)
    wire.send(handshake_bytes(path, **{"host": "chat.example.com", **handshake}))
    return wire


def ask_to_upgrade(address, path="/ws", **options):
    """A Wire on which the answer's head was read, whatever it is: `upgrade`."""
    wire = ask_without_waiting(address, path, **options)
    wire.upgrade = wire.read_head()
    return wire


def upgrade_status(address, path="/ws", **options):
    with ask_to_upgrade(address, path, **options) as wire:
        return wire.upgrade.status


def echoes(wire, text="hello"):
    wire.send_text(text)
    return wire.read_text() == text


def told(answer):
    """What a TellingServer says that it saw."""
    assert answer.status == 200, answer.head
    return json.loads(answer.body)


def values_of(headers, name):
    return [value for key, value in headers if key.lower() == name.lower()]
