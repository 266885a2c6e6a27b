"""A server written by hand that does what a test says and keeps every byte it saw."""
import socket
import threading

from harness.raw_client import accept_key
from harness.waiting import wait_until
from harness.wire import Wire


def upgrade_answer(head, headers=(), accept=None, status="101 Switching Protocols"):
    lines = [("Upgrade", "websocket"), ("Connection", "Upgrade"),
             ("Sec-WebSocket-Accept", accept or accept_key(head.get("sec-websocket-key"))), *headers]
    return "".join([f"HTTP/1.1 {status}\r\n", *(f"{n}: {v}\r\n" for n, v in lines), "\r\n"]).encode()


def accept_websocket(wire, headers=()):
    """Reads a handshake, answers 101; returns the request's head."""
    head = wire.read_head()
    wire.send(upgrade_answer(head, headers))
    return head


def answer_with(answer):
    """A handler that answers every request on a connection with the same bytes."""
    def handle(wire):
        while True:
            head = wire.read_head()
            wire.read_body(head)
            wire.send(answer)
    return handle


def echo_frames(wire):
    """A handler: a WebSocket echo, frame by frame, that answers a Close with the same Close."""
    accept_websocket(wire)
    while True:
        frame = wire.read_frame()
        wire.send_frame(frame.opcode, frame.payload, fin=frame.fin, masked=False)
        if frame.opcode == 8:
            return


class RecordingServer:
    """Runs `handler(wire)` in a thread for each connection and closes when it returns. `connections` are all Wires so
    far; `errors` what handlers raised besides the ends of connections. Connections are numbered `wire.number`."""

    def __init__(self, handler, address="127.0.0.1", unix_path=None, backlog=512, port=0):
        self.handler = handler
        self.connections = []
        self.errors = []
        if unix_path:
            self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.listener.bind(str(unix_path))
            self.address = f"unix:{unix_path}"
        else:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            self.listener = socket.socket(family, socket.SOCK_STREAM)
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind((address, port))
            host, port = self.listener.getsockname()[:2]
            self.port = port
            self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.listener.listen(backlog)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connected, _ = self.listener.accept()
            except OSError:
                return
            if connected.family != socket.AF_UNIX:
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is sent leaves at once
            wire = Wire(connected, 30.0)
            wire.number = len(self.connections)
            self.connections.append(wire)
            threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire):
        try:
            self.handler(wire)
        except (EOFError, OSError):
            pass
        except Exception as error:  # a test's own mistake must not pass unseen
            self.errors.append(error)
        finally:
            wire.close()

    def connection(self, number=0, timeout=5.0):
        wait_until(lambda: len(self.connections) > number, timeout, f"connection {number} at the server")
        return self.connections[number]

    def received(self):
        """All bytes of all connections, in order of connection."""
        return b"".join(bytes(wire.received) for wire in list(self.connections))

    def position(self):
        """A place to give to received_since()."""
        return [len(wire.received) for wire in list(self.connections)]

    def received_since(self, position):
        """What came later, in order of connection: bytes on connections of before stand ahead of those on new ones."""
        starts = position + [0] * len(self.connections)
        return b"".join(bytes(wire.received[start:]) for wire, start in zip(list(self.connections), starts))

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for wire in self.connections:
            wire.close()
        assert not self.errors, self.errors
