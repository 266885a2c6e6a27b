"""The rows of the table: what is done, how much of it, and how a figure is taken from it."""

import dataclasses
import time

from . import meter
from .load import Load, run_load
from .proxies import IDLE_CONNECTIONS

SETTLE = 0.05  # a process that has just gone to sleep is accounted for at the next tick
IDLE_SETTLE = 1.0


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    scheme: str
    kind: str  # cpu_message | cpu_upgrade | cpu_request | cpu_connection | idle | p99
    unit: str
    aim: str  # from the project's budgets, empty when there is none
    options: dict

    @property
    def needs_fresh_proxy(self):
        return self.kind == "idle"

    @property
    def runs_direct(self):
        return self.kind == "p99" and self.scheme == "ws"


def all_rows(divisor=1):
    """Every row; `divisor` makes the work smaller for a quick look."""

    def some(count):
        return max(count // divisor, 100)

    rows = []
    for scheme, upgrades, sessions, idle_aim in (("ws", 4000, 5000, 1200), ("wss", 2000, 3000, 16384)):
        rows += [
            Row(f"{scheme}-small", scheme, "cpu_message", "ns CPU per 128 B message", "<= 1.0 nginx",
                {"size": 128, "connections": 50, "count": some(60_000)}),
            Row(f"{scheme}-16k", scheme, "cpu_message", "ns CPU per 16 KB message", "<= 0.6 best",
                {"size": 16384, "connections": 50, "count": some(15_000)}),
            Row(f"{scheme}-upgrade", scheme, "cpu_upgrade", "ns CPU per session's life", "<= 1.0 nginx",
                {"size": 128, "in_flight": 16, "count": some(upgrades)}),
            Row(f"{scheme}-p99", scheme, "p99", "us, 99th percentile at 2,000/s", "",
                {"size": 128, "connections": 50, "count": some(6_000), "rate": 2000}),
            Row(f"{scheme}-idle", scheme, "idle", "bytes per idle session", f"<= {idle_aim}",
                {"size": 128, "connections": some(sessions), "in_flight": 64}),
        ]
    return rows + http_rows(some)


def http_rows(some):
    """As many clients as connections a proxy keeps to the server: with more, the rows would measure how often a burst
    of answers happens to find no place left among the idle ones."""
    clients = IDLE_CONNECTIONS

    def row(name, kind, unit, **options):
        return Row(name, name.split("-")[0], kind, f"ns CPU per {unit}", "<= 0.95 nginx", options)

    return [
        row("http-small", "cpu_request", "128 B GET", size=128, connections=clients, count=some(60_000)),
        row("http-64k", "cpu_request", "64 KB GET", size=65536, connections=clients, count=some(10_000)),
        row("http-close", "cpu_connection", "GET and connection", size=128, in_flight=clients, count=some(10_000)),
        row("https-small", "cpu_request", "128 B GET", size=128, connections=clients, count=some(60_000)),
    ]


def said(sample):
    """A sample in a line of progress."""
    connections = sample.get("server_connections")
    return f"{sample['value']:,.0f}" + ("" if connections is None else f" ({connections} server connections)")


def measure(row, tools, echo, url, proxy):
    """One figure with what belongs to it. `proxy` is None when the load goes straight to the echo server."""
    if row.kind == "idle":
        return measure_idle(row, tools, url, proxy)
    mode = {"cpu_message": "messages", "cpu_request": "messages", "cpu_upgrade": "upgrades",
            "cpu_connection": "upgrades", "p99": "open-loop"}[row.kind]
    pids = proxy.pids() if proxy else []
    with Load(tools, mode, url, **row.options) as load:
        time.sleep(SETTLE)
        accepted = echo.accepted()
        before = meter.cpu_nanoseconds(pids)
        report = load.go()
        time.sleep(SETTLE)
        spent = meter.cpu_nanoseconds(pids) - before
        accepted = echo.accepted() - accepted
    if row.kind == "p99":
        return {"value": report["p99_us"], "p50_us": report["p50_us"], "p999_us": report["p999_us"]}
    work = {"cpu_message": 2 * report["echoed"], "cpu_request": report["echoed"]}.get(row.kind, report["closed"])
    sample = {"value": spent / work, "wall_seconds": report["wall_seconds"], "work": work, "p50_us": report["p50_us"],
              "p99_us": report["p99_us"]}
    if row.kind in ("cpu_request", "cpu_connection"):
        sample["server_connections"] = accepted
    return sample


def warm_up(tools, url):
    """Touches what a proxy allocates once, on few sessions, so that they leave little behind to be used again."""
    run_load(tools, "upgrades", url, count=64, in_flight=16)
    run_load(tools, "messages", url, connections=16, count=2000)


def measure_idle(row, tools, url, proxy):
    warm_up(tools, url)
    time.sleep(IDLE_SETTLE)
    before = meter.memory_bytes(proxy.pids())
    with Load(tools, "idle", url, **row.options) as load:
        sessions = load.go()["opened"]
        time.sleep(IDLE_SETTLE)
        after = meter.memory_bytes(proxy.pids())
    return {"value": (after["pss"] - before["pss"]) / sessions, "rss": (after["rss"] - before["rss"]) / sessions,
            "sessions": sessions, "base_pss": before["pss"]}
