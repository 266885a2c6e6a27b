"""The service manager's end of the notify protocol (sd_notify(3)): a datagram socket that hears what a service says."""
import socket
import struct
import threading
import time
import uuid

CREDENTIALS = struct.Struct("iII")  # pid, uid, gid of the sender, from the kernel
ENOUGH_FOR_A_NOTICE = 4096


class Notice:
    """One datagram: who sent it, when it came (in microseconds of the monotonic clock), and its lines as a dictionary."""

    def __init__(self, text, pid):
        self.text = text
        self.pid = pid
        self.time = time.monotonic_ns() // 1000
        self.fields = dict(line.split("=", 1) for line in text.split("\n"))

    def __repr__(self):
        return f"<{self.pid}: {self.text!r}>"

    def __contains__(self, field):
        return field in self.fields

    def get(self, field):
        return self.fields.get(field)


def sender_of(ancillary):
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return CREDENTIALS.unpack(data)[0]
    return None


class NotifySocket:
    """Below `folder`, or with an abstract name without one. `on_notice` is called with each notice as it comes, in a thread
    of its own: what it raises is told by stop()."""

    def __init__(self, folder=None, on_notice=lambda notice: None):
        self._name = str(folder / "notify") if folder else f"\0hawser-test-{uuid.uuid4().hex}"
        self._on_notice = on_notice
        self._notices = []
        self._changed = threading.Condition()
        self._failure = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(self._name)
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    @property
    def environment(self):
        return {"NOTIFY_SOCKET": self._name.replace("\0", "@")}

    def _hear(self):
        while True:
            data, ancillary, _, _ = self._socket.recvmsg(ENOUGH_FOR_A_NOTICE, socket.CMSG_SPACE(CREDENTIALS.size))
            if not data:
                return
            try:
                notice = Notice(data.decode(), sender_of(ancillary))
                self._on_notice(notice)
            except Exception as failure:  # pylint: disable=broad-except
                self._failure = self._failure or failure
                continue
            with self._changed:
                self._notices.append(notice)
                self._changed.notify_all()

    @property
    def notices(self):
        with self._changed:
            return list(self._notices)

    def position(self):
        """A place to give to the others: only notices after it count."""
        with self._changed:
            return len(self._notices)

    def _find(self, start, wanted):
        return next((notice for notice in self._notices[start:] if wanted(notice)), None)

    def _wait(self, start, wanted, timeout):
        deadline = time.monotonic() + timeout
        with self._changed:
            while not (found := self._find(start, wanted)) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
            return found

    def wait_for(self, field, value=None, timeout=10.0, start=0):
        """The first notice from `start` on with the field, and with this value where one is given."""
        found = self._wait(start, lambda n: field in n and value in (None, n.get(field)), timeout)
        assert found, f"no {field}={'…' if value is None else value} within {timeout} s; heard: {self.notices[start:]}"
        return found

    def wait_for_status(self, part, timeout=10.0, start=0):
        """The first notice whose status holds `part`."""
        found = self._wait(start, lambda n: part in (n.get("STATUS") or ""), timeout)
        assert found, f"no status {part!r} within {timeout} s; heard: {self.notices[start:]}"
        return found

    def is_silent_of(self, field, seconds, start=0):
        """Whether no notice with the field comes from `start` on for so long."""
        return self._wait(start, lambda n: field in n, seconds) is None

    def all_with(self, field, start=0):
        return [notice for notice in self.notices[start:] if field in notice]

    def stop(self):
        """The manager is gone; a path stays, with nobody behind it."""
        if self._thread.is_alive():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", self._name)
            self._thread.join(5)
            self._socket.close()
        if self._failure:
            raise self._failure


class ManagedService:
    """What a manager with NotifyAccess=main makes of the notices: only the main process is heard, and may name another."""

    def __init__(self, main_pid):
        self.main_pid = main_pid
        self.accepted = []
        self.refused = []

    def hear(self, notice):
        if notice.pid != self.main_pid:
            self.refused.append(notice)
            return
        self.accepted.append(notice)
        if "MAINPID" in notice:
            self.main_pid = int(notice.get("MAINPID"))

    @classmethod
    def of(cls, main_pid, notices):
        service = cls(main_pid)
        for notice in notices:
            service.hear(notice)
        return service


def monotonic_microseconds():
    return time.monotonic_ns() // 1000


def watchdog_environment(notify, interval_seconds, pid=None):
    environment = {**notify.environment, "WATCHDOG_USEC": str(int(interval_seconds * 1_000_000))}
    return environment if pid is None else {**environment, "WATCHDOG_PID": str(pid)}
