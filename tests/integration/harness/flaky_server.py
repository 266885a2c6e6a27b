"""A server whose behaviour a test changes while it runs, and that keeps the head of each request."""
import contextlib
import select
import socket
import threading
import time

from harness.frames import CLOSE, PING, PONG
from harness.recording_server import RecordingServer, upgrade_answer


def answer(status, *headers, body=b""):
    lines = [f"HTTP/1.1 {status} Said So", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def stay(wire):
    """Keeps a connection until the other side ends it, and hears nothing."""
    wire.read_to_end()


def wait_quietly(wire, seconds):
    """Lets time pass as a slow server does; ends early when the other side speaks or leaves."""
    select.select([wire.socket], [], [], seconds)


def echo(wire):
    while True:
        frame = wire.read_frame()
        opcode = PONG if frame.opcode == PING else frame.opcode
        wire.send_frame(opcode, frame.payload, fin=frame.fin, masked=False)
        if frame.opcode == CLOSE:
            return


# What a server does with a request it has read: behaviour(server, wire, head). It closes when that returns.

def good(server, wire, head):
    """Upgrades and echoes; a plain request gets 200 with the server's name."""
    if head.get("upgrade") is None:
        wire.send(answer(200, f"X-Server: {server.name}", body=server.name.encode()))
        return
    with server.holding():
        wire.send(upgrade_answer(head, [("X-Server", server.name)]))
        echo(wire)


def answers(status, *headers):
    return lambda server, wire, head: wire.send(answer(status, *headers))


def good_after(seconds):
    def behave(server, wire, head):
        wait_quietly(wire, seconds)
        good(server, wire, head)
    return behave


def resets(server, wire, head):
    wire.reset()


def hangs_up(server, wire, head):
    """Ends the connection without a word."""


def is_silent(server, wire, head):
    stay(wire)


def upgrades_and_hangs_up(server, wire, head):
    wire.send(upgrade_answer(head, [("X-Server", server.name)]))


def upgrades_and_resets(server, wire, head):
    wire.send(upgrade_answer(head, [("X-Server", server.name)]))
    wire.reset()


def upgrades_and_resets_at_a_frame(server, wire, head):
    wire.send(upgrade_answer(head, [("X-Server", server.name)]))
    wire.read_frame()
    wire.reset()


def upgrades_and_closes_well(server, wire, head):
    wire.send(upgrade_answer(head, [("X-Server", server.name)]))
    wire.send_close(1000, masked=False)
    wire.read_frame()


def upgrades_and_hears_nothing(server, wire, head):
    wire.send(upgrade_answer(head, [("X-Server", server.name)]))
    stay(wire)


class FlakyServer(RecordingServer):
    """`behaviour` may be replaced at any time and counts from the next request on. `heads` are all requests so far, each
    with the number of its `connection`; `times` when each came; `open` is how many sessions good() holds."""

    def __init__(self, name, behaviour=good, **options):
        self.name = name
        self.behaviour = behaviour
        self.heads = []
        self.times = []
        self.open = 0
        self._guard = threading.Lock()
        super().__init__(self._handle, **options)

    def _handle(self, wire):
        head = wire.read_head()
        head.connection = wire.number
        with self._guard:
            self.times.append(time.monotonic())
            self.heads.append(head)
            behaviour = self.behaviour
        wire.read_body(head)
        behaviour(self, wire, head)

    def cut(self):
        """Ends every connection so far without a word, from outside of its behaviour."""
        for wire in list(self.connections):
            with contextlib.suppress(OSError):
                wire.socket.shutdown(socket.SHUT_RDWR)

    def holding(self):
        return Holding(self, self._guard)


class Holding:
    def __init__(self, server, guard):
        self._server, self._guard = server, guard

    def __enter__(self):
        with self._guard:
            self._server.open += 1

    def __exit__(self, *_):
        with self._guard:
            self._server.open -= 1


class RefusingAddress:
    """A port that refuses: bound, so that nobody else takes it, and not listening."""

    def __init__(self, address="127.0.0.1"):
        self._holder = socket.socket()
        self._holder.bind((address, 0))
        self.address = f"{address}:{self._holder.getsockname()[1]}"

    def stop(self):
        self._holder.close()


def on_one_port(start, *names, attempts=20):
    """Servers on 127.0.0.1, 127.0.0.2, … that share a port: the kernel chooses it for the first, and others may find it
    taken. `start(name, address=…, port=…)` starts one."""
    for attempt in range(attempts):
        servers = [start(names[0])]
        try:
            for number, name in enumerate(names[1:], 2):
                servers.append(start(name, address=f"127.0.0.{number}", port=servers[0].port))
            return servers
        except OSError:
            if attempt == attempts - 1:
                raise
