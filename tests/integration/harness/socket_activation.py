"""Starts a program as a service manager does that opened its listening sockets (sd_listen_fds(3))."""
import json
import socket
import sys

# Moves the descriptors to where the protocol has them, then becomes the program: LISTEN_PID is its own number.
LAUNCHER = """
import fcntl, json, os, sys
order = json.loads(sys.argv[1])
apart = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in order["descriptors"]]
for fd in order["descriptors"]:
    os.close(fd)
for position, fd in enumerate(apart):
    os.dup2(fd, 3 + position)
    os.close(fd)
os.environ.update({"LISTEN_PID": str(order["pid"] or os.getpid()), "LISTEN_FDS": str(order["count"])})
if order["names"]:
    os.environ["LISTEN_FDNAMES"] = ":".join(order["names"])
os.execv(sys.argv[2], sys.argv[2:])
"""


def activated(*descriptors, names=(), pid=None, count=None):
    """Options for starting Hawser with these sockets (or plain descriptors); `pid` is another process they are meant for."""
    numbers = [each if isinstance(each, int) else each.fileno() for each in descriptors]
    order = {"descriptors": numbers, "names": list(names), "pid": pid, "count": len(numbers) if count is None else count}
    return {"launcher": [sys.executable, "-c", LAUNCHER, json.dumps(order)], "pass_fds": numbers}


def listening_on(address=("127.0.0.1", 0), backlog=128):
    """A listening socket as a manager opens it: blocking, its port shared with nobody."""
    if isinstance(address, str):
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    else:
        opened = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
    opened.bind(address)
    opened.listen(backlog)
    return opened


def text_of(address):
    """(host, port) or a path as the configuration writes it."""
    if isinstance(address, str):
        return f"unix:{address}"
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
