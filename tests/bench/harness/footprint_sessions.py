"""Bytes and descriptors of an idle session: Hawser's own, and those of the kernel for its sockets.

The kernel's part is taken from /proc/slabinfo. Every connection has both ends on this machine and all ends are alike, so
the growth is divided by the number of sockets; a session has two of them. Root only.
"""

import os
import pathlib
import resource
import time

from . import meter, report
from .load import Load
from .process import BenchError
from .proxies import Hawser
from .rows import IDLE_SETTLE, warm_up

# What one connected and watched socket takes. The dentry of a socket is counted by its size, one for each: other
# processes make and drop thousands of them at any moment.
CACHES = ("TCP", "sock_inode_cache", "filp", "eventpoll_epi", "tcp_bind_bucket", "tcp_bind2_bucket", "kmalloc-64")
PAGE = os.sysconf("SC_PAGE_SIZE")
SPARE = 500  # descriptors and ports for everything else


def slab_objects():
    """{cache: (objects, bytes of one)}"""
    objects = {}
    for line in pathlib.Path("/proc/slabinfo").read_text().splitlines()[2:]:
        fields = line.split()
        objects[fields[0]] = (int(fields[1]), int(fields[3]))
    return objects


def sockets_in_kernel():
    """(TCP sockets, bytes of their buffers)"""
    for line in pathlib.Path("/proc/net/sockstat").read_text().splitlines():
        if line.startswith("TCP:"):
            fields = dict(zip(*[iter(line.split()[1:])] * 2))
            return int(fields["alloc"]), int(fields["mem"]) * PAGE
    raise BenchError("/proc/net/sockstat has no line for TCP")


def slab_bytes():
    """All of it, everybody's: a cross-check of the sum, on a machine that does nothing else."""
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("Slab:"):
            return int(line.split()[1]) * 1024
    raise BenchError("/proc/meminfo has no line for Slab")


def snapshot(proxy):
    pid = proxy.process.pid
    return {"memory": meter.memory_bytes(proxy.pids()), "slab": slab_objects(), "sockets": sockets_in_kernel(),
            "all_slabs": slab_bytes(),
            "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}


def kernel_share(before, after):
    sockets = after["sockets"][0] - before["sockets"][0]
    caches = {}
    for cache in CACHES:
        if cache in after["slab"]:
            count, size = after["slab"][cache]
            caches[cache] = max(0, count - before["slab"][cache][0]) * size / sockets
    caches["dentry"] = after["slab"]["dentry"][1]
    return {"sockets": sockets, "caches": caches, "all_slabs": (after["all_slabs"] - before["all_slabs"]) / sockets,
            "buffers": (after["sockets"][1] - before["sockets"][1]) / sockets}


def measure_kind(scheme, proxy, tools, count, say):
    warm_up(tools, proxy.urls[scheme])
    time.sleep(IDLE_SETTLE)
    before = snapshot(proxy)
    with Load(tools, "idle", proxy.urls[scheme], size=128, connections=count, in_flight=16) as load:
        sessions = load.go()["opened"]
        time.sleep(IDLE_SETTLE)
        after = snapshot(proxy)
    kernel = kernel_share(before, after)
    figures = {"sessions": sessions, "own": (after["memory"]["pss"] - before["memory"]["pss"]) / sessions,
               "kernel": 2 * (sum(kernel["caches"].values()) + kernel["buffers"]), "parts": kernel,
               "descriptors": (after["descriptors"] - before["descriptors"]) / sessions}
    say(f"{scheme}: {figures}")
    return figures


def ports():
    low, high = map(int, pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    return high - low + 1


def possible_sessions():
    """As many as this process and its children have descriptors and ports for."""
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return min((descriptors - SPARE) // 2, ports() - SPARE)


def measure(binary, tools, echo, folder, count, say):
    if not os.access("/proc/slabinfo", os.R_OK):
        raise BenchError("the kernel's part of a session can only be read by root")
    count = min(count, possible_sessions())
    kinds = {}
    for scheme in ("ws", "wss"):
        with Hawser(folder, echo.port, str(binary)) as proxy:
            kinds[scheme] = measure_kind(scheme, proxy, tools, count, say)
    return {"kinds": kinds, "ports": ports()}


def table(figures):
    lines = [("session", "sessions", "Hawser's bytes", "kernel's bytes", "all slabs' growth", "descriptors")]
    for scheme, kind in figures["kinds"].items():
        lines.append((f"{scheme}, idle", f"{kind['sessions']:,}", f"{kind['own']:,.0f}", f"{kind['kernel']:,.0f}",
                      f"{2 * kind['parts']['all_slabs']:,.0f}", f"{kind['descriptors']:.2f}"))
    lines.append((f"ports of one address of ours to one server: {figures['ports']:,}",))
    return report.align([line + ("",) * (6 - len(line)) for line in lines]) + "\n"
