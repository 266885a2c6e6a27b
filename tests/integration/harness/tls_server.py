"""A FlakyServer behind TLS that keeps what each handshake said, and a tap that keeps the bytes on the wire."""
import select
import socket
import ssl
from dataclasses import dataclass

from harness.flaky_server import FlakyServer, good

ALERT, HANDSHAKE, APPLICATION_DATA = 21, 22, 23
CHANGE_CIPHER_SPEC = 20


@dataclass
class Handshake:
    version: str
    is_resumed: bool
    client_certificate: dict | None


class TlsServer(FlakyServer):
    """`handshakes` are those that came to be, `failures` what went wrong with others, `asked_names` the SNI of all, None
    where there was none."""

    def __init__(self, certificate, name="tls", behaviour=good, client_ca=None, version=None, **options):
        self.handshakes = []
        self.failures = []
        self.asked_names = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.cert_file, certificate.key_file)
        self._context.sni_callback = lambda _, asked, __: self.asked_names.append(asked)
        if version:
            self._context.minimum_version = self._context.maximum_version = version
        if client_ca:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(client_ca)
        super().__init__(name, behaviour, **options)

    def _handle(self, wire):
        try:
            wire.socket = self._context.wrap_socket(wire.socket, server_side=True)
        except (ssl.SSLError, OSError) as error:
            self.failures.append(error)
            return
        self.handshakes.append(Handshake(wire.socket.version(), wire.socket.session_reused, wire.socket.getpeercert()))
        super()._handle(wire)

    def resumptions(self):
        return [handshake.is_resumed for handshake in self.handshakes]


def pump_both_ways(wire, other):
    """Copies until either side ends; what comes from `wire` is kept in wire.received."""
    while True:
        for readable in select.select([wire.socket, other], [], [])[0]:
            data = readable.recv(65536)
            if not data:
                return
            if readable is wire.socket:
                wire.received += data
                other.sendall(data)
            else:
                wire.socket.sendall(data)


def tap(server, start_server):
    """A server that passes everything on to `server` and keeps what was sent to it."""
    host, port = server.address.rsplit(":", 1)

    def handle(wire):
        with socket.create_connection((host, int(port))) as other:
            pump_both_ways(wire, other)
    return start_server(handle)


def record_types(stream):
    """The types of the TLS records that a stream of bytes is made of; fails where it is anything else."""
    types = []
    while stream:
        kind, major, length = stream[0], stream[1:2], int.from_bytes(stream[3:5], "big")
        assert kind in (CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA) and major == b"\x03", bytes(stream[:80])
        types.append(kind)
        stream = stream[5 + length:]
    return types
