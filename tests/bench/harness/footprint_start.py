"""Memory after the start and the time to the first answer, for configurations from the smallest to a thousand servers."""

import os
import pathlib
import shutil
import socket
import ssl
import statistics
import subprocess
import time

from . import report
from .process import BenchError, stop, wait_until
from .proxies import free_ports

REQUEST = b"GET / HTTP/1.1\r\nHost: bench.test\r\nConnection: close\r\n\r\n"
AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
DEADLINE = 20


def configuration(port, folder, workers="auto", certificates=0, servers=2, upstream_tls=False):
    """One listener, one route that answers by itself, one upstream that nobody asks."""
    pairs = ", ".join(f"{{ cert_file: {folder}/{number}.pem, key_file: {folder}/key.pem }}"
                      for number in range(certificates))
    addresses = ", ".join(f'"10.{number >> 16}.{number >> 8 & 255}.{number & 255}:9001"' for number in range(servers))
    return f"""
workers: {workers}
listeners: [{{ name: public, address: "127.0.0.1:{port}"{f", tls: {{ certificates: [{pairs}] }}" if pairs else ""} }}]
routes: [{{ match: {{ path: / }}, respond: {{ status: 200, body: ready }} }}, {{ upstream: chat }}]
upstreams: {{ chat: {{ servers: [{addresses}]{", tls: on" if upstream_tls else ""} }} }}
"""


CASES = {
    "plain, 1 worker": {"workers": 1},
    "plain, 2 workers": {"workers": 2},
    "plain, 8 workers": {"workers": 8},
    "plain, workers: auto": {},
    "TLS, 1 certificate": {"certificates": 1},
    "TLS, 20 certificates": {"certificates": 20},
    "TLS to servers, system's authorities": {"upstream_tls": True},
    "1,000 servers": {"servers": 1000},
}


def memory(pid):
    """The kernel's sums over all mappings, in bytes."""
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    fields = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
    return {"rss": fields["Rss"], "pss": fields["Pss"], "anonymous": fields["Anonymous"]}


def processor_seconds(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def connect_when_listening(port, process):
    while True:
        client = socket.socket()
        if client.connect_ex(("127.0.0.1", port)) == 0:
            return client
        client.close()
        if process.poll() is not None:
            raise BenchError(f"hawser ended with {process.returncode}")
        time.sleep(0.0002)


def first_answer(port, process, is_encrypted):
    """Asks until somebody accepts, and returns once the answer is there: a socket that listens is not yet served."""
    client = connect_when_listening(port, process)
    client.settimeout(DEADLINE)
    if is_encrypted:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client = context.wrap_socket(client, server_hostname="bench.test")
    with client:
        client.sendall(REQUEST)
        answer = client.recv(4096)
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise BenchError(f"unexpected answer: {answer!r}")


def is_asleep(pid):
    stats = pathlib.Path(f"/proc/{pid}/task").glob("*/stat")
    return all(stat.read_text().rsplit(")", 1)[1].split()[0] == "S" for stat in stats)


def start_once(binary, folder, case):
    port = free_ports(1)[0]
    file = folder / "start.yaml"
    file.write_text(configuration(port, folder, **case))
    begin = time.perf_counter()
    process = subprocess.Popen([str(binary), "-c", str(file)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        first_answer(port, process, bool(case.get("certificates")))
        answered = time.perf_counter() - begin
        wait_until(lambda: is_asleep(process.pid), "hawser to rest")
        return {"answered": answered, "processor": processor_seconds(process.pid), **memory(process.pid)}
    finally:
        stop(process)


def one_authorities_file():
    """Where the distribution keeps them; the environment of whoever runs this shall not decide."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        os.environ.pop(name, None)
    return next((file for file in AUTHORITIES if pathlib.Path(file).exists()), None)


def measure(binary, folder, runs, say):
    for number in range(20):
        shutil.copy(folder / "cert.pem", folder / f"{number}.pem")
    taken = {name: [] for name in CASES}
    authorities = one_authorities_file()
    say(f"authorities: {authorities}")
    for run in range(runs):  # interleaved: a slow minute hits all
        for name, case in CASES.items():
            taken[name].append(start_once(binary, folder, case))
        say(f"start {run + 1}/{runs}")
    return taken


def table(taken):
    lines = [("start", "RSS KiB", "PSS KiB", "anonymous KiB", "ms to the first answer: best", "median", "worst",
              "ms of processor: best")]
    for name, samples in taken.items():
        middle = {key: statistics.median(sample[key] for sample in samples) for key in samples[0]}
        answered = sorted(sample["answered"] * 1000 for sample in samples)
        lines.append((name, *(f"{middle[key] / 1024:,.0f}" for key in ("rss", "pss", "anonymous")),
                      f"{answered[0]:.1f}", f"{statistics.median(answered):.1f}", f"{answered[-1]:.1f}",
                      f"{min(sample['processor'] for sample in samples) * 1000:.1f}"))
    return report.align(lines) + "\n"
