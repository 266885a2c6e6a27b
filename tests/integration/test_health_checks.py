"""Active checks: what each kind finds, when a server counts as down and as up again, and what that does to sessions."""
import threading

import pytest

from harness.configuration import relay_to
from harness.crowd import Crowd, shares
from harness.flaky_server import (answer, answers, echo, good, good_after, hangs_up, is_silent, resets,
                                  upgrades_and_hangs_up, upgrades_and_hears_nothing, wait_quietly)
from harness.log_lines import IS_DOWN, IS_UP, of
from harness.raw_client import accept_key, get, open_websocket
from harness.recording_server import upgrade_answer
from harness.waiting import Stopwatch, wait_until

QUICK = {"interval": "100ms", "timeout": "300ms"}
# Sessions alone would eject a server too; here only the checks may speak.
NEVER_EJECT = {"circuit_breaker": {"consecutive_failures": "off"}}


def checked(*servers, top=None, upstream=None, **check):
    addresses = [server if isinstance(server, (str, dict)) else server.address for server in servers]
    return relay_to(*addresses, upstream={"health_check": {**QUICK, **check}, **NEVER_EJECT, **(upstream or {})},
                    **(top or {}))


def session_shares(proxy, count):
    with Crowd(proxy.address()) as crowd:
        return shares(crowd.open(count))


def wait_for_check(server, more=1):
    seen = len(server.connections)
    wait_until(lambda: len(server.connections) >= seen + more, 10, f"{more} checks at {server.name}")


def wait_for_checks(server, count):
    wait_until(lambda: len(server.heads) >= count, 20, f"{count} checks at {server.name}")


class Sequence:
    """A behaviour that succeeds (S) and fails (F) by a plan, then succeeds; `done` is how many requests it answered."""

    def __init__(self, plan, succeeds=good, fails=answers(503)):
        self._plan, self._succeeds, self._fails = plan, succeeds, fails
        self._guard = threading.Lock()
        self.done = 0

    def __call__(self, server, wire, head):
        with self._guard:
            step = self._plan[self.done] if self.done < len(self._plan) else "S"
            self.done += 1
        (self._succeeds if step == "S" else self._fails)(server, wire, head)


def test_a_tcp_check_finds_a_port_that_refuses(hawser, flaky_server, refusing):
    well = flaky_server("well")
    proxy = hawser(checked(refusing, well, type="tcp"))
    proxy.log.wait_for(of(IS_DOWN, refusing), 10)
    assert session_shares(proxy, 10) == {"well": 10}
    assert proxy.log.count("cannot connect to a server.*session") == 0
    assert proxy.log.count(of(IS_DOWN, well)) == 0


def test_a_tcp_check_says_nothing_to_the_server(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(checked(server, type="tcp"))
    proxy.address()
    wait_for_check(server, 5)
    assert server.received() == b""
    assert proxy.log.count(IS_DOWN) == 0


@pytest.mark.parametrize("behaviour", [is_silent, hangs_up, resets, answers(200), answers(503)],
                         ids=["silent", "end", "reset", "200", "503"])
def test_a_server_that_accepts_but_never_upgrades_is_found_by_the_websocket_check(hawser, flaky_server, behaviour):
    deaf, well = flaky_server("deaf", behaviour), flaky_server("well")
    proxy = hawser(checked(deaf, well, type="websocket"))
    proxy.log.wait_for(of(IS_DOWN, deaf), 10)
    assert session_shares(proxy, 10) == {"well": 10}
    assert proxy.log.count(of(IS_DOWN, well)) == 0


def test_a_server_that_accepts_but_never_upgrades_is_not_found_by_the_tcp_check(hawser, flaky_server):
    deaf = flaky_server("deaf", is_silent)
    proxy = hawser(checked(deaf, type="tcp", fall=1))
    proxy.address()
    wait_for_check(deaf, 5)
    assert proxy.log.count(IS_DOWN) == 0


@pytest.mark.parametrize("behaviour", [upgrades_and_hears_nothing, upgrades_and_hangs_up], ids=["no pong", "ends"])
def test_a_server_that_upgrades_but_never_answers_a_ping_is_found(hawser, flaky_server, behaviour):
    deaf, well = flaky_server("deaf", behaviour), flaky_server("well")
    proxy = hawser(checked(deaf, well, type="websocket"))
    proxy.log.wait_for(of(IS_DOWN, deaf), 10)
    assert session_shares(proxy, 10) == {"well": 10}


def wrong_accept_key(server, wire, head):
    wire.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              b"Sec-WebSocket-Accept: " + accept_key("another key").encode() + b"\r\n\r\n")
    wire.read_to_end()


def test_a_wrong_accept_key_fails_the_websocket_check(hawser, flaky_server):
    proxy = hawser(checked(flaky_server("wrong", wrong_accept_key), type="websocket"))
    proxy.log.wait_for(IS_DOWN, 10)


def speaks(subprotocol):
    def behave(server, wire, head):
        wire.send(upgrade_answer(head, [("Sec-WebSocket-Protocol", subprotocol)]))
        echo(wire)
    return behave


def test_the_websocket_check_offers_a_subprotocol_and_wants_it_chosen(hawser, flaky_server):
    right, wrong, none = (flaky_server("right", speaks("chat.v2")), flaky_server("wrong", speaks("chat.v1")),
                          flaky_server("none"))
    proxy = hawser(checked(right, wrong, none, type="websocket", subprotocol="chat.v2"))
    proxy.log.wait_for(of(IS_DOWN, wrong), 10)
    proxy.log.wait_for(of(IS_DOWN, none), 10)
    assert {head.get("sec-websocket-protocol") for head in right.heads} == {"chat.v2"}
    assert proxy.log.count(of(IS_DOWN, right)) == 0


def test_the_websocket_check_sends_a_text_and_expects_another(hawser, flaky_server):
    """An echo server answers what it was sent: right for one upstream, wrong for another."""
    server = flaky_server("server")
    hears = hawser(checked(server, type="websocket", send="are you well?", receive="you well"))
    misses = hawser(checked(server, type="websocket", send="are you well?", receive="I am"))
    misses.log.wait_for(IS_DOWN, 10)
    assert hears.log.count(IS_DOWN) == 0
    assert get(hears.address()).status == 200 and get(misses.address()).status == 503


def test_the_websocket_check_is_a_handshake_as_a_client_s(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(checked(server, type="websocket", path="/health?deep=1", host="chat.test",
                           headers={"X-Checker": "hawser"}))
    proxy.address()
    wait_for_checks(server, 3)
    for head in server.heads[:3]:
        assert head.start_line == "GET /health?deep=1 HTTP/1.1"
        assert (head.get("host"), head.get("x-checker")) == ("chat.test", "hawser")
        assert (head.get("upgrade").lower(), head.get("sec-websocket-version")) == ("websocket", "13")
    assert len({head.get("sec-websocket-key") for head in server.heads[:3]}) == 3, "a fresh key each time"


@pytest.mark.parametrize("status, expect, is_well", [
    (200, None, True), (399, None, True), (404, None, False), (503, None, False), (404, "404", True),
    (204, "200-203, 205-299", False), (206, "200-203, 205-299", True)])
def test_an_http_check_judges_the_status(hawser, flaky_server, status, expect, is_well):
    server, other = flaky_server("server", answers(status)), flaky_server("other", answers(500))
    proxy = hawser(checked(server, other, type="http", fall=3, **({"expect": expect} if expect else {})))
    proxy.log.wait_for(of(IS_DOWN, other), 10)
    wait_for_checks(server, len(other.heads) + 3)
    wait_until(lambda: bool(proxy.log.count(of(IS_DOWN, server))) != is_well, 5, "the verdict")


def page(*parts):
    def behave(server, wire, head):
        wire.send(answer(200, body=b"".join(parts)))
    return behave


def test_an_http_check_looks_for_a_text_within_the_body(hawser, flaky_server):
    well = flaky_server("well", page(b"x" * 40_000, b"status: fine", b"x" * 5000))
    ill = flaky_server("ill", page(b"x" * 40_000, b"status: bad", b"x" * 5000))
    proxy = hawser(checked(well, ill, type="http", body="status: fine"))
    proxy.log.wait_for(of(IS_DOWN, ill), 10)
    assert proxy.log.count(of(IS_DOWN, well)) == 0


def test_an_http_check_says_what_it_is_told_to(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(checked(server, type="http", path="/live?x=1", method="HEAD", host="chat.test",
                           headers={"X-Token": "secret", "X-Other": "1"}))
    proxy.address()
    wait_for_checks(server, 2)
    head = server.heads[1]
    assert head.start_line == "HEAD /live?x=1 HTTP/1.1"
    assert (head.get("host"), head.get("x-token"), head.get("x-other")) == ("chat.test", "secret", "1")


def test_the_host_of_a_check_is_the_server_s_name(hawser, flaky_server):
    server = flaky_server("server")
    hawser(checked(server, type="http")).address()
    wait_for_checks(server, 1)
    assert server.heads[0].get("host") == server.address


def test_a_check_may_ask_at_another_port(hawser, flaky_server):
    server, its_checker = flaky_server("server"), flaky_server("checker", answers(200))
    proxy = hawser(checked(server, type="http", port=its_checker.port, rise=1, fall=1))
    proxy.address()
    wait_for_checks(its_checker, 2)
    assert not server.connections, "its own port is left alone"
    its_checker.behaviour = answers(503)
    proxy.log.wait_for(of(IS_DOWN, server), 10)
    its_checker.behaviour = answers(200)
    proxy.log.wait_for(of(IS_UP, server), 10)


def test_a_check_that_takes_too_long_fails(hawser, flaky_server):
    slow, quick = flaky_server("slow", good_after(1.0)), flaky_server("quick", good_after(0.02))
    proxy = hawser(checked(slow, quick, type="http", timeout="200ms"))
    proxy.log.wait_for(of(IS_DOWN, slow), 10)
    assert proxy.log.count(of(IS_DOWN, quick)) == 0


def test_an_answer_that_trickles_in_is_cut_off_by_the_time_out_of_the_whole_check(hawser, flaky_server):
    def trickles(server, wire, head):
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
            wire.send(bytes([byte]))
            wait_quietly(wire, 0.05)
    proxy = hawser(checked(flaky_server("slow", trickles), type="http", fall=1, timeout="300ms"))
    proxy.log.wait_for(IS_DOWN, 5)


@pytest.mark.parametrize("check", [{"type": "http"}, {"type": "websocket"}], ids=["http", "websocket"])
def test_fall_and_rise_are_exact(hawser, flaky_server, check):
    """Two failures are not three, and one success is not two: down once and up once, at the very end."""
    plan = "S" + "FFS" * 4 + "FFF" + "SF" * 4 + "SS"
    sequence = Sequence(plan)
    server = flaky_server("server", sequence)
    proxy = hawser(checked(server, **check, rise=2, fall=3))
    proxy.log.wait_for(of(IS_DOWN, server), 20)
    assert 16 <= sequence.done <= 17, "after the third failure in a row"
    proxy.log.wait_for(of(IS_UP, server), 20)
    assert len(plan) <= sequence.done <= len(plan) + 1
    wait_for_checks(server, len(plan) + 5)
    assert (proxy.log.count(IS_DOWN), proxy.log.count(IS_UP)) == (1, 1)


@pytest.mark.parametrize("rise, fall", [(1, 1), (3, 2), (1, 5)])
def test_other_numbers_of_checks_count_as_exactly(hawser, flaky_server, rise, fall):
    plan = "S" + "F" * fall + "S" * rise
    sequence = Sequence(plan)
    server = flaky_server("server", sequence)
    proxy = hawser(checked(server, type="http", rise=rise, fall=fall))
    proxy.log.wait_for(of(IS_DOWN, server), 20)
    assert 1 + fall <= sequence.done <= 2 + fall
    proxy.log.wait_for(of(IS_UP, server), 20)
    assert len(plan) <= sequence.done <= len(plan) + 1


def test_checks_come_at_the_interval_with_a_jitter(hawser, flaky_server):
    server = flaky_server("server", answers(200))
    hawser(checked(server, type="http", interval="200ms")).address()
    wait_for_checks(server, 16)
    gaps = [later - earlier for earlier, later in zip(server.times[:15], server.times[1:16])]
    assert 0.1 < sum(gaps) / len(gaps) < 0.4
    assert max(gaps) - min(gaps) > 0.002, "never in step with other checkers"


def test_live_sessions_stay_when_their_server_goes_down(hawser, flaky_server):
    failing, checker = flaky_server("failing"), flaky_server("checker", answers(200))
    proxy = hawser(checked(failing, type="http", port=checker.port))
    with open_websocket(proxy.address()) as wire:
        checker.behaviour = answers(503)
        proxy.log.wait_for(of(IS_DOWN, failing), 10)
        wire.send_text("still here")
        assert wire.read_text() == "still here"
        assert get(proxy.address()).status == 503, "no new one"
        checker.behaviour = answers(200)
        proxy.log.wait_for(of(IS_UP, failing), 10)
        wire.send_text("and still")
        assert wire.read_text() == "and still"


def test_a_server_that_comes_up_gets_sessions_again(hawser, flaky_server):
    fickle, well = flaky_server("fickle", answers(503)), flaky_server("well")
    proxy = hawser(checked(fickle, well, type="websocket"))
    proxy.log.wait_for(of(IS_DOWN, fickle), 10)
    assert session_shares(proxy, 10) == {"well": 10}
    fickle.behaviour = good
    proxy.log.wait_for(of(IS_UP, fickle), 10)
    assert session_shares(proxy, 10) == {"well": 5, "fickle": 5}


def test_all_down_is_503_at_once(hawser, flaky_server):
    servers = [flaky_server(name, is_silent) for name in "ab"]
    proxy = hawser(checked(*servers, type="websocket"))
    for server in servers:
        proxy.log.wait_for(of(IS_DOWN, server), 10)
    watch = Stopwatch()
    refusal = get(proxy.address())
    assert refusal.status == 503 and watch.seconds < 0.5
    assert refusal.get("retry-after") is not None


def test_initially_checked_servers_wait_for_their_first_check(hawser, flaky_server):
    server = flaky_server("server", is_silent)
    proxy = hawser(checked(server, type="websocket", initial="check", timeout="10s"))
    assert get(proxy.address()).status == 503, "nobody knows yet"
    server.behaviour = good
    server.cut()
    wait_until(lambda: get(proxy.address()).status == 200, 10, "a check that lets it up")


def test_one_good_check_is_enough_in_the_beginning(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(checked(server, type="http", initial="check", interval="30s", rise=5))
    wait_until(lambda: get(proxy.address()).status == 200, 5, "the first check, which comes at once")


def test_initially_servers_are_up_unless_the_file_says_otherwise(hawser, flaky_server):
    server = flaky_server("server")
    proxy = hawser(checked(server, type="websocket", interval="30s"))
    assert get(proxy.address()).status == 200


def test_what_checks_found_survives_a_reload(hawser, flaky_server):
    failing, well = flaky_server("failing", is_silent), flaky_server("well")
    configuration = checked(failing, well, type="websocket")
    proxy = hawser(configuration)
    proxy.log.wait_for(of(IS_DOWN, failing), 10)
    configuration["upstreams"]["pool"]["balance"] = "least_connections"
    proxy.reload(configuration)
    assert session_shares(proxy, 10) == {"well": 10}
    asked = len(failing.connections)
    wait_until(lambda: len(failing.connections) > asked, 10, "the checks to go on")
    failing.behaviour = good
    proxy.log.wait_for(of(IS_UP, failing), 10)
    assert proxy.log.count(of(IS_DOWN, failing)) == 1, "said once"


def test_a_server_that_is_no_longer_checked_takes_sessions_again(hawser, flaky_server):
    checker = flaky_server("checker", answers(503))
    server = flaky_server("server")
    proxy = hawser(checked(server, type="http", port=checker.port))
    proxy.log.wait_for(of(IS_DOWN, server), 10)
    assert get(proxy.address()).status == 503
    proxy.reload(relay_to(server.address))
    assert get(proxy.address()).status == 200
    asked = len(checker.heads)
    proxy.reload(relay_to(server.address))
    assert len(checker.heads) - asked <= 1, "one may have been under way"


def test_checks_leave_no_connection_behind(hawser, flaky_server):
    server = flaky_server("server", is_silent)
    proxy = hawser(checked(server, type="websocket", timeout="100ms"))
    proxy.address()
    wait_for_checks(server, 10)
    proxy.reload(relay_to(server.address))
    base = proxy.descriptors()
    proxy.reload(checked(server, type="websocket", timeout="100ms"))
    wait_for_checks(server, 20)
    assert proxy.descriptors() <= base + 3
