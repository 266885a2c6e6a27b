#!/usr/bin/python3
"""Reports what healing upstreams cost and win: instructions per upgrade, and time to the 101 with warm connections.

No figure is judged here. See README.md in this folder.
"""

import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile

from harness import healing, proxies, report
from harness.load import EchoServer
from harness.process import LOAD_CPU, PROXY_CPU, BenchError
from run import ROOT, find_tools, say


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("instructions", "prewarm"))
    parser.add_argument("--rounds", type=int, default=5, help="prewarm: default %(default)s")
    parser.add_argument("--count", type=int, default=200, help="prewarm: upgrades in a round, default %(default)s")
    parser.add_argument("--hawser", type=pathlib.Path, default=ROOT / "build/release/hawser", metavar="PATH")
    parser.add_argument("--tools", type=pathlib.Path, metavar="DIR", help="where bench_tools was built")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="writes every sample there")
    return parser.parse_args()


def measure(arguments, tools, echo, folder):
    hawser, haproxy = (proxies.binary_of(name, arguments.hawser) for name in ("hawser", "haproxy"))
    if not hawser:
        raise BenchError(f"no binary at {arguments.hawser}")
    if arguments.what == "instructions":
        return healing.count_instructions(hawser, folder, echo, tools, say)
    if not haproxy:
        raise BenchError("haproxy is not here: it is the TLS server of this comparison")
    return healing.compare_prewarm(hawser, haproxy, folder, echo, arguments.count, arguments.rounds, say)


def main():
    arguments = read_arguments()
    if not {PROXY_CPU, LOAD_CPU} <= os.sched_getaffinity(0):
        raise BenchError("two CPUs are needed: one for the proxy, one for the load")
    os.sched_setaffinity(0, {LOAD_CPU})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tools = find_tools(arguments.tools)
    said = report.surroundings({"hawser": str(arguments.hawser)})
    print(report.heading(said))
    with EchoServer(tools) as echo, tempfile.TemporaryDirectory(prefix="hawser-bench-") as folder:
        proxies.make_certificate(pathlib.Path(folder))
        results = measure(arguments, tools, echo, pathlib.Path(folder))
    if arguments.json:
        arguments.json.write_text(json.dumps({"surroundings": said, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"bench: {error}")
