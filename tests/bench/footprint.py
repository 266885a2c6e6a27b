#!/usr/bin/python3
"""Reports what Hawser takes before and between messages: memory and time at start, size on disk, bytes and descriptors of
an idle session, in the process and in the kernel.

No figure is judged here; tests/integration/test_footprint.py holds bounds. See README.md in this folder.
"""

import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile

from harness import footprint_sessions, footprint_size, footprint_start, proxies, report
from harness.load import EchoServer
from harness.process import LOAD_CPU, PROXY_CPU, BenchError
from run import ROOT, find_tools, say

PARTS = ("start", "size", "sessions")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="*", choices=(*PARTS, []), default=PARTS, help="default: all")
    parser.add_argument("--runs", type=int, default=20, help="starts of each configuration, default %(default)s")
    parser.add_argument("--sessions", type=int, default=20_000, help="default %(default)s of each kind, or what descriptors allow")
    parser.add_argument("--hawser", type=pathlib.Path, default=ROOT / "build/release/hawser", metavar="PATH")
    parser.add_argument("--build", type=pathlib.Path, metavar="DIR", help="the build to install; default: the binary's")
    parser.add_argument("--tools", type=pathlib.Path, metavar="DIR", help="where bench_tools was built")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="writes every figure there")
    return parser.parse_args()


def measure_sessions(arguments, folder):
    if not {PROXY_CPU, LOAD_CPU} <= os.sched_getaffinity(0):
        raise BenchError("two CPUs are needed: one for the proxy, one for the load")
    with EchoServer(find_tools(arguments.tools)) as echo:
        return footprint_sessions.measure(arguments.hawser, find_tools(arguments.tools), echo, folder,
                                          arguments.sessions, say)


def main():
    arguments = read_arguments()
    if not arguments.hawser.exists():
        raise BenchError(f"no binary at {arguments.hawser}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves through every `finally`
    said = report.surroundings({"hawser": str(arguments.hawser)})
    print(report.heading(said))
    figures = {}
    with tempfile.TemporaryDirectory(prefix="hawser-footprint-") as name:
        folder = pathlib.Path(name)
        proxies.make_certificate(folder)
        stripped = footprint_size.strip(arguments.hawser, folder)
        if "start" in arguments.part:
            figures["start"] = footprint_start.measure(stripped, folder, arguments.runs, say)
            print(footprint_start.table(figures["start"]), flush=True)
        if "size" in arguments.part:
            figures["size"] = footprint_size.measure(stripped, arguments.build or arguments.hawser.parent, folder)
            print(footprint_size.table(figures["size"]), flush=True)
        if "sessions" in arguments.part:
            figures["sessions"] = measure_sessions(arguments, folder)
            print(footprint_sessions.table(figures["sessions"]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"surroundings": said, "figures": figures}, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"footprint: {error}")
