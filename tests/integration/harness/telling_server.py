"""A server that tells what it saw: its name and the head of each request, as JSON; a WebSocket is echoed."""
import json
import threading

from harness.flaky_server import Holding, answer, echo
from harness.recording_server import RecordingServer, upgrade_answer


def is_upgrade(head):
    """As servers judge it (RFC 6455, section 4.2.1)."""
    wanted = head.get("upgrade", "").lower() == "websocket" and "upgrade" in head.get("connection", "").lower()
    return wanted and head.start_line.endswith(" HTTP/1.1")


class TellingServer(RecordingServer):
    """Keeps its connections between plain requests, as application servers do. `heads` are the requests so far but those for
    /health, which get `health`; `open` is how many WebSockets there are; `upgrades` is the status that they get."""

    def __init__(self, name, **options):
        self.name = name
        self.health = 200
        self.upgrades = 101
        self.heads = []
        self.checks = 0
        self.open = 0
        self._guard = threading.Lock()
        super().__init__(self._handle, **options)

    def _handle(self, wire):
        while True:
            head = wire.read_head()
            wire.read_body(head)
            if head.start_line.split(" ")[1] == "/health":
                self._answer_check(wire)
                continue
            with self._guard:
                self.heads.append(head)
            if is_upgrade(head):
                return self._upgrade(wire, head)
            self._tell(wire, head)

    def _answer_check(self, wire):
        with self._guard:
            self.checks += 1
        wire.send(answer(self.health))

    def _upgrade(self, wire, head):
        if self.upgrades != 101:
            wire.send(answer(self.upgrades, "Connection: close"))
            return
        with Holding(self, self._guard):
            wire.send(upgrade_answer(head, [("X-Server", self.name)]))
            echo(wire)

    def _tell(self, wire, head):
        method, target, _ = head.start_line.split(" ")
        told = {"server": self.name, "method": method, "target": target, "headers": head.headers}
        wire.send(answer(200, f"X-Server: {self.name}", "Content-Type: application/json", "X-Powered-By: a test",
                         body=b"" if method == "HEAD" else json.dumps(told).encode()))
