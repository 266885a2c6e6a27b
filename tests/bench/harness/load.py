"""The echo server and the load generator as run.py drives them, both on the load's CPU."""

import json
import subprocess

from .process import LOAD_CPU, BenchError, spawn, stop


class EchoServer:
    def __init__(self, tools):
        self.binary = str(tools / "hawser_bench_echo_server")
        self.process = None
        self.port = 0

    def __enter__(self):
        self.process = spawn([self.binary, "127.0.0.1:0"], LOAD_CPU, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening "):
            raise BenchError(f"the echo server did not start: {line!r}")
        self.port = int(line.rsplit(":", 1)[1])
        return self

    def __exit__(self, *_):
        stop(self.process)

    def url(self, scheme="ws"):
        return f"{scheme}://127.0.0.1:{self.port}"

    def accepted(self):
        """How many connections it has accepted so far."""
        self.process.stdin.write("count\n")
        self.process.stdin.flush()
        word, number = self.process.stdout.readline().split()
        if word != "accepted":
            raise BenchError(f"the echo server said {word!r}")
        return int(number)


class Load:
    """One run of the generator. go() begins the measured part; connections stay open until the block ends."""

    def __init__(self, tools, mode, url, deadline=120, **options):
        self.command = [str(tools / "hawser_bench_loadgen"), mode, url, "--gate", "--deadline", str(deadline)]
        for name, value in options.items():
            self.command += ["--" + name.replace("_", "-"), str(value)]
        self.process = None
        self.report = None

    def __enter__(self):
        self.process = spawn(self.command, LOAD_CPU, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().strip()
        if line != "ready":
            self._give_up(line)
        return self

    def go(self):
        """Runs the measured part and returns its report; anything but a perfect run is an error."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self._give_up("no report")
        self.report = json.loads(line)
        if self.report["errors"]:
            self._give_up(line)
        return self.report

    def __exit__(self, kind, *_):
        self.process.stdin.close()
        try:
            code = self.process.wait(15)
        except subprocess.TimeoutExpired:
            code = None
        stop(self.process)
        if code != 0 and kind is None:
            raise BenchError(f"connections were lost after the report: {' '.join(self.command)}")

    def _give_up(self, said):
        stop(self.process)
        raise BenchError(f"load failed: {' '.join(self.command)}\n  {said.strip()}")


def run_load(tools, mode, url, **options):
    with Load(tools, mode, url, **options) as load:
        return load.go()
