"""What upstreams that heal cost and win: instructions per upgrade with everything on, and time to the 101 with warm
connections to a TLS server."""

import socket
import statistics
import time

from . import callgrind, report
from .process import LOAD_CPU
from .proxies import Haproxy, Hawser

REQUEST = (b"GET / HTTP/1.1\r\nHost: bench.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
PAUSE = 0.005  # between two upgrades, in which a warm connection is replaced; the same for all
WARM = 16


class BareHawser(Hawser):
    """Nothing that heals: no breaker, no checks, no queue."""
    name = "off"
    upstream = ", circuit_breaker: { consecutive_failures: off }"


class HealingHawser(Hawser):
    """Checks at their default interval, breaker at its defaults with a ratio as well, and a place to be found in a server
    that has a bound and a queue."""
    name = "on"
    upstream = (", health_check: { type: websocket }, queue: { size: 1000 }"
                ", circuit_breaker: { consecutive_failures: 5, failure_ratio: 50% }")

    def server(self):
        return f'{{ address: "127.0.0.1:{self.echo_port}", max_sessions: 10000 }}'


def count_instructions(binary, folder, echo, tools, say):
    """{row: {"on": …, "off": …}} of instructions in a session's life, and prints them."""
    results = {}
    for work in callgrind.WORKS:
        if not work.name.endswith("-upgrade"):
            continue
        results[work.name] = {kind.name: callgrind.cost(kind, binary, folder, echo, tools, work)
                              for kind in (BareHawser, HealingHawser)}
        say(f"callgrind {work.name}: {results[work.name]}")
    lines = [("row", "off", "on", "on/off")]
    for name, figures in results.items():
        lines.append((name, f"{figures['off']:,.0f}", f"{figures['on']:,.0f}", f"{figures['on'] / figures['off']:.3f}"))
    print("\nInstructions in user space per session's life, with health checks, breaker and queue off and on\n"
          + report.align(lines))
    return results


class TlsServer(Haproxy):
    """The echo server behind TLS: the server of this comparison, on the load's CPU."""
    name = "tls-server"
    cpu = LOAD_CPU


class HawserByTls(Hawser):
    name = "cold"
    keepalive = "{ prewarm: 0 }"

    @property
    def upstream(self):
        return (f", tls: {{ ca_file: {self.certificates}/cert.pem, server_name: bench.test }}"
                f", keepalive: {self.keepalive}, circuit_breaker: {{ consecutive_failures: off }}")


class WarmHawserByTls(HawserByTls):
    name = "warm"
    keepalive = f"{{ prewarm: {WARM} }}"


def seconds_to_101(port):
    """One upgrade on a fresh connection, from its request to the head of the answer."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = time.perf_counter()
        client.sendall(REQUEST)
        answer = b""
        while b"\r\n\r\n" not in answer:
            data = client.recv(4096)
            if not data:
                raise RuntimeError(f"no answer: {answer!r}")
            answer += data
        spent = time.perf_counter() - start
    if not answer.startswith(b"HTTP/1.1 101"):
        raise RuntimeError(f"refused: {answer!r}")
    return spent


def port_of(proxy):
    return int(proxy.urls["ws"].rsplit(":", 1)[1])


def take_times(proxies, count, rounds, say):
    """{name: [seconds]}; rounds are interleaved and the order turns."""
    times = {proxy.name: [] for proxy in proxies}
    for number in range(rounds):
        for proxy in proxies[number % len(proxies):] + proxies[:number % len(proxies)]:
            for _ in range(count):
                times[proxy.name].append(seconds_to_101(port_of(proxy)))
                time.sleep(PAUSE)
        say(f"round {number + 1}/{rounds}")
    return times


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def compare_prewarm(hawser, haproxy, folder, echo, count, rounds, say):
    """Prints the time to the 101 with and without warm connections, and returns every sample."""
    with TlsServer(folder, echo.port, haproxy) as server:
        port = int(server.urls["wss"].rsplit(":", 1)[1])
        with HawserByTls(folder, port, hawser) as cold, WarmHawserByTls(folder, port, hawser) as warm:
            for proxy in (cold, warm):
                for _ in range(2 * WARM):
                    seconds_to_101(port_of(proxy))
                    time.sleep(PAUSE)
            times = take_times([cold, warm], count, rounds, say)
    lines = [("to the 101, TLS server", "median us", "p99 us")]
    for name, words in (("cold", "without prewarm (sessions resumed)"), ("warm", f"prewarm: {WARM}")):
        lines.append((words, f"{statistics.median(times[name]) * 1e6:,.0f}", f"{percentile(times[name], 0.99) * 1e6:,.0f}"))
    print("\n" + report.align(lines))
    return times
