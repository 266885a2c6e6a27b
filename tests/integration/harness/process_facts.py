"""What the kernel knows of a process: descriptors, memory, processor time."""
import os
import socket


def descriptor_count(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory_bytes(pid, field="Rss"):
    """A field of /proc/PID/smaps_rollup in bytes: Rss, Pss, Private_Dirty, …"""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        for line in rollup:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(field)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def is_at_rest(pid):
    """Whether every thread of the process sleeps: it has done all that it was told."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat") as stat:
            if stat.read().rsplit(")", 1)[1].split()[0] != "S":
                return False
    return True


def unread_bytes(address, peer):
    """What the owner of `address` has not read yet of its IPv4 connection from `peer`; both (host, port)."""
    ends = [f"{socket.inet_aton(host)[::-1].hex().upper()}:{port:04X}" for host, port in (address, peer)]
    with open("/proc/net/tcp") as table:
        for line in table:
            fields = line.split()
            if fields[1:3] == ends:
                return int(fields[4].split(":")[1], 16)
    raise KeyError(f"no connection from {peer} to {address}")
