"""Instructions per message, per upgrade and per HTTP request, counted by valgrind: repeatable where CPU time is not.

Two runs that differ only in how much work they do; the difference leaves out start, stop and first use. Instructions
in the kernel are not seen.
"""

import dataclasses
import re

from .load import run_load
from .proxies import KINDS
from .report import align


@dataclasses.dataclass(frozen=True)
class Work:
    name: str
    scheme: str
    mode: str
    options: dict
    counts: tuple  # the smaller and the larger run
    per_count: int  # messages relayed, or requests answered, for each


WORKS = tuple(
    work for scheme in ("ws", "wss") for work in (
        Work(f"{scheme}-small", scheme, "messages", {"size": 128, "connections": 4}, (400, 2400), 2),
        Work(f"{scheme}-16k", scheme, "messages", {"size": 16384, "connections": 4}, (200, 1000), 2),
        Work(f"{scheme}-upgrade", scheme, "upgrades", {"size": 128, "in_flight": 4}, (50, 250), 1),
    )) + (
    Work("http-small", "http", "messages", {"size": 128, "connections": 4}, (400, 2400), 1),
    Work("http-64k", "http", "messages", {"size": 65536, "connections": 4}, (200, 1000), 1),
    Work("http-close", "http", "upgrades", {"size": 128, "in_flight": 4}, (100, 600), 1),
    Work("https-small", "https", "messages", {"size": 128, "connections": 4}, (400, 2400), 1),
)


def instructions(kind, binary, folder, echo, tools, work, count):
    output = folder / f"callgrind.{kind.name}.{work.name}.{count}"
    wrapper = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={output}.%p")
    with kind(folder, echo.port, binary, wrapper) as proxy:
        run_load(tools, work.mode, proxy.urls[work.scheme], count=count, **work.options)
    totals = [int(found) for path in folder.glob(output.name + ".*")
              for found in re.findall(r"^totals: (\d+)", path.read_text(errors="replace"), re.MULTILINE)]
    return sum(totals)


def cost(kind, binary, folder, echo, tools, work):
    """Instructions for one unit of the work: what the larger run took more than the smaller."""
    few, many = (instructions(kind, binary, folder, echo, tools, work, count) for count in work.counts)
    return (many - few) / (work.counts[1] - work.counts[0]) / work.per_count


def run(targets, folder, echo, tools, only, say):
    """Prints the table and returns {work: {target: instructions}}."""
    results = {}
    for work in WORKS:
        if only and work.name not in only:
            continue
        results[work.name] = {}
        for name, binary in targets.items():
            per = cost(KINDS[name], binary, folder, echo, tools, work)
            results[work.name][name] = per
            say(f"callgrind {work.name} {name}: {per:,.0f} instructions")
    lines = [("row", "hawser", "nginx", "haproxy", "hawser/nginx", "hawser/haproxy")]
    for name, figures in results.items():
        cells = [f"{figures[target]:,.0f}" if target in figures else "-" for target in lines[0][1:4]]
        ratios = [f"{figures['hawser'] / figures[other]:.2f}" if "hawser" in figures and figures.get(other) else "-"
                  for other in ("nginx", "haproxy")]
        lines.append((name, *cells, *ratios))
    print("\nInstructions in user space per message, session's life or request\n" + align(lines))
    return results
