"""Many clients and servers of all manners at once: whatever happens to the others, nobody gets another's answer."""
import hashlib
import json
import random
import threading
import time
from collections import Counter

import pytest

from harness.configuration import relay_to
from harness.raw_client import connect

CLIENTS = 16
SECONDS = 6.0


def told(request, size):
    """The whole answer: who asked what, and a filling that is different for each."""
    mark = {"target": request.target, "id": request.get("x-id"), "sent": hashlib.sha256(request.body).hexdigest()}
    body = json.dumps(mark).encode()
    return body + (hashlib.sha256(body).hexdigest().encode() * (size // 64 + 1))[:size]


def in_chunks(body, size):
    parts = [body[start:start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nX-Sum: 1\r\n\r\n"


def answer(wire, request):
    """In the manner that the request's target names: /manner/size. False ends the connection."""
    _, manner, size = request.target.split("/")
    body = b"" if request.method == "HEAD" else told(request, int(size))
    length = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body)
    if manner == "plain":
        wire.send(length + b"\r\n" + body)
    elif manner == "hints":
        wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + length + b"\r\n" + body)
    elif manner == "chunked" and request.method != "HEAD":
        wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + in_chunks(body, 1000))
    elif manner == "pieces":
        whole = length + b"\r\n" + body
        for start in range(0, len(whole), 50_000):
            wire.send(whole[start:start + 50_000])
    elif manner == "open" and request.method != "HEAD":
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n" + body)
        return False
    elif manner == "closing":
        wire.send(length + b"Connection: close\r\n\r\n" + body)
        return False
    elif manner == "ending":
        wire.send(length + b"\r\n" + body)
        return False
    elif manner == "short":
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body) + 9, body))
        return False
    elif manner == "silent":
        wire.reset()
        return False
    elif manner == "beyond":
        wire.send(length + b"\r\n" + body + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    elif manner == "broken":
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + body)
    else:
        wire.send(length + b"\r\n" + body)
    return None


GOOD = ["plain", "plain", "hints", "chunked", "pieces", "open", "closing"]
BAD = ["ending", "short", "silent", "beyond", "broken"]


class Visitor(threading.Thread):
    """A client that sends what chance says until the time is over, and holds each answer to its question."""

    def __init__(self, address, number):
        super().__init__(daemon=True)
        self.address, self.number = address, number
        self.chance = random.Random(number)
        self.counts = Counter()
        self.failure = None
        self._asked = 0

    def run(self):
        until = time.monotonic() + SECONDS
        try:
            while time.monotonic() < until:
                with connect(self.address, 20.0) as wire:
                    self._visit(wire)
        except Exception as failure:
            self.failure = failure

    def _visit(self, wire):
        for _ in range(self.chance.choice([1, 1, 3, 10])):
            questions = [self._question() for _ in range(self.chance.choice([1, 1, 1, 4]))]
            whole = b"".join(question["bytes"] for question in questions)
            if self.chance.random() < 0.05:
                wire.send(whole[:self.chance.randrange(len(whole))])
                self.counts["left"] += 1
                return wire.reset() if self.chance.random() < 0.5 else None
            try:
                wire.send(whole)
                for question in questions:
                    if not self._hear(wire, question):
                        return None
            except (EOFError, ConnectionError):
                # The connection may end where a server misbehaved, before or behind the question that met it.
                self.counts["cut"] += 1
                assert any(question["is_bad"] for question in questions), questions
                return None
        return None

    def _question(self):
        self._asked += 1
        chance = self.chance
        is_bad = chance.random() < 0.15
        target = f"/{chance.choice(BAD if is_bad else GOOD)}/{chance.choice([0, 10, 3000, 200_000])}"
        method = chance.choice(["GET", "GET", "GET", "HEAD", "POST", "PUT"])
        body = chance.randbytes(chance.choice([1, 100, 20_000])) if method in ("POST", "PUT") else b""
        head = f"{method} {target} HTTP/1.1\r\nHost: a.test\r\nX-Id: {self.number}-{self._asked}\r\n"
        if body and chance.random() < 0.5:
            sent = (head + "Transfer-Encoding: chunked\r\n\r\n").encode() + in_chunks(body, chance.choice([50, 7000]))
        else:
            sent = (head + (f"Content-Length: {len(body)}\r\n" if body else "") + "\r\n").encode() + body
        mark = {"target": target, "id": f"{self.number}-{self._asked}", "sent": hashlib.sha256(body).hexdigest()}
        return {"method": method, "target": target, "is_bad": is_bad, "bytes": sent, "mark": mark}

    def _hear(self, wire, question):
        """False when the connection says that it goes no further."""
        answered = wire.read_answer(question["method"])
        self.counts[answered.status] += 1
        if answered.status != 200:
            # Besides bad answers: what may not be sent again, over a connection that was just about to be ended.
            assert question["is_bad"] or question["method"] in ("POST", "PUT"), (answered, question)
            assert answered.status == 502 and b"evil" not in answered.body
            self.counts["unlucky"] += not question["is_bad"]
        elif question["method"] != "HEAD":
            mark = json.dumps(question["mark"]).encode()
            size = int(question["target"].split("/")[2])
            assert answered.body == mark + (hashlib.sha256(mark).hexdigest().encode() * (size // 64 + 1))[:size]
        return answered.get("connection", "").lower() != "close"


@pytest.mark.heavy
@pytest.mark.parametrize("workers", [1, 3])
def test_nobody_gets_another_s_answer(hawser, marking_server, workers):
    servers = [marking_server(usual=answer) for _ in range(2)]
    proxy = hawser(relay_to(*(server.address for server in servers), workers=workers,
                            upstream={"circuit_breaker": {"consecutive_failures": "off"}, "keepalive": {"idle": 4}}))
    address = proxy.address()
    base = proxy.descriptors()
    visitors = [Visitor(address, number) for number in range(CLIENTS)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(SECONDS + 40)
        assert not visitor.is_alive() and not visitor.failure, repr(visitor.failure)
    counts = sum((visitor.counts for visitor in visitors), Counter())
    assert counts[200] > 500 and counts[502] > 20, counts
    proxy.wait_for_descriptors(base + len(servers) * 4 * workers)  # what may rest at the servers, and nothing else
    ids = Counter(request.get("x-id") for server in servers for requests in server.requests() for request in requests
                  if request.method == "POST")
    assert ids and set(ids.values()) == {1}, "no POST came twice"
