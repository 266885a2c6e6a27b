"""Limits hold, slow clients are shown out, and running out of descriptors is survived without burning the processor."""
import resource
import time

import pytest

from harness.configuration import relay_to
from harness.process_facts import cpu_seconds
from harness.raw_client import connect, get, handshake_bytes, open_websocket, request
from harness.waiting import Stopwatch, wait_until


def test_max_sessions_refuses_with_503_and_serves_again_when_one_ends(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, listener={"limits": {"max_sessions": 5}}))
    wires = [open_websocket(proxy.address()) for _ in range(5)]
    for _ in range(3):
        answer = request(proxy.address(), handshake_bytes())
        assert answer.status == 503
        assert answer.get("retry-after") is not None
    wires[0].send_close()
    assert wires[0].is_over()
    wires[0].close()
    wait_until(lambda: get(proxy.address()).status == 200, 5, "a place to become free")
    for wire in wires[1:]:
        wire.send_text("untouched")
        assert wire.read_text() == "untouched"


def test_max_sessions_counts_all_workers_together(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, workers=4, listener={"limits": {"max_sessions": 8}}))
    statuses = []
    wires = []
    for _ in range(20):
        wire = connect(proxy.address())
        wires.append(wire)
        wire.send(handshake_bytes())
        statuses.append(wire.read_head().status)
    assert statuses.count(101) == 8 and statuses.count(503) == 12


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX-"])
def test_a_slow_head_is_408(hawser, peers, sent):
    proxy = hawser(relay_to(peers.echo().address, listener={"timeouts": {"request_head": "500ms"}}))
    with connect(proxy.address()) as wire:
        watch = Stopwatch()
        wire.send(sent)
        if sent:
            assert wire.read_answer().status == 408
        assert wire.is_over()
        assert 0.4 < watch.seconds < 2


def test_a_head_that_drips_does_not_gain_time(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, listener={"timeouts": {"request_head": "800ms"}}))
    with connect(proxy.address()) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Drip: ")
        wire.socket.settimeout(0.1)
        watch = Stopwatch()
        answer = b""
        while not answer and watch.seconds < 5:
            try:
                answer = wire.socket.recv(1000)
            except TimeoutError:
                wire.send(b"x")
        assert answer.startswith(b"HTTP/1.1 408")
        assert 0.6 < watch.seconds < 2


def test_max_head_size_is_the_listener_s(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, listener={"max_head_size": "4k"}))
    assert get(proxy.address(), headers=[("X-A", "b" * 3000)]).status == 200
    assert get(proxy.address(), headers=[("X-A", "b" * 5000)]).status == 431


def test_a_head_of_nearly_the_default_size_passes(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    assert get(proxy.address(), headers=[("X-A", "b" * 30000)]).status == 200
    assert get(proxy.address(), headers=[("X-A", "b" * 33000)]).status == 431


def limit_descriptors(count):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def test_out_of_descriptors_all_pause_quietly_and_go_on(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address), preexec=limit_descriptors(80))
    address = proxy.address()
    sessions = []
    answered = True
    while answered and len(sessions) < 80:
        wire = connect(address, timeout=1)
        wire.send(handshake_bytes())
        try:
            answered = wire.read_head().status == 101
        except (TimeoutError, EOFError, ConnectionError):
            answered = False
        sessions.append(wire)
    assert not answered, "80 descriptors cannot hold 80 sessions"
    waiting = [connect(address) for _ in range(5)]
    proxy.log.wait_for(r"(?i)descriptors", 5)
    # Measured over a stretch of time: this is the one wait that is the measurement itself.
    before, watch = cpu_seconds(proxy.pid), Stopwatch()
    wait_until(lambda: watch.seconds > 1.5, 3)
    assert (cpu_seconds(proxy.pid) - before) / watch.seconds < 0.05
    assert proxy.log.count(r"(?i)descriptors") < 20, "told, not shouted"
    sessions[0].send_text("alive")
    assert sessions[0].read_text() == "alive"
    for wire in sessions[:20]:
        wire.close()
    watch = Stopwatch()
    waiting[0].send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert waiting[0].read_answer().status == 200
    assert watch.seconds < 1.5
    for wire in sessions[20:-1]:
        wire.send_text("alive")
        assert wire.read_text() == "alive"


def test_an_idle_session_is_left_alone(hawser, peers):
    """No time-out of a head or of keep-alive may reach a live session."""
    proxy = hawser(relay_to(peers.echo().address, listener={"timeouts": {
        "handshake": "300ms", "request_head": "300ms", "keepalive": "300ms"}}, upstream={"timeouts": {
            "connect": "300ms", "response_head": "300ms", "read": "300ms"}}))
    with open_websocket(proxy.address()) as wire:
        watch = Stopwatch()
        wait_until(lambda: watch.seconds > 1.2, 3)
        wire.send_text("still here")
        assert wire.read_text() == "still here"


@pytest.mark.figures
def test_an_idle_process_uses_no_processor(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    wires = [open_websocket(proxy.address()) for _ in range(20)]
    before, start = cpu_seconds(proxy.pid), time.monotonic()
    wait_until(lambda: time.monotonic() - start > 1.5, 3)
    assert cpu_seconds(proxy.pid) - before < 0.05
    assert len(wires) == 20


def test_hundreds_of_slow_heads_do_not_keep_others_out(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address, listener={"timeouts": {"request_head": "2s"}}))
    slow = [connect(proxy.address()) for _ in range(500)]
    for wire in slow:
        wire.send(b"GET / HT")
    watch = Stopwatch()
    assert all(get(proxy.address()).status == 200 for _ in range(20))
    assert watch.seconds < 1.5
    assert all(wire.read_answer().status == 408 for wire in slow)
