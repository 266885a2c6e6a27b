"""Servers that fail are left alone for a while and asked again with care; what is no failure of theirs is not held against
them."""
import pytest

from harness.configuration import relay_to
from harness.crowd import Crowd, shares, statuses
from harness.flaky_server import (answers, good, hangs_up, is_silent, resets, upgrades_and_closes_well, upgrades_and_hangs_up,
                                  upgrades_and_resets)
from harness.log_lines import EJECTED, RECOVERED, of
from harness.raw_client import connect, get, handshake_bytes, open_websocket
from harness.waiting import Stopwatch, wait_until

RETRY = {"attempts": 10, "budget": "off", "backoff": {"base": "1ms", "max": "2ms"}}


def guarded(*servers, top=None, upstream=None, **breaker):
    """An upstream whose sessions may be tried at any server, as often as there are servers."""
    addresses = [server if isinstance(server, (str, dict)) else server.address for server in servers]
    return relay_to(*addresses, upstream={"circuit_breaker": breaker, "retry": RETRY,
                                          **(upstream or {})}, **(top or {}))


def visit(proxy, count=1):
    """Sessions one after another, each closed before the next; their visits."""
    found = []
    for _ in range(count):
        with Crowd(proxy.address()) as crowd:
            found += crowd.open(1)
    return found


def polite_visit(proxy):
    """A session that ends with a Close each way."""
    with open_websocket(proxy.address()) as wire:
        wire.send_close()
        assert wire.is_over()


def visit_until(proxy, condition, what, timeout=10):
    def once():
        visit(proxy)
        return condition()
    return wait_until(once, timeout, what)


def eject(proxy, server):
    """Sessions one after another until it is ejected; those that it takes last until it ends them."""
    def once():
        with connect(proxy.address()) as wire:
            wire.send(handshake_bytes())
            head = wire.read_head()
            if head.status == 101 and head.get("x-server") == server.name:
                assert wire.is_over()
        return proxy.log.count(of(EJECTED, server))
    wait_until(once, 10, f"{server.name} to be ejected")


@pytest.mark.parametrize("failure", [answers(503), answers(500), resets, hangs_up, upgrades_and_hangs_up, upgrades_and_resets],
                         ids=["503", "500", "reset", "end", "ends after 101", "reset after 101"])
def test_five_failures_in_a_row_eject_a_server(hawser, flaky_server, failure):
    failing, well = flaky_server("failing", failure), flaky_server("well")
    proxy = hawser(guarded(failing, well))
    eject(proxy, failing)
    assert len(failing.heads) == 5
    assert shares(visit(proxy, 20)) == {"well": 20}
    assert len(failing.heads) == 5, "nothing reaches it while it is ejected"
    assert proxy.log.count(of(EJECTED, failing)) == 1 and proxy.log.count(of(EJECTED, well)) == 0


def test_a_refusing_server_is_ejected(hawser, flaky_server, refusing):
    well = flaky_server("well")
    proxy = hawser(guarded(refusing, well))
    visit_until(proxy, lambda: proxy.log.count(of(EJECTED, refusing)), "the refusing server to be ejected")
    failures = proxy.log.count(of("cannot connect to a server", refusing))
    assert shares(visit(proxy, 20)) == {"well": 20}
    assert proxy.log.count(of("cannot connect to a server", refusing)) == failures == 5


def test_a_server_that_does_not_answer_in_time_is_ejected(hawser, flaky_server):
    silent, well = flaky_server("silent", is_silent), flaky_server("well")
    proxy = hawser(guarded(silent, well, consecutive_failures=2, upstream={"timeouts": {"response_head": "200ms"}}))
    eject(proxy, silent)
    assert len(silent.heads) == 2


def fails_unless(succeeds):
    """A behaviour and the numbers of the requests it saw, from 1: those that `succeeds` names end with a clean Close."""
    numbers = []

    def behave(server, wire, head):
        numbers.append(len(numbers) + 1)
        (upgrades_and_closes_well if succeeds(numbers[-1]) else answers(503))(server, wire, head)
    return behave, numbers


def test_one_success_starts_the_count_anew(hawser, flaky_server):
    behaviour, numbers = fails_unless(lambda number: number % 5 == 0)
    moody, well = flaky_server("moody", behaviour), flaky_server("well")
    proxy = hawser(guarded(moody, well))
    wait_until(lambda: polite_visit(proxy) or len(numbers) >= 40, 20, "40 requests at it")
    assert proxy.log.count(EJECTED) == 0


def test_a_share_of_failures_ejects_when_it_is_asked_for(hawser, flaky_server):
    behaviour, numbers = fails_unless(lambda number: number % 2 == 0)
    moody, well = flaky_server("moody", behaviour), flaky_server("well")
    proxy = hawser(guarded(moody, well, consecutive_failures="off", failure_ratio="50%", min_attempts=10))
    wait_until(lambda: polite_visit(proxy) or proxy.log.count(of(EJECTED, moody)), 10, "the ejection")
    assert 10 <= len(numbers) <= 12, "fewer attempts say nothing"


def test_a_breaker_that_is_off_ejects_nobody(hawser, flaky_server):
    failing, well = flaky_server("failing", answers(503)), flaky_server("well")
    proxy = hawser(guarded(failing, well, consecutive_failures="off"))
    assert shares(visit(proxy, 40)) == {"well": 40}
    assert len(failing.heads) >= 15 and proxy.log.count(EJECTED) == 0


def test_a_server_that_was_repaired_comes_back_by_one_probe(hawser, flaky_server):
    failing, well = flaky_server("failing", answers(503)), flaky_server("well")
    proxy = hawser(guarded(failing, well, eject="500ms"))
    eject(proxy, failing)
    failing.behaviour = good
    before = len(failing.heads)
    with Crowd(proxy.address()) as crowd:
        # Sessions that stay: the probe is proven when it lived for its first second.
        wait_until(lambda: crowd.open(1) and len(failing.heads) > before, 10, "the probe")
        assert failing.times[before] - failing.times[before - 1] > 0.49, "not before its time is over"
        others = crowd.open(10)
        assert shares(others) == {"well": 10}, "one probe at a time"
        proxy.log.wait_for(of(RECOVERED, failing), 10)
        assert set(shares(crowd.open(20))) == {"failing", "well"}


def test_a_probe_that_fails_ejects_again_and_for_twice_as_long(hawser, flaky_server):
    failing, well = flaky_server("failing", answers(503)), flaky_server("well")
    proxy = hawser(guarded(failing, well, eject="200ms", max_eject="1s"))
    visit_until(proxy, lambda: len(failing.heads) >= 10, "five probes", 20)
    gaps = [later - earlier for earlier, later in zip(failing.times[4:], failing.times[5:])]
    # 0.2, 0.4, 0.8, then 1 s is the most; jitter adds up to a fifth. The server's own clock is a little late.
    assert all(gap >= wanted - 0.03 for gap, wanted in zip(gaps, (0.2, 0.4, 0.8, 1.0, 1.0))), gaps
    assert all(gap <= wanted + 0.4 for gap, wanted in zip(gaps, (0.24, 0.48, 0.96, 1.0, 1.0))), gaps
    assert proxy.log.count(RECOVERED) == 0


@pytest.mark.parametrize("share, most", [("50%", 2), ("25%", 1), ("1%", 1), ("100%", 4)])
def test_never_more_than_max_ejected_are_out(hawser, flaky_server, share, most):
    servers = [flaky_server(name, answers(503)) for name in "abcd"]
    proxy = hawser(guarded(*servers, max_ejected=share))
    visit(proxy, 40)
    assert proxy.log.count(EJECTED) == most
    asked = [len(server.heads) for server in servers]
    visit(proxy, 10)
    assert sum(len(server.heads) > before for server, before in zip(servers, asked)) == 4 - most, "the others go on"


def test_at_least_one_may_be_ejected_of_two(hawser, flaky_server):
    failing, well = flaky_server("failing", answers(503)), flaky_server("well")
    proxy = hawser(guarded(failing, well, max_ejected="10%"))
    eject(proxy, failing)


def test_when_all_are_ejected_503_comes_at_once(hawser, flaky_server):
    servers = [flaky_server(name, answers(503)) for name in "ab"]
    proxy = hawser(guarded(*servers, max_ejected="100%"))
    visit_until(proxy, lambda: proxy.log.count(EJECTED) == 2, "both to be ejected")
    asked = sum(len(server.heads) for server in servers)
    watch = Stopwatch()
    answer = get(proxy.address())
    assert answer.status == 503 and watch.seconds < 0.5
    assert int(answer.get("retry-after")) >= 0
    assert sum(len(server.heads) for server in servers) == asked


def test_all_down_by_command_is_503_at_once(hawser, flaky_server):
    down = [{"address": flaky_server(name).address, "state": "down"} for name in "ab"]
    proxy = hawser(guarded(*down))
    for _ in range(3):
        watch = Stopwatch()
        answer = get(proxy.address())
        assert answer.status == 503 and watch.seconds < 0.5
        assert answer.get("retry-after") is not None


def test_a_clean_close_is_no_failure_however_soon(hawser, flaky_server):
    polite = flaky_server("polite", upgrades_and_closes_well)
    proxy = hawser(guarded(polite, consecutive_failures=2))
    for _ in range(10):
        with open_websocket(proxy.address()) as wire:
            assert wire.read_close_code() == 1000
            wire.send_close()
            assert wire.is_over()
    assert proxy.log.count(EJECTED) == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 426, 429])
def test_a_refusal_of_the_client_is_no_failure(hawser, flaky_server, status):
    firm = flaky_server("firm", answers(status))
    proxy = hawser(guarded(firm, consecutive_failures=2))
    assert statuses(visit(proxy, 10)) == {status: 10}
    assert proxy.log.count(EJECTED) == 0


def test_a_client_that_goes_away_is_no_failure(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(guarded(server, consecutive_failures=2))
    for _ in range(5):
        wire = open_websocket(proxy.address())
        wire.reset()
        open_websocket(proxy.address()).close()
    server.behaviour = is_silent
    for _ in range(5):
        asked = len(server.heads)
        with connect(proxy.address()) as wire:
            wire.send(handshake_bytes())
            wait_until(lambda: len(server.heads) > asked, 5, "the request at the server")
            wire.reset()
    server.behaviour = good
    assert statuses(visit(proxy, 3)) == {101: 3}
    assert proxy.log.count(EJECTED) == 0


def test_a_session_that_ends_after_its_first_second_is_no_failure(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(guarded(server, consecutive_failures=2))
    with Crowd(proxy.address()) as crowd:
        assert statuses(crowd.open(10)) == {101: 10}
        watch = Stopwatch()
        wait_until(lambda: watch.seconds > 1.2, 5, "the first second of all to be over")
        server.cut()
        assert statuses(visit(proxy, 3)) == {101: 3}
    assert proxy.log.count(EJECTED) == 0


def test_an_ejection_survives_a_reload(hawser, flaky_server):
    failing, well = flaky_server("failing", answers(503)), flaky_server("well")
    configuration = guarded(failing, well)
    proxy = hawser(configuration)
    eject(proxy, failing)
    failing.behaviour = good
    proxy.reload(configuration)
    assert shares(visit(proxy, 20)) == {"well": 20}
    configuration["upstreams"]["pool"]["balance"] = "least_connections"
    proxy.reload(configuration)
    assert shares(visit(proxy, 20)) == {"well": 20}
    assert len(failing.heads) == 5


def test_failures_counted_before_a_reload_count_after_it(hawser, flaky_server):
    failing, well = flaky_server("failing", answers(503)), flaky_server("well")
    configuration = guarded(failing, well)
    proxy = hawser(configuration)
    visit_until(proxy, lambda: len(failing.heads) == 3, "three failures")
    proxy.reload(configuration)
    eject(proxy, failing)
    assert len(failing.heads) == 5


def test_workers_share_what_they_learnt(hawser, flaky_server):
    failing, well = flaky_server("failing", answers(503)), flaky_server("well")
    proxy = hawser(guarded(failing, well, top={"workers": 4}))
    eject(proxy, failing)
    with Crowd(proxy.address()) as crowd:
        assert shares(crowd.open(100)) == {"well": 100}
    assert len(failing.heads) == 5
