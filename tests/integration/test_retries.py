"""Before the 101: what is tried elsewhere, what never is, and the caps that keep a brown-out from being amplified."""
import json
from collections import Counter
from types import SimpleNamespace

import pytest

from harness.configuration import relay_to
from harness.crowd import Crowd, statuses
from harness.flaky_server import (FlakyServer, RefusingAddress, answers, good, good_after, hangs_up, is_silent, resets,
                                  stay, upgrades_and_resets_at_a_frame)
from harness.log_lines import CANNOT_CONNECT, EJECTED, of
from harness.network_namespace import drop_packets_to, own_network
from harness.raw_client import connect, get, handshake_bytes, open_websocket, request
from harness.recording_server import RecordingServer
from harness.waiting import Stopwatch, wait_until

SESSIONS = 300
CONNECT_TIMEOUT = 5.0
NEVER_EJECT = {"circuit_breaker": {"consecutive_failures": "off"}}


@pytest.fixture
def trouble():
    """A network of its own with six servers: five that fail each in its own way, or are slow, and a good one."""
    with own_network():
        six = SimpleNamespace(refusing=RefusingAddress(), blackholed=RecordingServer(stay),
                              slow=FlakyServer("slow", good_after(0.3)), resetting=FlakyServer("resetting", resets),
                              busy=FlakyServer("busy", answers(503)), good=FlakyServer("good"))
        drop_packets_to(six.blackholed.port)
        yield six
        for server in vars(six).values():
            server.stop()


def all_of(six):
    return [server.address for server in vars(six).values()]


def numbered(crowd, count, **options):
    """Upgrades that tell the servers which session they belong to."""
    return crowd.open(count, headers=lambda number: [("X-Number", str(number))], **options)


def heads_by_session(*servers):
    """Session → how many requests of it the servers saw."""
    return Counter(head.get("x-number") for server in servers for head in server.heads)


def answering(six):
    """Those that see requests."""
    return six.slow, six.resetting, six.busy, six.good


def attempts(six, proxy):
    """All attempts: requests that servers saw, and connections that the log says never came to be."""
    unseen = sum(proxy.log.count(of(CANNOT_CONNECT, server)) for server in (six.refusing, six.blackholed))
    return sum(len(server.heads) for server in answering(six)) + unseen


def test_with_attempts_for_all_servers_every_session_gets_through(hawser, trouble):
    retry = {"retry": {"attempts": 6, "budget": "off"}}
    proxy = hawser(relay_to(*all_of(trouble), upstream=retry))
    with Crowd(proxy.address()) as crowd:
        visits = numbered(crowd, SESSIONS)
        assert statuses(visits) == {101: SESSIONS}
        assert max(visit.seconds for visit in visits) < CONNECT_TIMEOUT
        assert {visit.server for visit in visits} == {"slow", "good"}
        assert trouble.resetting.heads and trouble.busy.heads, "they were asked too"


def test_without_a_breaker_every_session_gets_through_too(hawser, trouble):
    """All six stay in turn to the end: a session may meet all five of the others first."""
    proxy = hawser(relay_to(*all_of(trouble), upstream={"retry": {"attempts": 6, "budget": "off"}, **NEVER_EJECT}))
    with Crowd(proxy.address()) as crowd:
        visits = numbered(crowd, SESSIONS, in_flight=100)
        assert statuses(visits) == {101: SESSIONS}
        assert max(visit.seconds for visit in visits) < CONNECT_TIMEOUT
        assert attempts(trouble, proxy) > 2 * SESSIONS, "most sessions needed more than one attempt"
        for server in answering(trouble):
            assert max(heads_by_session(server).values()) == 1, "no server is asked twice by one session"


@pytest.mark.parametrize("breaker", [{}, NEVER_EJECT], ids=["breaker", "no breaker"])
def test_the_caps_hold_with_the_defaults(hawser, trouble, breaker):
    proxy = hawser(relay_to(*all_of(trouble), upstream=breaker))
    watch = Stopwatch()
    with Crowd(proxy.address()) as crowd:
        visits = numbered(crowd, SESSIONS)
        seconds = watch.seconds
        retries = attempts(trouble, proxy) - SESSIONS
        assert max(heads_by_session(*answering(trouble)).values()) <= 3
        # In any 10 s, 20 % of the sessions or 10 a second, whichever is more.
        windows = int(seconds / 9) + 1
        assert 0 < retries <= windows * max(0.2 * SESSIONS, 10 * 10)
        assert set(statuses(visits)) <= {101, 502, 503, 504}
        assert statuses(visits)[101] >= SESSIONS / 6
        assert max(visit.seconds for visit in visits) < CONNECT_TIMEOUT + 1


def test_three_attempts_are_the_default(hawser, flaky_server):
    servers = [flaky_server(name, answers(503)) for name in "abcde"]
    proxy = hawser(relay_to(*[server.address for server in servers]))
    with Crowd(proxy.address()) as crowd:
        numbered(crowd, 1)
        assert sorted(len(server.heads) for server in servers) == [0, 0, 1, 1, 1]


def test_the_last_server_s_answer_is_passed_on_when_all_say_503(hawser, flaky_server):
    servers = [flaky_server(name, answers(503)) for name in "ab"]
    proxy = hawser(relay_to(*[server.address for server in servers]))
    with Crowd(proxy.address()) as crowd:
        assert statuses(numbered(crowd, 1)) in ({502: 1}, {503: 1})
        assert [len(server.heads) for server in servers] == [1, 1], "each was asked once"


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_upgrade_answered_by_a_gateway_s_error_is_tried_elsewhere(hawser, flaky_server, status):
    failing, well = flaky_server("failing", answers(status)), flaky_server("well")
    proxy = hawser(relay_to(failing.address, well.address))
    with Crowd(proxy.address()) as crowd:
        assert {visit.server for visit in numbered(crowd, 4)} == {"well"}
        assert failing.heads


@pytest.mark.parametrize("status", [200, 401, 403, 404, 426, 500])
def test_any_other_answer_is_the_server_s_word_and_passed_on(hawser, flaky_server, status):
    firm = flaky_server("firm", answers(status, "X-Said-By: firm"))
    proxy = hawser(relay_to(firm.address, upstream=NEVER_EJECT))
    with Crowd(proxy.address()) as crowd:
        (visit,) = numbered(crowd, 1)
        assert (visit.status, visit.head.get("x-said-by")) == (status, "firm")
        assert len(firm.heads) == 1


@pytest.mark.parametrize("failure", [resets, hangs_up], ids=["reset", "end"])
def test_an_upgrade_that_dies_before_its_answer_is_tried_elsewhere(hawser, flaky_server, failure):
    dying, well = flaky_server("dying", failure), flaky_server("well")
    proxy = hawser(relay_to(dying.address, well.address))
    with Crowd(proxy.address()) as crowd:
        visits = numbered(crowd, 4)
        assert statuses(visits) == {101: 4}
        assert {visit.server for visit in visits} == {"well"}
        assert dying.heads


def test_nothing_is_tried_again_once_the_client_has_its_101(hawser, flaky_server):
    servers = [flaky_server(name, upgrades_and_resets_at_a_frame) for name in "ab"]
    proxy = hawser(relay_to(*[server.address for server in servers]))
    with open_websocket(proxy.address()) as wire:
        wire.send_text("the last word")
        assert wire.is_over()
    assert sum(len(server.heads) for server in servers) == 1


@pytest.mark.parametrize("failure", [resets, hangs_up, answers(503)], ids=["reset", "end", "503"])
def test_a_post_is_never_sent_twice(hawser, flaky_server, failure):
    servers = [flaky_server(name, failure) for name in "abc"]
    proxy = hawser(relay_to(*[server.address for server in servers]))
    answer = request(proxy.address(), "POST /pay HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nmoney")
    assert answer.status in (502, 503)
    assert [head.start_line for server in servers for head in server.heads] == ["POST /pay HTTP/1.1"]


def test_a_post_that_no_byte_was_sent_of_may_go_elsewhere(hawser, flaky_server, refusing):
    well = flaky_server("well")
    proxy = hawser(relay_to(refusing, well.address))
    for _ in range(4):
        answer = request(proxy.address(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nmoney")
        assert answer.status == 200
    assert len(well.heads) == 4


def test_a_get_that_dies_is_sent_once_more_elsewhere(hawser, flaky_server):
    servers = [flaky_server(name, resets) for name in "abcd"]
    proxy = hawser(relay_to(*[server.address for server in servers], upstream={"retry": {"attempts": 4}}))
    assert get(proxy.address()).status == 502
    assert sorted(len(server.heads) for server in servers) == [0, 0, 1, 1]


def test_only_servers_not_tried_yet_are_asked(hawser, flaky_server):
    """Attempts for six and three servers: whoever failed a session is not asked by it again while others are left."""
    servers = [flaky_server(name, resets) for name in "ab"]
    well = flaky_server("well")
    proxy = hawser(relay_to(*[server.address for server in servers], well.address,
                            upstream={"retry": {"attempts": 6, "budget": "off"}, **NEVER_EJECT}))
    with Crowd(proxy.address()) as crowd:
        assert statuses(numbered(crowd, 30)) == {101: 30}
        for server in servers:
            assert max(heads_by_session(server).values()) == 1


def test_a_server_that_does_not_answer_the_connection_costs_one_try_time(hawser):
    with own_network():
        deaf, well = RecordingServer(stay), FlakyServer("well")
        drop_packets_to(deaf.port)
        proxy = hawser(relay_to(deaf.address, well.address, upstream={"retry": {"try_timeout": "300ms"}}))
        with Crowd(proxy.address()) as crowd:
            visits = numbered(crowd, 2, in_flight=1)
            slow = max(visit.seconds for visit in visits)
            assert statuses(visits) == {101: 2}
            assert 0.29 < slow < 2, "one of the two met the deaf server first"
        deaf.stop()
        well.stop()


def test_all_attempts_end_with_timeouts_connect(hawser):
    with own_network():
        deaf = [RecordingServer(stay) for _ in range(4)]
        for server in deaf:
            drop_packets_to(server.port)
        limits = {"retry": {"attempts": 4, "try_timeout": "2s"}, "timeouts": {"connect": "700ms"}}
        proxy = hawser(relay_to(*[server.address for server in deaf], upstream=limits))
        watch = Stopwatch()
        assert get(proxy.address()).status == 504
        assert 0.69 < watch.seconds < 2
        for server in deaf:
            server.stop()


def test_the_time_between_tries_stays_within_the_backoff(hawser, flaky_server):
    """Full jitter: a wait is anything up to base, 2 × base, 4 × base, but never above max."""
    servers = [flaky_server(name, answers(503)) for name in "abcd"]
    retry = {"attempts": 4, "budget": "off", "backoff": {"base": "100ms", "max": "150ms"}}
    proxy = hawser(relay_to(*[server.address for server in servers], upstream={"retry": retry, **NEVER_EJECT}))
    with Crowd(proxy.address()) as crowd:
        numbered(crowd, 40, in_flight=40)
    times = {}
    for server in servers:
        for head, when in zip(server.heads, server.times):
            times.setdefault(head.get("x-number"), []).append(when)
    gaps = [[b - a for a, b in zip(sorted(each), sorted(each)[1:])] for each in times.values()]
    assert all(len(each) == 3 for each in gaps)
    flat = sorted(gap for each in gaps for gap in each)
    assert flat[-1] < 0.5, "never above max, but for a busy machine"
    assert sum(flat) / len(flat) > 0.03, "the mean of full jitter is half of the bound"
    assert flat[-1] - flat[0] > 0.03, "and the waits differ"


def test_retries_stop_when_the_budget_is_spent(hawser, flaky_server):
    """120 sessions at once to servers that all fail: 100 retries are granted in 10 s, and no more."""
    servers = [flaky_server(name, answers(503)) for name in "abc"]
    proxy = hawser(relay_to(*[server.address for server in servers], upstream=NEVER_EJECT))
    with Crowd(proxy.address()) as crowd:
        watch = Stopwatch()
        assert set(statuses(numbered(crowd, 120))) <= {502, 503}
        assert watch.seconds < 9, "else there is more than one window"
    retries = sum(len(server.heads) for server in servers) - 120
    assert 10 <= retries <= 100


def test_without_a_budget_only_attempts_cap_the_retries(hawser, flaky_server):
    servers = [flaky_server(name, answers(503)) for name in "abc"]
    proxy = hawser(relay_to(*[server.address for server in servers],
                            upstream={"retry": {"budget": "off"}, **NEVER_EJECT}))
    with Crowd(proxy.address()) as crowd:
        numbered(crowd, 120)
    assert sum(len(server.heads) for server in servers) == 360


def test_a_client_that_leaves_while_servers_are_tried_is_logged_as_499(hawser, flaky_server, tmp_path):
    silent = flaky_server("silent", is_silent)
    file = tmp_path / "access.log"
    proxy = hawser(relay_to(silent.address, access_log={"target": str(file)}))
    with Crowd(proxy.address()) as crowd:
        with connect(proxy.address()) as wire:
            wire.send(handshake_bytes())
            wait_until(lambda: silent.heads, 5, "the request at the server")
        wait_until(lambda: file.exists() and file.read_text(), 5, "the access log's line")
        assert str(json.loads(file.read_text().splitlines()[0])["status"]) == "499"
        assert proxy.log.count(EJECTED) == 0
        silent.behaviour = good
        assert statuses(crowd.open(1)) == {101: 1}
