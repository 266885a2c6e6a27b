"""A small DNS server (RFC 1035, RFC 2782) that answers what a test says and remembers what it was asked."""
import ipaddress
import selectors
import socket
import struct
import threading
import time

TYPES = {1: "A", 28: "AAAA", 33: "SRV"}
CODES = {"NOERROR": 0, "SERVFAIL": 2, "NXDOMAIN": 3, "REFUSED": 5}
MAX_DATAGRAM = 512


def folded(name):
    return name.rstrip(".").lower()


def wire_name(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def read_question(message):
    """The name, the type and the bytes of a query's one question; names in questions are never compressed."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    kind, = struct.unpack_from("!H", message, at + 1)
    return ".".join(labels), TYPES.get(kind, str(kind)), message[12:at + 5]


def record(kind, ttl, data):
    """A resource record of the name asked for, which stands at byte 12 of the message."""
    number = next(n for n, text in TYPES.items() if text == kind)
    return struct.pack("!HHHIH", 0xC00C, number, 1, ttl, len(data)) + data


def answer_to(query, code, records, limit):
    """Without the records and marked as truncated when they do not fit, so that the client asks again over TCP."""
    _, _, question = read_question(query)
    flags = 0x8400 | (query[2] & 1) << 8 | 0x80 | code  # an answer, authoritative; recursion was offered
    body = b"".join(records)
    if 12 + len(question) + len(body) > limit:
        flags, records, body = flags | 0x0200, [], b""
    return query[:2] + struct.pack("!5H", flags, 1, len(records), 0, 0) + question + body


class DnsServer:
    """Serves UDP and TCP at `address` until stop(), or the end of its `with`. A name nobody set is NXDOMAIN; one that
    has other records gives an empty answer. `queries` are the (name, type) seen so far, names in lower case."""

    def __init__(self, host="127.0.0.1"):
        self._changed = threading.Condition()
        self._records = {}   # name -> {type: [record]}
        self._failures = {}  # name -> code, or None for silence
        self._queries = []
        self._open_pair(host)
        self.address = "{}:{}".format(*self._udp.getsockname())
        self._waker, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _open_pair(self, host, attempts=20):
        """UDP and TCP at one port: the kernel chooses it for UDP, and TCP may find it taken."""
        for attempt in range(attempts):
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._udp.bind((host, 0))
            try:
                self._tcp.bind(self._udp.getsockname())
                return self._tcp.listen(16)
            except OSError:
                self._udp.close()
                self._tcp.close()
                if attempt == attempts - 1:
                    raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # What it answers. Setting records ends a failure of that name.

    def set_a(self, name, addresses, ttl=60):
        self._set(name, "A", [record("A", ttl, ipaddress.IPv4Address(a).packed) for a in addresses])

    def set_aaaa(self, name, addresses, ttl=60):
        self._set(name, "AAAA", [record("AAAA", ttl, ipaddress.IPv6Address(a).packed) for a in addresses])

    def set_srv(self, name, services, ttl=60):
        """`services` are (priority, weight, port, target)."""
        self._set(name, "SRV", [record("SRV", ttl, struct.pack("!HHH", *numbers) + wire_name(target))
                                for *numbers, target in services])

    def _set(self, name, kind, records):
        with self._changed:
            self._records.setdefault(folded(name), {})[kind] = records
            self._failures.pop(folded(name), None)

    def fail(self, name, how):
        """Answers SERVFAIL, REFUSED or NXDOMAIN, or nothing at all ("silent"), whatever is set for the name."""
        with self._changed:
            self._failures[folded(name)] = None if how == "silent" else CODES[how]

    def recover(self, name):
        """Answers the records that were set again."""
        with self._changed:
            self._failures.pop(folded(name), None)

    def clear(self, name):
        """Forgets the name: NXDOMAIN."""
        with self._changed:
            self._records.pop(folded(name), None)
            self._failures.pop(folded(name), None)

    # What it was asked.

    @property
    def queries(self):
        with self._changed:
            return list(self._queries)

    def count(self, name, kind=None):
        with self._changed:
            return self._count(name, kind, 0)

    def position(self):
        """A place to give to wait_for_query: only queries after it count."""
        with self._changed:
            return len(self._queries)

    def _count(self, name, kind, start):
        return sum(1 for asked, asked_kind in self._queries[start:]
                   if asked == folded(name) and kind in (None, asked_kind))

    def wait_for_query(self, name, kind=None, count=1, start=None, timeout=5.0):
        """Waits for `count` queries for the name, counted from `start`, or from now on; fails when they do not come.
        A query is counted when it is answered: what is set before it comes is what it gets."""
        deadline = time.monotonic() + timeout
        with self._changed:
            first = len(self._queries) if start is None else start
            while self._count(name, kind, first) < count:
                left = deadline - time.monotonic()
                assert left > 0, f"no {count} queries for {name} {kind or ''} in {timeout} s: {self._queries[first:]}"
                self._changed.wait(left)

    # How it serves.

    def _answer(self, query, limit):
        """The bytes to send back, or None."""
        try:
            name, kind, _ = read_question(query)
        except (IndexError, struct.error, UnicodeDecodeError):
            return None
        with self._changed:
            self._queries.append((folded(name), kind))
            self._changed.notify_all()
            if folded(name) in self._failures:
                code = self._failures[folded(name)]
                return None if code is None else answer_to(query, code, [], limit)
            known = self._records.get(folded(name))
            if known is None:
                return answer_to(query, CODES["NXDOMAIN"], [], limit)
            return answer_to(query, CODES["NOERROR"], known.get(kind, []), limit)

    def _serve(self):
        with selectors.DefaultSelector() as ready:
            for watched in (self._udp, self._tcp, self._woken):
                ready.register(watched, selectors.EVENT_READ)
            while True:
                sockets = [key.fileobj for key, _ in ready.select()]
                if self._woken in sockets:
                    return
                if self._udp in sockets:
                    self._serve_datagram()
                if self._tcp in sockets:
                    connected, _ = self._tcp.accept()
                    threading.Thread(target=self._serve_stream, args=(connected,), daemon=True).start()

    def _serve_datagram(self):
        try:
            query, client = self._udp.recvfrom(65535)
            answer = self._answer(query, MAX_DATAGRAM)
            if answer is not None:
                self._udp.sendto(answer, client)
        except OSError:  # the client went away
            pass

    def _serve_stream(self, connected):
        """Messages behind two bytes of length each (RFC 1035, 4.2.2)."""
        with connected, connected.makefile("rb") as stream:
            connected.settimeout(30.0)
            try:
                while len(prefix := stream.read(2)) == 2:
                    answer = self._answer(stream.read(int.from_bytes(prefix, "big")), 65535)
                    if answer is not None:
                        connected.sendall(len(answer).to_bytes(2, "big") + answer)
            except OSError:
                pass

    def stop(self):
        if not self._thread.is_alive():
            return
        self._waker.send(b"x")
        self._thread.join()
        for opened in (self._udp, self._tcp, self._waker, self._woken):
            opened.close()
