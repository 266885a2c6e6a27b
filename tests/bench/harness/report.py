"""Medians, ratios and the table."""

import os
import pathlib
import platform
import statistics
import subprocess

COLUMNS = ("hawser", "nginx", "haproxy", "direct")


BUSY_LOAD = 0.7  # one-minute load average above which other work shows in the times


def surroundings(targets):
    """What the figures belong to: versions, kernel, processor, and how busy the machine was before the start."""
    said = {"kernel": platform.release(), "cpu": processor(), "load_before": os.getloadavg()[0]}
    for name, binary in targets.items():
        result = subprocess.run([binary, "-v"], capture_output=True, text=True, check=False)
        said[name] = ((result.stdout + result.stderr).splitlines() or ["?"])[0]
    return said


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def heading(said):
    lines = [f"{name}: {value}" for name, value in said.items()]
    if said["load_before"] > BUSY_LOAD:
        lines.append("The machine was busy before the start: CPU figures are rough, p99 says little.")
    return "\n".join(lines) + "\n"


def medians(samples):
    """{row: {target: median}} from {row: {target: [sample, …]}}."""
    return {row: {target: statistics.median(sample["value"] for sample in taken) for target, taken in targets.items()
                  if taken} for row, targets in samples.items()}


def ratio(figures, one, other):
    if one not in figures or not figures.get(other):
        return None
    return figures[one] / figures[other]


def verdict(row, figures):
    """Is the aim met? Empty when there is no aim or something it needs is missing."""
    if not row.aim or "hawser" not in figures:
        return ""
    limit = row.aim.split()[1]
    if row.aim.endswith("nginx"):
        reference = figures.get("nginx")
    elif row.aim.endswith("best"):
        peers = [figures[name] for name in ("nginx", "haproxy") if name in figures]
        reference = min(peers) if peers else None
    else:
        reference = 1.0
    if not reference:
        return ""
    return "met" if figures["hawser"] <= float(limit) * reference else "missed"


def spread(taken):
    """Half the range as a share of the median: how far a figure may be believed."""
    values = [sample["value"] for sample in taken]
    middle = statistics.median(values)
    return (max(values) - min(values)) / 2 / middle if middle else 0.0


def table(rows, samples):
    middle = medians(samples)
    head = ("row", "unit") + COLUMNS + ("hawser/nginx", "hawser/haproxy", "aim", "")
    lines = [head]
    for row in rows:
        figures = middle.get(row.name, {})
        cells = [row.name, row.unit]
        for target in COLUMNS:
            taken = samples.get(row.name, {}).get(target)
            cells.append(f"{figures[target]:,.0f} ±{spread(taken):.0%}" if taken else "-")
        for other in ("nginx", "haproxy"):
            value = ratio(figures, "hawser", other)
            cells.append(f"{value:.2f}" if value is not None else "-")
        lines.append(tuple(cells) + (row.aim, verdict(row, figures)))
    return align(lines)


def align(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
