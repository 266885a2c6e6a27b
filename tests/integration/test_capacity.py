"""How much a server is given: max_sessions and the queue behind it, backups, slow starts, and servers taken out by hand."""
import select

import pytest

from harness.configuration import relay_to
from harness.crowd import Crowd, shares, statuses
from harness.flaky_server import answers, good
from harness.log_lines import IS_DOWN, IS_UP, of
from harness.process_facts import is_at_rest, unread_bytes
from harness.raw_client import connect, get, handshake_bytes, open_websocket
from harness.waiting import Stopwatch, wait_until

WORKERS = 4


def limited(*servers, most=1, queue=None, workers=WORKERS, **upstream):
    """Servers that take `most` sessions each."""
    settings = {**({"queue": queue} if queue else {}), **upstream}
    return relay_to(*[{"address": server.address, "max_sessions": most} for server in servers], upstream=settings,
                    workers=workers)


def has_no_room(proxy):
    """Asked with a plain request, which takes a place for a moment only."""
    return get(proxy.address()).status == 503


class Waiter:
    """A client that has asked for an upgrade and stands in the queue when this returns."""

    def __init__(self, proxy):
        self.wire = connect(proxy.address())
        self.wire.send(handshake_bytes())
        own = self.wire.socket.getsockname()
        wait_until(lambda: unread_bytes(proxy.address(), own) == 0 and is_at_rest(proxy.pid), 10, "the request to be read")

    def is_answered(self):
        return bool(select.select([self.wire.socket], [], [], 0)[0])

    def status(self):
        return self.wire.read_head().status

    def close(self):
        self.wire.close()


def test_max_sessions_is_never_exceeded_by_workers_together(hawser, flaky_server):
    servers = [flaky_server(name) for name in "ab"]
    proxy = hawser(limited(*servers, most=10))
    with Crowd(proxy.address()) as crowd:
        assert statuses(crowd.open(200, in_flight=100)) == {101: 20, 503: 180}
        assert [server.open for server in servers] == [10, 10]


def test_max_sessions_is_each_server_s_own(hawser, flaky_server):
    small, big = flaky_server("small"), flaky_server("big")
    proxy = hawser(relay_to({"address": small.address, "max_sessions": 3}, {"address": big.address, "max_sessions": 12}))
    with Crowd(proxy.address()) as crowd:
        assert shares(visit for visit in crowd.open(40) if visit.status == 101) == {"small": 3, "big": 12}


def test_a_full_server_is_refused_with_503_and_retry_after(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(limited(server))
    with open_websocket(proxy.address()):
        watch = Stopwatch()
        answer = get(proxy.address())
        assert answer.status == 503 and watch.seconds < 0.5
        assert int(answer.get("retry-after")) >= 0
        assert len(server.heads) == 1
    wait_until(lambda: not has_no_room(proxy), 5, "its place to be free")


def test_places_are_neither_lost_nor_won_in_many_rounds(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(limited(server, most=7))
    for _ in range(20):
        with Crowd(proxy.address()) as crowd:
            assert statuses(crowd.open(30, in_flight=30))[101] == 7
        wait_until(lambda: not has_no_room(proxy) and is_at_rest(proxy.pid), 5, "places to be free")
        wait_until(lambda: server.open == 0, 5, "the server's sessions to end")


def test_max_sessions_counts_those_from_before_a_reload(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(limited(server, most=5))
    with Crowd(proxy.address()) as crowd:
        assert statuses(crowd.open(5)) == {101: 5}
        proxy.reload(limited(server, most=5))
        assert has_no_room(proxy)
        proxy.reload(limited(server, most=8))
        assert statuses(crowd.open(10)) == {101: 3, 503: 7}


def test_the_queue_is_first_come_first_served_whatever_the_worker(hawser, flaky_server):
    proxy = hawser(limited(flaky_server("server"), queue={"size": 20, "timeout": "30s"}))
    holder = open_websocket(proxy.address())
    waiters = [Waiter(proxy) for _ in range(12)]
    assert not any(waiter.is_answered() for waiter in waiters)
    for number, waiter in enumerate(waiters):
        holder.close()
        assert waiter.status() == 101, f"waiter {number}"
        assert not any(later.is_answered() for later in waiters[number + 1:])
        holder = waiter.wire
    holder.close()


def test_the_queue_is_bounded(hawser, flaky_server):
    proxy = hawser(limited(flaky_server("server"), queue={"size": 3, "timeout": "30s"}))
    with open_websocket(proxy.address()) as holder:
        waiters = [Waiter(proxy) for _ in range(3)]
        watch = Stopwatch()
        answer = get(proxy.address())
        assert answer.status == 503 and watch.seconds < 0.5
        assert answer.get("retry-after") is not None
        assert not any(waiter.is_answered() for waiter in waiters)
        holder.close()
        assert waiters[0].status() == 101
        assert Waiter(proxy).is_answered() is False, "there is a place in the queue again"


def test_the_queue_is_bounded_under_parallel_load(hawser, flaky_server):
    proxy = hawser(limited(flaky_server("server"), most=5, queue={"size": 10, "timeout": "700ms"}))
    with Crowd(proxy.address()) as crowd:
        visits = crowd.open(100, in_flight=100)
        assert statuses(visits) == {101: 5, 503: 95}
        waited = [visit for visit in visits if visit.status == 503 and visit.seconds > 0.6]
        assert len(waited) == 10


def test_who_waits_too_long_gets_503_and_retry_after(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(limited(server, queue={"size": 5, "timeout": "300ms"}))
    with open_websocket(proxy.address()):
        watch = Stopwatch()
        answer = get(proxy.address())
        assert answer.status == 503 and 0.29 < watch.seconds < 2
        assert int(answer.get("retry-after")) >= 0
    assert len(server.heads) == 1


def test_a_client_that_leaves_the_queue_is_forgotten(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(limited(server, queue={"size": 2, "timeout": "30s"}))
    holder = open_websocket(proxy.address())
    leaver, stayer = Waiter(proxy), Waiter(proxy)
    assert has_no_room(proxy), "the queue is full"
    leaver.close()
    latest = []

    def can_wait():
        latest.append(Waiter(proxy))
        return not latest[-1].is_answered()
    wait_until(can_wait, 5, "the place in the queue that was left")
    holder.close()
    assert stayer.status() == 101
    stayer.close()
    assert latest[-1].status() == 101
    assert len(server.heads) == 3, "the server never heard of the one that left"


def test_a_waiter_on_any_worker_gets_the_place_at_once(hawser, flaky_server):
    """Not at its worker's next timer: the whole row passes in a moment."""
    proxy = hawser(limited(flaky_server("server"), queue={"size": 50, "timeout": "30s"}))
    holder = open_websocket(proxy.address())
    waiters = [Waiter(proxy) for _ in range(20)]
    assert not any(waiter.is_answered() for waiter in waiters)
    watch = Stopwatch()
    for waiter in waiters:
        holder.close()
        assert waiter.status() == 101
        holder = waiter.wire
    holder.close()
    assert watch.seconds < 2


def test_plain_requests_wait_in_the_same_row(hawser, flaky_server):
    proxy = hawser(limited(flaky_server("server"), queue={"size": 5, "timeout": "30s"}))
    with open_websocket(proxy.address()) as holder, connect(proxy.address()) as plain:
        plain.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: unread_bytes(proxy.address(), plain.socket.getsockname()) == 0 and is_at_rest(proxy.pid), 5,
                   "the request to be read")
        behind = Waiter(proxy)
        assert not behind.is_answered() and not select.select([plain.socket], [], [], 0)[0]
        holder.close()
        assert plain.read_answer().status == 200
        assert behind.status() == 101


def test_a_reload_leaves_the_row_as_it_is(hawser, flaky_server):
    configuration = limited(flaky_server("server"), queue={"size": 20, "timeout": "30s"})
    proxy = hawser(configuration)
    holder = open_websocket(proxy.address())
    waiters = [Waiter(proxy) for _ in range(3)]
    proxy.reload(configuration)
    waiters += [Waiter(proxy) for _ in range(3)]
    for number, waiter in enumerate(waiters):
        holder.close()
        assert waiter.status() == 101, f"waiter {number}"
        assert not any(later.is_answered() for later in waiters[number + 1:])
        holder = waiter.wire
    holder.close()


def test_a_reload_that_makes_room_lets_waiters_in(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(limited(server, queue={"size": 20, "timeout": "30s"}))
    with open_websocket(proxy.address()):
        waiters = [Waiter(proxy) for _ in range(3)]
        proxy.reload(limited(server, most=3, queue={"size": 20, "timeout": "30s"}))
        assert [waiters[0].status(), waiters[1].status()] == [101, 101]
        assert not waiters[2].is_answered()


def test_nobody_waits_when_no_server_is_left_at_all(hawser, flaky_server):
    """The queue is for full servers, not for lost ones."""
    down = {"address": flaky_server("down").address, "state": "down"}
    proxy = hawser(relay_to(down, upstream={"queue": {"size": 5, "timeout": "30s"}}))
    watch = Stopwatch()
    assert get(proxy.address()).status == 503
    assert watch.seconds < 0.5


def with_backup(main, spare, **upstream):
    return relay_to(main.address, {"address": spare.address, "backup": True}, upstream=upstream)


def test_a_backup_serves_only_when_no_other_server_is_left(hawser, flaky_server):
    main, spare = flaky_server("main"), flaky_server("spare")
    proxy = hawser(with_backup(main, spare, circuit_breaker={"eject": "300ms", "max_ejected": "100%"}))
    with Crowd(proxy.address()) as crowd:
        assert shares(crowd.open(20)) == {"main": 20}
        assert not spare.connections
        main.behaviour = answers(503)
        assert statuses(crowd.open(20)) == {101: 20}
        assert len(spare.heads) == 20
        main.behaviour = good
        wait_until(lambda: shares(crowd.open(1)) == {"main": 1}, 10, "the main server to be back")
        wait_until(lambda: shares(crowd.open(10)) == {"main": 10}, 10, "the backup to rest again")


def test_a_backup_serves_when_checks_found_the_others_down(hawser, flaky_server):
    main, spare = flaky_server("main", answers(503)), flaky_server("spare", answers(200))
    proxy = hawser(with_backup(main, spare, health_check={"type": "http", "interval": "100ms"}))
    proxy.log.wait_for(of(IS_DOWN, main), 10)
    main.behaviour = spare.behaviour = good
    asked = len(spare.heads)
    proxy.log.wait_for(of(IS_UP, main), 10)
    assert get(proxy.address()).body == b"main"
    assert asked > 0


def test_several_backups_share_as_other_servers_do(hawser, flaky_server, refusing):
    spares = [flaky_server(name) for name in "xy"]
    backups = [{"address": spare.address, "backup": True} for spare in spares]
    proxy = hawser(relay_to({"address": refusing, "state": "down"}, *backups))
    with Crowd(proxy.address()) as crowd:
        assert shares(crowd.open(20)) == {"x": 10, "y": 10}


def go_down_and_up(proxy, server):
    """As the server's health checks see it."""
    proxy.address()
    server.behaviour = answers(503)
    proxy.log.wait_for(of(IS_DOWN, server), 10)
    start = proxy.log.position()
    server.behaviour = good
    proxy.log.wait_for(of(IS_UP, server), 10, start)


def slow_starting(*servers, sessions=40, **upstream):
    check = {"type": "http", "interval": "100ms", "rise": 1, "fall": 1}
    return relay_to(*[server.address for server in servers],
                    upstream={"slow_start": sessions, "health_check": check, **upstream})


def test_a_server_that_comes_back_gets_a_growing_share(hawser, flaky_server):
    """From a tenth of its share to all of it over its first 40 sessions: about 205 of the group's for two equal ones."""
    back, steady = flaky_server("back"), flaky_server("steady")
    proxy = hawser(slow_starting(back, steady))
    go_down_and_up(proxy, back)
    with Crowd(proxy.address()) as crowd:
        first, middle, last = (shares(crowd.open(count, in_flight=1))["back"] for count in (40, 200, 40))
    assert 1 <= first <= 10
    assert 30 <= middle <= 90
    assert 18 <= last <= 22


def test_an_ejected_server_comes_back_slowly_too(hawser, flaky_server):
    back, steady = flaky_server("back", answers(503)), flaky_server("steady")
    proxy = hawser(relay_to(back.address, steady.address, upstream={
        "slow_start": 40, "circuit_breaker": {"eject": "200ms"}, "retry": {"budget": "off"}}))
    with Crowd(proxy.address()) as crowd:
        wait_until(lambda: crowd.open(1) and proxy.log.count("server ejected"), 10, "the ejection")
        back.behaviour = good
        wait_until(lambda: crowd.open(1) and len(back.heads) > 5, 10, "the probe")
        proxy.log.wait_for("server recovered", 10)
        first = shares(crowd.open(40, in_flight=1))["back"]
        crowd.open(220)
        last = shares(crowd.open(40, in_flight=1))["back"]
    assert 1 <= first <= 10
    assert 18 <= last <= 22


def test_the_only_server_left_is_never_held_back(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(slow_starting(server, sessions=1000))
    go_down_and_up(proxy, server)
    with Crowd(proxy.address()) as crowd:
        assert statuses(crowd.open(50)) == {101: 50}


def test_a_server_is_not_held_back_at_the_start(hawser, flaky_server):
    servers = [flaky_server(name) for name in "ab"]
    proxy = hawser(relay_to(*[server.address for server in servers], upstream={"slow_start": 1000}))
    with Crowd(proxy.address()) as crowd:
        assert shares(crowd.open(20)) == {"a": 10, "b": 10}


@pytest.mark.parametrize("state", ["drain", "down"])
def test_a_server_taken_out_keeps_its_sessions_and_gets_no_new_one(hawser, flaky_server, state):
    out, other = flaky_server("out"), flaky_server("other")
    proxy = hawser(relay_to(out.address, other.address))
    with Crowd(proxy.address()) as crowd:
        assert shares(crowd.open(10)) == {"out": 5, "other": 5}
        with open_websocket(proxy.address()) as first, open_websocket(proxy.address()) as second:
            wire = first if first.upgrade.get("x-server") == "out" else second
            proxy.reload(relay_to({"address": out.address, "state": state}, other.address))
            assert shares(crowd.open(20)) == {"other": 20}
            wire.send_text("still here")
            assert wire.read_text() == "still here"
            proxy.reload(relay_to(out.address, other.address))
            assert shares(crowd.open(20)) == {"out": 10, "other": 10}


def test_a_server_may_start_taken_out(hawser, flaky_server):
    out, other = flaky_server("out"), flaky_server("other")
    proxy = hawser(relay_to({"address": out.address, "state": "drain"}, other.address))
    with Crowd(proxy.address()) as crowd:
        assert shares(crowd.open(10)) == {"other": 10}
    assert not out.connections
