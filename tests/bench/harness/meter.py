"""What a proxy costs: CPU nanoseconds and resident memory, summed over its process and all its descendants."""

import contextlib
import pathlib

PROC = pathlib.Path("/proc")


def process_tree(root):
    """`root` and every descendant of it, found through the parents that /proc names."""
    children = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    tree, todo = [], [root]
    while todo:
        pid = todo.pop()
        tree.append(pid)
        todo.extend(children.get(pid, []))
    return tree


def cpu_nanoseconds(pids):
    """Time on a CPU, user and system together, of every thread that lives."""
    total = 0
    for pid in pids:
        for schedstat in (PROC / str(pid) / "task").glob("*/schedstat"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                total += int(schedstat.read_text().split()[0])
    return total


def memory_bytes(pids):
    """{'pss': …, 'rss': …} in bytes; pages shared inside the group count once in pss."""
    total = {"pss": 0, "rss": 0}
    for pid in pids:
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            name = line.split(":", 1)[0].lower()
            if name in total:
                total[name] += int(line.split()[1]) * 1024
    return total
