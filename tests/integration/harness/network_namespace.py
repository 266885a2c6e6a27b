"""A network of its own for one test: loopback only, with its own firewall rules and port range. Needs root."""
import contextlib
import ctypes
import os
import pathlib
import subprocess

import pytest

CLONE_NEWNET = 0x40000000
THIS_NAMESPACE = "/proc/thread-self/ns/net"
LIBC = ctypes.CDLL(None, use_errno=True)


def call(function, *arguments):
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextlib.contextmanager
def own_network():
    """Inside, this thread lives in a new network, and so does what it starts: sockets, threads and processes. Nothing of it
    is left once they have ended."""
    if os.geteuid() != 0:
        pytest.skip("a network namespace needs root")
    before = os.open(THIS_NAMESPACE, os.O_RDONLY)
    try:
        call(LIBC.unshare, CLONE_NEWNET)
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            call(LIBC.setns, before, CLONE_NEWNET)
    finally:
        os.close(before)


def drop_packets_to(port):
    """From now on this network swallows what is sent to a TCP port: whoever connects waits."""
    rules = f"""table inet test {{
      chain input {{
        type filter hook input priority 0
        tcp dport {port} drop
      }}
    }}"""
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


def narrow_ports(first, last):
    """The ports that this network gives to connections."""
    pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{first} {last}")
