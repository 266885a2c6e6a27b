"""What the kernel knows of a process: descriptors, memory, processor time."""
import os


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
