"""The set-ups of conf/migration/ in which servers are full, fail or share: nginx, HAProxy and Hawser on the same work."""
import contextlib
import re
import select
from collections import Counter

import pytest

from harness.migration_clients import ask, ask_to_upgrade, ask_without_waiting, echoes, upgrade_status
from harness.migration_trio import migrated, shelf  # noqa: F401  fixtures
from harness.peer_proxies import haproxy_version
from harness.raw_client import open_websocket
from harness.waiting import Stopwatch, wait_until

LEAST = {"10.0.0.11:9001": "chat1", "10.0.0.12:9001": "chat2", "10.0.0.19:9001": "chat9"}
HEALTH = {"10.0.0.11:9001": "chat1", "10.0.0.12:9001": "chat2", "10.0.0.13:9001": "chat3"}
CANARY = {"10.0.0.11:9001": "now", "10.0.0.12:9001": "next"}


@pytest.fixture
def sessions():
    """Keeps WebSockets open until the test ends: sessions(address, count) returns the new ones."""
    with contextlib.ExitStack() as held:
        yield lambda address, count: [held.enter_context(open_websocket(address)) for _ in range(count)]


def shares(wires):
    return Counter(wire.upgrade.get("x-server") for wire in wires)


# --- least connections, weights, limits and a backup ---

def with_little_patience(text):
    """Half a second in the queue in place of two."""
    return re.sub(r"(timeout queue|timeout:) 2s", r"\1 500ms", text)


def test_live_sessions_are_shared_by_weight(migrated, sessions):
    proxy = migrated("least-connections", names=LEAST)
    held = sessions(proxy.address(), 6)
    assert shares(held) == {"chat1": 4, "chat2": 2}
    for wire in held:
        if wire.upgrade.get("x-server") == "chat2":
            wire.close()
    wait_until(lambda: proxy.servers["chat2"].open == 0, what="the sessions of chat2 to end")
    assert shares(sessions(proxy.address(), 2)) == {"chat2": 2}, "what is open counts, not whose turn it is"


def test_full_servers_leave_the_next_to_the_backup_but_with_haproxy(migrated, sessions):
    proxy = migrated("least-connections", names=LEAST, edit=with_little_patience)
    sessions(proxy.address(), 6)
    if proxy.kind == "haproxy":
        assert upgrade_status(proxy.address()) == 503, "its backup waits for servers that are down"
    else:
        assert shares(sessions(proxy.address(), 2)) == {"chat9": 2}


def test_the_one_too_many_is_refused_at_once_by_nginx_and_waits_at_the_others(migrated, sessions):
    proxy = migrated("least-connections", names=LEAST, edit=with_little_patience)
    sessions(proxy.address(), proxy.answer_of(nginx=8, haproxy=6, hawser=8))
    watch = Stopwatch()
    assert upgrade_status(proxy.address()) == proxy.answer_of(nginx=502, haproxy=503, hawser=503)
    assert proxy.kind == "nginx" or watch.seconds > 0.4


@pytest.mark.parametrize("migrated", ["haproxy", "hawser"], indirect=True)
def test_who_waits_gets_the_place_that_becomes_free(migrated, sessions):
    proxy = migrated("least-connections", names=LEAST)
    held = sessions(proxy.address(), proxy.answer_of(haproxy=6, hawser=8))
    with ask_without_waiting(proxy.address()) as waiting:
        assert not select.select([waiting.socket], [], [], 0.3)[0], "it waits"
        held[0].close()
        waiting.upgrade = waiting.read_head()
        assert waiting.upgrade.status == 101
        assert waiting.upgrade.get("x-server") == held[0].upgrade.get("x-server")
        assert echoes(waiting)


def test_a_reload_forgets_who_is_full_but_in_hawser(migrated, sessions):
    def without_backup(text):
        return re.sub(r".*backup.*\n", "", with_little_patience(text))

    names = {address: name for address, name in LEAST.items() if name != "chat9"}
    proxy = migrated("least-connections", names=names, edit=without_backup)
    sessions(proxy.address(), 6)
    assert upgrade_status(proxy.address()) != 101
    if proxy.kind == "hawser":
        proxy.process.reload()
        assert upgrade_status(proxy.address()) == 503
    else:
        proxy.reload()
        wait_until(lambda: upgrade_status(proxy.address()) == 101, what="the new process to begin at zero")


# --- health checks and failures ---

def test_a_server_that_refuses_costs_nobody_a_session(migrated, refusing):
    healthy = {address: name for address, name in HEALTH.items() if name != "chat2"}
    proxy = migrated("health", names=healthy, servers={"10.0.0.12:9001": refusing})
    assert {upgrade_status(proxy.address()) for _ in range(12)} == {101}


def test_a_server_that_answers_503_costs_nobody_a_session_and_is_left_alone_but_by_old_haproxy(migrated):
    proxy = migrated("health", names=HEALTH)
    proxy.servers["chat2"].upgrades = 503
    assert {upgrade_status(proxy.address()) for _ in range(36)} == {101}
    times_asked = len(proxy.servers["chat2"].heads)
    does_not_observe_what_it_retries = proxy.kind == "haproxy" and haproxy_version() < (3, 0)
    assert (times_asked >= 12) == does_not_observe_what_it_retries, "12 are its turns"


@pytest.mark.parametrize("migrated", ["haproxy"], indirect=True)
def test_haproxy_marks_a_server_down_for_answers_that_it_does_not_retry(migrated):
    proxy = migrated("health", names=HEALTH, edit=lambda text: re.sub(r"retry-on .*", "retry-on conn-failure", text))
    proxy.servers["chat2"].upgrades = 503
    statuses = []
    while not is_marked_down(proxy):
        statuses.append(upgrade_status(proxy.address()))
        assert len(statuses) < 100
    assert Counter(statuses)[503] >= 5, "its error-limit"


def is_marked_down(proxy):
    """Whether HAProxy says that it took chat2 out because of what clients met there."""
    return proxy.process.log.count("chat/chat2 is DOWN, reason: Health analyze") > 0


@pytest.mark.parametrize("migrated", ["haproxy", "hawser"], indirect=True)
def test_a_server_that_fails_its_checks_keeps_its_sessions_and_gets_no_new_ones_until_it_is_well(migrated, sessions):
    proxy = migrated("health", names=HEALTH)
    ill = next(wire for wire in sessions(proxy.address(), 3) if wire.upgrade.get("x-server") == "chat2")
    proxy.servers["chat2"].health = 503
    wait_until(lambda: "chat2" not in round_of(proxy), 10, "chat2 to get no new session")
    assert echoes(ill)
    proxy.servers["chat2"].health = 200
    wait_until(lambda: "chat2" in round_of(proxy), 10, "chat2 to get sessions again")


@pytest.mark.parametrize("migrated", ["nginx"], indirect=True)
def test_nginx_checks_nobody(migrated):
    proxy = migrated("health", names=HEALTH)
    proxy.servers["chat2"].health = 503
    assert "chat2" in round_of(proxy)
    assert proxy.servers["chat2"].checks == 0


def round_of(proxy):
    """Who gets the next six sessions."""
    names = set()
    for _ in range(6):
        with open_websocket(proxy.address()) as wire:
            names.add(wire.upgrade.get("x-server"))
    return names


# --- a canary ---

def version_of(proxy, cookie):
    return ask(proxy.address(), headers=[("Cookie", f"session={cookie}")]).get("x-server")


def test_a_fifth_of_the_cookies_go_to_the_next_version_and_stay(migrated):
    proxy = migrated("canary", names=CANARY)
    first = {f"s{number}": version_of(proxy, f"s{number}") for number in range(200)}
    assert 24 <= Counter(first.values())["next"] <= 56, "40, and three deviations to either side"
    for cookie in list(first)[:20]:
        with ask_to_upgrade(proxy.address(), "/", headers=[("Cookie", f"session={cookie}")]) as wire:
            assert wire.upgrade.get("x-server") == first[cookie]


def test_visitors_without_the_cookie_are_split_by_chance_and_stay_together_at_haproxy(migrated):
    proxy = migrated("canary", names=CANARY)
    names = {ask(proxy.address()).get("x-server") for _ in range(60)}
    assert names == proxy.answer_of(nginx={"now", "next"}, haproxy={"now"}, hawser={"now", "next"})


@pytest.mark.parametrize("migrated", ["nginx"], indirect=True)
def test_split_clients_of_nginx_gives_the_first_share_to_all_whose_key_is_empty(migrated):
    proxy = migrated("canary", names=CANARY, edit=lambda text: text.replace("clients $split_key", "clients $cookie_session"))
    assert {ask(proxy.address()).get("x-server") for _ in range(60)} == {"next"}
