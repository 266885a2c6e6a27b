#!/usr/bin/python3
"""The demo: starts three chat servers and Hawser from conf/demo.yaml, says what to try, stops all on Ctrl-C.

With DEMO_SECONDS=N in the environment it stops by itself after N seconds, with status 0 when all went well.
"""

import argparse
import os
import pathlib
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
CONFIGURATION = ROOT / "conf" / "demo.yaml"
SERVER_SCRIPT = pathlib.Path(__file__).resolve().parent / "chat_server.py"
PYTHON = "/usr/bin/python3"
HAWSER_PORT = 8080  # these four are the ports of conf/demo.yaml
SERVER_PORTS = [9001, 9002, 9003]
READY_SECONDS = 10
STOP_SECONDS = 5

WHAT_TO_TRY = """
Hawser listens on http://127.0.0.1:{port}/ and spreads over three chat servers.

  In a browser         http://127.0.0.1:{port}/   in two tabs: each gets another server
  On the command line  {python} -m websockets ws://127.0.0.1:{port}/ws   then type a line
  Kill a server        {kills}
  Change conf/demo.yaml and reload   kill -HUP {hawser}   (who is connected stays connected)

Ctrl-C stops everything.
"""


class DemoError(Exception):
    """Something that keeps the demo from running, in words for its user."""


class Program:
    """A started process whose output is passed on line by line; `wait_for` sees each line as well."""

    def __init__(self, name, command):
        self.name = name
        self.lines = queue.Queue()
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        errors="replace", start_new_session=True)
        threading.Thread(target=self.pass_on_output, daemon=True).start()

    def pass_on_output(self):
        for line in self.process.stdout:
            if not line.startswith("ready "):
                print(f"[{self.name}] {line}", end="", flush=True)
            self.lines.put(line)
        self.lines.put(None)

    def wait_for(self, text):
        """Returns when the program wrote a line that contains `text`."""
        deadline = time.monotonic() + READY_SECONDS
        try:
            while (line := self.lines.get(timeout=max(0.01, deadline - time.monotonic()))) is not None:
                if text in line:
                    return
        except queue.Empty:
            raise DemoError(f"{self.name} was not ready within {READY_SECONDS} seconds") from None
        raise DemoError(f"{self.name} ended before it was ready (status {self.process.wait()})")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def refuse_ports_in_use():
    for port in [HAWSER_PORT, *SERVER_PORTS]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise DemoError(f"port {port} on 127.0.0.1 is needed and cannot be had: {error.strerror}\n"
                                f"(`ss -ltnp sport = :{port}` says who has it)") from None


def start_all(hawser, programs):
    refuse_ports_in_use()
    ports = [str(port) for port in SERVER_PORTS]
    for number, port in enumerate(ports, 1):
        programs.append(Program(f"chat-{number}", [PYTHON, str(SERVER_SCRIPT), f"chat-{number}", port, *ports]))
    for program, port in zip(programs, ports):
        program.wait_for(f"ready {program.name} {port}")
    programs.append(Program("hawser", [hawser, "-c", str(CONFIGURATION)]))
    programs[-1].wait_for("listening listener=")
    fetch_page()


def fetch_page():
    """The page through Hawser: the demo is ready when this works, not before."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{HAWSER_PORT}/", timeout=READY_SECONDS) as answer:
            page = answer.read().decode()
    except OSError as error:
        raise DemoError(f"the page did not come through Hawser: {error}") from None
    if "Hawser demo" not in page:
        raise DemoError("what came through Hawser was not the page")


def print_what_to_try(programs):
    servers, hawser = programs[:-1], programs[-1]
    kills = "kill -9 " + " or ".join(f"{program.process.pid} ({program.name})" for program in servers)
    print(WHAT_TO_TRY.format(port=HAWSER_PORT, python=PYTHON, kills=kills, hawser=hawser.process.pid), flush=True)


def wait_for_the_end(hawser, stopped):
    """Until Ctrl-C or DEMO_SECONDS; that Hawser ended by itself is an error."""
    seconds = float(os.environ.get("DEMO_SECONDS") or "inf")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not stopped.wait(0.2):
        if hawser.process.poll() is not None:
            raise DemoError(f"hawser ended (status {hawser.process.returncode})")


def run(hawser):
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    programs = []
    try:
        start_all(hawser, programs)
        print_what_to_try(programs)
        wait_for_the_end(programs[-1], stopped)
        return 0
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    finally:
        for program in reversed(programs):
            program.stop()
        print("demo: everything is stopped", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hawser", default=str(ROOT / "build/release/hawser"), help="the binary to run")
    arguments = parser.parse_args()
    if not os.access(arguments.hawser, os.X_OK):
        print(f"demo: {arguments.hawser} is not there: run 'make build'", file=sys.stderr)
        return 1
    return run(str(pathlib.Path(arguments.hawser).resolve()))


if __name__ == "__main__":
    sys.exit(main())
