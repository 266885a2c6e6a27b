"""How an exchange ends when somebody leaves, stops, or takes too long."""
import threading

import pytest

from harness.configuration import relay_to
from harness.flaky_server import wait_quietly
from harness.marking_server import framed
from harness.raw_client import connect, get, request
from harness.strict_reader import read_request_body, read_request_head
from harness.waiting import Stopwatch, wait_until

GET = b"GET /poll HTTP/1.1\r\nHost: a.test\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def logged(hawser, tmp_path):
    """Starts Hawser before one server; the second value waits for the statuses of the access log."""
    file = tmp_path / "access.log"

    def start(server, **options):
        proxy = hawser(relay_to(server.address, workers=1, access_log={"target": str(file), "format": "$status"}, **options))
        proxy.address()

        def statuses(count):
            wait_until(lambda: file.exists() and file.read_text().count("\n") >= count, 5, f"{count} lines of the log")
            return [int(line) for line in file.read_text().splitlines()]
        return proxy, statuses
    return start


def silent(wire):
    """Takes a request and says nothing; `left` when Hawser went."""
    wire.read_head()
    wire.asked = True
    try:
        wire.read_to_end()
    finally:
        wire.left = True


def asked_at(server):
    wait_until(lambda: any(hasattr(wire, "asked") for wire in server.connections), 5, "the request at the server")
    return next(wire for wire in server.connections if hasattr(wire, "asked"))


# Clients that leave.

@pytest.mark.parametrize("ending, limit", [("fin", 3), ("reset", 1)])
def test_a_client_that_leaves_a_long_poll_is_noticed_and_logged_as_499(logged, recording_server, ending, limit):
    server = recording_server(silent)
    proxy, statuses = logged(server)
    with connect(proxy.address()) as wire:
        wire.send(GET)
        waiting = asked_at(server)
        watch = Stopwatch()
        wire.finish_writing() if ending == "fin" else wire.reset()
        wait_until(lambda: hasattr(waiting, "left"), 5, "the end of the server's connection")
        assert watch.seconds < limit
    assert statuses(1) == [499]


@pytest.mark.parametrize("ending", ["fin", "reset"])
def test_a_client_that_leaves_in_its_body_frees_the_server(logged, recording_server, ending):
    server = recording_server(silent)
    proxy, statuses = logged(server)
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf")
        waiting = asked_at(server)
        wire.finish_writing() if ending == "fin" else wire.reset()
        wait_until(lambda: hasattr(waiting, "left"), 3, "the end of the server's connection")
    assert statuses(1)[0] in (499, 400)


def test_a_client_that_leaves_in_an_answer_frees_the_server(logged, recording_server):
    def handle(wire):
        wire.read_head()
        wire.asked = True
        try:
            wire.send(CHUNKED)
            while True:
                wire.send(b"4\r\nmore\r\n")
                wait_quietly(wire, 0.01)
        finally:
            wire.left = True
    server = recording_server(handle)
    proxy, statuses = logged(server)
    base = proxy.descriptors()
    wire = connect(proxy.address())
    wire.send(GET)
    wire.read_until(b"more")
    wire.reset()
    wait_until(lambda: hasattr(asked_at(server), "left"), 5, "the end of the server's connection")
    proxy.wait_for_descriptors(base)
    assert len(statuses(1)) == 1


@pytest.mark.parametrize("size", [1, 20_000_000])
def test_a_client_that_half_closes_gets_its_whole_answer(logged, recording_server, size):
    def handle(wire):
        wire.read_head()
        wire.send(framed(200, b"x" * size))
        wire.read_to_end()
    proxy, statuses = logged(recording_server(handle))
    with connect(proxy.address()) as wire:
        wire.send(GET)
        wire.finish_writing()
        assert len(wire.read_answer().body) == size
    assert statuses(1) == [200]


def test_a_half_closed_client_is_served_as_long_as_its_answer_flows(logged, recording_server):
    """Three seconds of events, each well within the second after which silence would end it."""
    def handle(wire):
        wire.read_head()
        wire.send(CHUNKED)
        watch = Stopwatch()
        while watch.seconds < 3:
            wire.send(b"5\r\nevent\r\n")
            wait_quietly(wire, 0.2)
        wire.send(b"0\r\n\r\n")
        wire.read_to_end()
    proxy, statuses = logged(recording_server(handle))
    with connect(proxy.address()) as wire:
        wire.send(GET)
        wire.finish_writing()
        assert wire.read_answer().body.count(b"event") >= 10
    assert statuses(1) == [200]


def test_pipelined_requests_of_a_half_closed_client_are_all_answered(logged, marking_server):
    proxy, statuses = logged(marking_server())
    with connect(proxy.address()) as wire:
        wire.send(GET * 10)
        wire.finish_writing()
        assert [wire.read_answer().status for _ in range(10)] == [200] * 10
    assert statuses(10) == [200] * 10


# Servers that leave.

@pytest.mark.parametrize("ending", ["fin", "reset"])
def test_a_server_that_leaves_before_it_answered_is_502(logged, recording_server, ending):
    def handle(wire):
        wire.read_head()
        if ending == "reset":
            wire.reset()
    proxy, statuses = logged(recording_server(handle), upstream={"retry": {"attempts": 1}})
    assert request(proxy.address(), b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n").status == 502
    assert statuses(1) == [502]


@pytest.mark.parametrize("ending", ["fin", "reset"])
def test_a_server_that_leaves_in_the_request_s_body_is_502(logged, recording_server, ending):
    def handle(wire):
        wire.read_until(b"half")
        if ending == "reset":
            wire.reset()
    proxy, _ = logged(recording_server(handle))
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf")
        assert wire.read_answer().status == 502
        assert wire.is_over()


def test_a_server_that_answers_and_leaves_in_the_request_s_body_is_heard(logged, recording_server):
    def handle(wire):
        wire.read_until(b"half")
        wire.send(framed(413, b"too much", "Connection: close"))
    proxy, _ = logged(recording_server(handle))
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf")
        answer = wire.read_answer()
        assert (answer.status, answer.body) == (413, b"too much")


def test_a_server_that_ends_late_disturbs_nobody(logged, marking_server):
    """It answers, and ends the connection later on, while it rests."""
    server = marking_server()
    proxy, _ = logged(server)
    for count in range(1, 6):
        assert get(proxy.address()).status == 200
        assert len(server.connections) == count
        wire = server.connections[-1]
        wire.finish_writing()
        wait_until(wire.is_closed, 5, "Hawser's end of a connection that ended")


# Time-outs.

SLOW_BODY = b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf"


@pytest.mark.parametrize("options", [{"listener": {"timeouts": {"body": "300ms"}}},
                                     {"routes": [{"upstream": "pool", "timeouts": {"body": "300ms"}}]}])
def test_a_body_that_stops_is_408_and_the_server_is_let_go(logged, recording_server, options):
    server = recording_server(silent)
    proxy, statuses = logged(server, **options)
    with connect(proxy.address()) as wire:
        watch = Stopwatch()
        wire.send(SLOW_BODY)
        assert wire.read_answer().status == 408
        assert 0.25 < watch.seconds < 2
        assert wire.is_over()
    wait_until(lambda: hasattr(asked_at(server), "left"), 3, "the end of the server's connection")
    assert statuses(1) == [408]


def test_a_body_that_drips_is_not_too_slow(logged, marking_server):
    proxy, _ = logged(marking_server(), listener={"timeouts": {"body": "400ms"}})
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            wait_quietly(wire, 0.1)
            wire.send(b"x")
        assert wire.read_answer().status == 200


def test_time_spent_on_a_body_does_not_count_for_the_answer(logged, recording_server):
    def handle(wire):
        read_request_body(wire, read_request_head(wire))
        wire.send(OK)
        wire.read_to_end()
    proxy, _ = logged(recording_server(handle), upstream={"timeouts": {"response_head": "400ms"}})
    with connect(proxy.address()) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            wait_quietly(wire, 0.1)
            wire.send(b"x")
        assert wire.read_answer().status == 200


@pytest.mark.parametrize("options", [{"upstream": {"timeouts": {"response_head": "300ms"}, "retry": {"attempts": 1}}},
                                     {"upstream": {"retry": {"attempts": 1}},
                                      "routes": [{"upstream": "pool", "timeouts": {"response_head": "300ms"}}]}])
def test_a_server_that_says_nothing_is_504(logged, recording_server, options):
    server = recording_server(silent)
    proxy, statuses = logged(server, **options)
    watch = Stopwatch()
    assert get(proxy.address()).status == 504
    assert 0.25 < watch.seconds < 2
    wait_until(lambda: hasattr(asked_at(server), "left"), 3, "the end of the server's connection")
    assert statuses(1) == [504]


@pytest.mark.parametrize("options", [{"upstream": {"timeouts": {"read": "300ms"}}},
                                     {"routes": [{"upstream": "pool", "timeouts": {"read": "300ms"}}]}])
def test_a_server_that_stops_in_its_body_is_let_go_and_the_client_sees_it(logged, recording_server, options):
    def handle(wire):
        wire.read_head()
        wire.asked = True
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        wire.read_to_end()
        wire.left = True
    server = recording_server(handle)
    proxy, _ = logged(server, **options)
    with connect(proxy.address()) as wire:
        watch = Stopwatch()
        wire.send(GET)
        with pytest.raises((EOFError, ConnectionError)):
            wire.read_answer()
        assert 0.25 < watch.seconds < 2
    wait_until(lambda: hasattr(asked_at(server), "left"), 3, "the end of the server's connection")


def test_a_route_may_wait_longer_than_its_upstream(logged, recording_server):
    def handle(wire):
        wire.read_head()
        wait_quietly(wire, 0.8)
        wire.send(OK)
        wire.read_to_end()
    proxy, _ = logged(recording_server(handle), upstream={"timeouts": {"response_head": "200ms"}, "retry": {"attempts": 1}},
                      routes=[{"upstream": "pool", "match": {"path": "/slow"}, "timeouts": {"response_head": "5s"}},
                              {"upstream": "pool"}])
    assert get(proxy.address(), "/slow").status == 200
    assert get(proxy.address(), "/other").status == 504


def test_a_client_that_reads_slowly_but_reads_is_no_slow_server(logged, marking_server):
    proxy, statuses = logged(marking_server({"/poll": lambda wire, _: wire.send(framed(200, b"x" * 30_000_000))}),
                             upstream={"timeouts": {"read": "1s"}})
    pause = threading.Event()
    with connect(proxy.address()) as wire:
        wire.send(GET)
        wire.read_until(b"\r\n\r\n")
        for _ in range(30):
            assert len(wire.read_exactly(1_000_000)) == 1_000_000
            pause.wait(0.1)
    assert statuses(1) == [200]


def test_what_a_leaving_client_had_pipelined_is_not_asked(logged, recording_server):
    released = threading.Event()

    def handle(wire):
        wire.read_head()
        wire.asked = True
        released.wait(10)
        wire.send(OK)
        while wire.read_head():
            wire.send(OK)
    server = recording_server(handle)
    proxy, statuses = logged(server)
    with connect(proxy.address()) as wire:
        wire.send(GET + b"GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n")
        asked_at(server)
        wire.reset()
    released.set()
    statuses(1)
    assert get(proxy.address()).status == 200
    assert b"/next" not in server.received()
