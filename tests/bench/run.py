#!/usr/bin/python3
"""Runs Hawser, nginx and HAProxy side by side on the same WebSocket and HTTP work and prints what each costs, as ratios.

See README.md in this folder for what is measured and what the figures do not tell.
"""

import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile

from harness import callgrind, proxies, report, rows, self_test
from harness.load import EchoServer
from harness.process import LOAD_CPU, PROXY_CPU, BenchError

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ("hawser", "nginx", "haproxy")


def say(text):
    print(text, file=sys.stderr, flush=True)


def read_arguments():
    names = [row.name for row in rows.all_rows()]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, help="how often each figure is taken (5, quick 2)")
    parser.add_argument("--quick", action="store_true", help="a fifth of the work: a look, not a figure to quote")
    parser.add_argument("--only", metavar="ROWS", help="comma-separated rows: " + ", ".join(names))
    parser.add_argument("--targets", metavar="NAMES", default=",".join(TARGETS), help="default: %(default)s")
    parser.add_argument("--hawser", type=pathlib.Path, default=ROOT / "build/release/hawser", metavar="PATH")
    parser.add_argument("--tools", type=pathlib.Path, metavar="DIR", help="where bench_tools was built")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="writes every sample there")
    parser.add_argument("--callgrind", action="store_true", help="counts instructions under valgrind instead of time")
    parser.add_argument("--self-test", action="store_true", help="checks the tools against each other")
    arguments = parser.parse_args()
    arguments.only = arguments.only.split(",") if arguments.only else []
    unknown = set(arguments.only) - set(names) | set(arguments.targets.split(",")) - set(TARGETS)
    if unknown:
        parser.error("unknown: " + ", ".join(sorted(unknown)))
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 5)
    return arguments


def find_tools(given):
    """The folder with both tools: the one named, else the most recent build."""
    folders = [given] if given else [path.parent for path in ROOT.glob("build/*/tests/bench/hawser_bench_loadgen")]
    complete = [folder for folder in folders if (folder / "hawser_bench_loadgen").exists()
                and (folder / "hawser_bench_echo_server").exists()]
    if not complete:
        raise BenchError("build the bench_tools target first (make bench does)")
    return max(complete, key=lambda folder: (folder / "hawser_bench_loadgen").stat().st_mtime)


def find_targets(arguments):
    """{name: binary} of the proxies that are here, with a word about those that are not."""
    found = {}
    for name in arguments.targets.split(","):
        binary = proxies.binary_of(name, arguments.hawser)
        if binary:
            found[name] = binary
        else:
            say(f"{name} is not here: left out")
    return found


def take_sample(row, name, running, make_proxy, tools, echo):
    if name == "direct":
        return rows.measure(row, tools, echo, echo.url(row.scheme), None)
    if row.needs_fresh_proxy:
        with make_proxy(name) as proxy:
            return rows.measure(row, tools, echo, proxy.urls[row.scheme], proxy)
    return rows.measure(row, tools, echo, running[name].urls[row.scheme], running[name])


def compare(chosen, targets, rounds, make_proxy, tools, echo):
    """All rows, all targets, interleaved; the order turns with the round so that none is always first."""
    samples = {row.name: {} for row in chosen}
    running = {}
    try:
        for name in targets:
            running[name] = make_proxy(name).start()
        for number in range(rounds):
            for row in chosen:
                order = list(targets) + (["direct"] if row.runs_direct else [])
                for name in order[number % len(order):] + order[:number % len(order)]:
                    sample = take_sample(row, name, running, make_proxy, tools, echo)
                    samples[row.name].setdefault(name, []).append(sample)
                    say(f"round {number + 1}/{rounds} {row.name} {name}: {rows.said(sample)}")
    finally:
        for proxy in running.values():
            proxy.stop()
    return samples


def bench(arguments, tools, echo, folder):
    targets = find_targets(arguments)
    said = report.surroundings(targets)
    proxies.make_certificate(folder)
    if arguments.callgrind:
        results = callgrind.run(targets, folder, echo, tools, arguments.only, say)
    else:
        chosen = [row for row in rows.all_rows(5 if arguments.quick else 1)
                  if not arguments.only or row.name in arguments.only]
        results = compare(chosen, targets, arguments.rounds,
                          lambda name: proxies.KINDS[name](folder, echo.port, targets[name]), tools, echo)
        print(report.heading(said) + "\n" + report.table(chosen, results))
        if arguments.quick:
            print("A quick look: too little work for figures to quote.")
    if arguments.json:
        arguments.json.write_text(json.dumps({"surroundings": said, "results": results}, indent=1) + "\n")


def main():
    arguments = read_arguments()
    if not {PROXY_CPU, LOAD_CPU} <= os.sched_getaffinity(0):
        raise BenchError("two CPUs are needed: one for the proxy, one for the load")
    os.sched_setaffinity(0, {LOAD_CPU})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves through every `finally`, so that no proxy stays
    tools = find_tools(arguments.tools)
    with EchoServer(tools) as echo, tempfile.TemporaryDirectory(prefix="hawser-bench-") as folder:
        if arguments.self_test:
            self_test.run(tools, echo)
        else:
            bench(arguments, tools, echo, pathlib.Path(folder))


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"bench: {error}")
