"""A server that answers each request with what it asked for, so that an answer in wrong hands shows."""
import json

from harness.recording_server import RecordingServer
from harness.strict_reader import Malformed, read_request, split_requests


def framed(status, body, *fields):
    lines = [f"HTTP/1.1 {status} Said So", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body


def mark(wire, request):
    """The usual answer: who asked for what, over which connection."""
    told = {"method": request.method, "target": request.target, "id": request.get("x-id"), "connection": wire.number}
    body = b"" if request.method == "HEAD" else json.dumps(told).encode()
    wire.send(framed(200, body))


class MarkingServer(RecordingServer):
    """`answers` maps a target to answer(wire, request) in place of the usual one; a connection ends after an answer that
    returns False. Nothing is read leniently: a malformed request ends its connection and fails the test at its end."""

    def __init__(self, answers=None, usual=mark, **options):
        self.answers = answers or {}
        self.usual = usual
        super().__init__(self._handle, **options)

    def _handle(self, wire):
        try:
            while True:
                request = read_request(wire)
                if self.answers.get(request.target, self.usual)(wire, request) is False:
                    return
        except Malformed as error:
            self.errors.append(error)

    def requests(self):
        """The whole requests of each connection so far, in order of connection."""
        return [split_requests(wire.received)[0] for wire in list(self.connections)]

    def count(self, target):
        return sum(request.target == target for requests in self.requests() for request in requests)

    def begun(self):
        """What came of requests that are not whole."""
        return [rest for wire in list(self.connections) if (rest := split_requests(wire.received)[1])]
