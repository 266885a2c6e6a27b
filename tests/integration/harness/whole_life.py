"""All that a process of Hawser does from its start to its end, for tests that watch it from outside: listeners on a low port,
TLS and a unix socket, servers by address, by name and by unix socket, notices to systemd, reload, reopened logs, an upgrade to
a new process, and a drain."""
import os
import signal
import socket
import threading

from harness.certificates import make_certificate, trusting_context
from harness.dns_server import DnsServer
from harness.process_facts import is_alive
from harness.raw_client import get, open_websocket
from harness.waiting import wait_until

RUN, LOGS = "/run/hawser", "/var/log/hawser"
LOW = ("127.0.0.1", 80)


class UnixServer:
    """Answers each connection with 200 and ends it."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(path)
        os.chmod(path, 0o777)
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


def configuration(folder, dns, echo, body="before"):
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
            "unix": {"servers": [f"unix:{folder}/server.sock"]}}}


def echo_once(*arguments, **options):
    with open_websocket(*arguments, **options) as wire:
        wire.send_text("hello")
        assert wire.read_text() == "hello"


def serve_everything(pid, body):
    echo_once(LOW, "/ws")
    echo_once(("::1", 443), "/ws", tls=trusting_context())
    echo_once(LOW, "/name")
    echo_once(f"/proc/{pid}/root{RUN}/listener.sock", "/ws")
    assert get(LOW, "/unix").body == b"unix"
    assert get(LOW, "/body").body == body.encode()


class Notices:
    """What a process tells systemd, at a socket of ours."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.settimeout(10)
        os.chmod(path, 0o777)

    def wait_for(self, text):
        while text not in self._socket.recv(65536).decode().split("\n"):
            pass  # others come first; none at all is a time-out

    def stop(self):
        self._socket.close()


def upgrade(process):
    """USR2 while a session is open; returns the pid of the new process once the old one has ended."""
    with open_websocket(LOW, "/ws") as wire:
        process.send_signal(signal.SIGUSR2)
        new = int(process.log.wait_for(r"\bupgraded pid=(\d+)").group(1))
        wire.send_text("still here")
        assert wire.read_text() == "still here"
    assert process.process.wait(10) == 0, process.log.text
    return new


def drain(pid, log):
    with open_websocket(LOW, "/ws") as wire:
        start = log.position()
        os.kill(pid, signal.SIGQUIT)
        log.wait_for("draining", start=start)
        wire.send_text("last")
        assert wire.read_text() == "last"
    wait_until(lambda: not is_alive(pid), 10, "the end of the drain")


def live(start, folder, peers):
    """`start` gets a configuration and an environment and returns a running Hawser, in the network of this thread. Besides what
    the unit allows, Hawser needs `server.sock` and `notify.sock` of the folder."""
    server, notices = UnixServer(str(folder / "server.sock")), Notices(str(folder / "notify.sock"))
    with DnsServer() as dns:
        dns.set_a("chat.test", ["127.0.0.1"])
        echo = peers.echo().address
        process = start(configuration(folder, dns, echo), {"NOTIFY_SOCKET": str(folder / "notify.sock"), "WATCHDOG_USEC": "200000"})
        notices.wait_for("READY=1")
        serve_everything(process.pid, "before")
        process.reload(configuration(folder, dns, echo, "after"))
        serve_everything(process.pid, "after")
        reopened = process.log.position()
        process.send_signal(signal.SIGUSR1)
        process.log.wait_for("reopened", start=reopened)
        notices.wait_for("WATCHDOG=1")
        new = upgrade(process)
        try:
            notices.wait_for(f"MAINPID={new}")
            serve_everything(new, "after")
            drain(new, process.log)
        finally:
            if is_alive(new):
                os.kill(new, signal.SIGKILL)
        process.stop()
    server.stop()
    notices.stop()
