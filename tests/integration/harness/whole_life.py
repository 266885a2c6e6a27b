"""All that a process of Hawser does from its start to its end, for tests that watch it from outside: listeners on a low port,
TLS and a unix socket, servers by address, by name and by unix socket, reload, reopened logs, and a drain."""
import signal
import socket
import threading

from harness.certificates import make_certificate, trusting_context
from harness.dns_server import DnsServer
from harness.raw_client import get, open_websocket

RUN, LOGS = "/run/hawser", "/var/log/hawser"


class UnixServer:
    """Answers each connection with 200 and ends it."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(path)
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nunix")

    def stop(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def configuration(folder, dns, echo, unix_server, body="before"):
    """To be run where RUN and LOGS may be written."""
    certificate = make_certificate(folder / "etc/hawser")
    for file in (certificate.cert_file, certificate.key_file):
        (folder / file).chmod(0o644)
    port = echo.rsplit(":", 1)[1]
    return {
        "workers": "auto", "pid_file": f"{RUN}/hawser.pid", "access_log": {"target": f"{LOGS}/access.log"},
        "resolver": {"nameservers": [dns.address]},
        "listeners": [{"name": "low", "address": "127.0.0.1:80"}, {"name": "unix", "address": f"unix:{RUN}/listener.sock"},
                      {"name": "tls", "address": "[::]:443", "tls": {"certificates": [certificate.as_configuration()]}}],
        "routes": [{"match": {"path": "/body"}, "respond": {"status": 200, "body": body}},
                   {"match": {"path": "/unix"}, "upstream": "unix"}, {"match": {"path": "/name"}, "upstream": "name"},
                   {"upstream": "pool"}],
        "upstreams": {
            "pool": {"servers": [echo], "health_check": {"type": "tcp", "interval": "100ms"}, "keepalive": {"prewarm": 1}},
            "name": {"servers": [f"chat.test:{port}"], "source_addresses": ["127.0.0.1"]},
            "unix": {"servers": [f"unix:{unix_server}"]}}}


def echo_once(*arguments, **options):
    with open_websocket(*arguments, **options) as wire:
        wire.send_text("hello")
        assert wire.read_text() == "hello"


def serve_everything(process, body):
    echo_once(("127.0.0.1", 80), "/ws")
    echo_once(("::1", 443), "/ws", tls=trusting_context())
    echo_once(("127.0.0.1", 80), "/name")
    echo_once(f"/proc/{process.pid}/root{RUN}/listener.sock", "/ws")
    assert get(("127.0.0.1", 80), "/unix").body == b"unix"
    assert get(("127.0.0.1", 80), "/body").body == body.encode()


def live(start, folder, peers):
    """`start` gets a configuration and returns a running Hawser, in the network of this thread."""
    unix_server = str(folder / "server.sock")
    server = UnixServer(unix_server)
    (folder / "server.sock").chmod(0o777)
    with DnsServer() as dns:
        dns.set_a("chat.test", ["127.0.0.1"])
        echo = peers.echo().address
        process = start(configuration(folder, dns, echo, unix_server))
        process.address("tls")
        serve_everything(process, "before")
        process.reload(configuration(folder, dns, echo, unix_server, "after"))
        serve_everything(process, "after")
        reopened = process.log.position()
        process.send_signal(signal.SIGUSR1)
        process.log.wait_for("reopened", start=reopened)
        with open_websocket(("127.0.0.1", 80), "/ws") as wire:
            process.send_signal(signal.SIGQUIT)
            process.log.wait_for("draining")
            wire.send_text("last")
            assert wire.read_text() == "last"
        process.stop(signal.SIGQUIT)
    server.stop()
