"""The set-ups of conf/migration/: the files of nginx, HAProxy and Hawser do the same for real clients and servers, and where
they differ by design each one's own answer is stated."""
import contextlib
import re
import select
import ssl
import ssl
from collections import Counter

import pytest

from harness.certificates import common_name, trusting_context
from harness.migration_clients import HOME, ask, ask_to_upgrade, echoes, told, upgrade_status, values_of
from harness.migration_trio import migrated, shelf  # noqa: F401  fixtures
from harness.peers import node_folder, run_client, verify
from harness.raw_client import connect, get, open_websocket
from harness.waiting import wait_until

ONE_APPLICATION = {"10.0.0.11:9001": "chat", "10.0.0.21:8080": "site"}
TWO_NAMES = {"10.0.0.11:9001": "chat", "10.0.0.12:9001": "play"}
STICKY = {**{f"10.0.0.3{n}:3000": f"realtime{n}" for n in (1, 2, 3)}, **{f"10.0.0.4{n}:9001": f"rooms{n}" for n in (1, 2, 3)}}
ROUTING = {"10.0.0.11:9001": "chat", "10.0.0.21:8080": "api", "10.0.0.31:8080": "pages"}
LIMITS = {"10.0.0.11:9001": "chat", "10.0.0.21:8080": "api"}


# --- one application ---

def test_a_real_client_talks_on_ws_to_the_application(migrated, peers):
    echo = peers.echo(name="application")
    proxy = migrated("one-application", names={"10.0.0.21:8080": "site"}, servers={"10.0.0.11:9001": echo.address})
    result = verify(proxy.url(path="/ws"), sessions=3, messages=4, max_size=200000)
    assert result == {**result, "messages": 12, "mismatches": 0, "errors": []}


def test_requests_beside_the_websocket_go_to_the_site(migrated):
    proxy = migrated("one-application", names=ONE_APPLICATION)
    with open_websocket(proxy.address(), "/ws", host="chat.example.com") as wire:
        assert echoes(wire)
    assert told(ask(proxy.address(), "/ws/history"))["server"] == "chat"
    for path in ("/", "/pictures/ship.png?size=2"):
        page = told(ask(proxy.address(), path))
        assert (page["server"], page["target"]) == ("site", path)


def test_the_server_is_told_who_asked_and_what_for(migrated):
    proxy = migrated("one-application", names=ONE_APPLICATION)
    open_websocket(proxy.address(), "/ws?token=1", host="chat.example.com").close()
    head = proxy.servers["chat"].heads[0]
    assert head.start_line == "GET /ws?token=1 HTTP/1.1"
    expected = {"Host": "chat.example.com", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Real-IP": "127.0.0.1",
                "Sec-WebSocket-Version": "13"}
    assert {name: head.all(name) for name in expected} == {name: [value] for name, value in expected.items()}
    assert [head.get(name, "").lower() for name in ("Upgrade", "Connection")] == ["websocket", "upgrade"]


def test_a_forged_address_reaches_the_server_unless_it_is_replaced(migrated):
    proxy = migrated("one-application", names=ONE_APPLICATION)
    page = told(ask(proxy.address(), headers=[("X-Forwarded-For", "203.0.113.9")]))
    assert values_of(page["headers"], "X-Forwarded-For") == proxy.answer_of(
        nginx=["203.0.113.9, 127.0.0.1"], haproxy=["203.0.113.9", "127.0.0.1"], hawser=["127.0.0.1"])


def test_a_prefix_is_text_to_nginx_and_haproxy_and_whole_segments_to_hawser(migrated):
    proxy = migrated("one-application", names=ONE_APPLICATION)
    assert told(ask(proxy.address(), "/wsx"))["server"] == proxy.answer_of(nginx="chat", haproxy="chat", hawser="site")


def test_a_silent_websocket_ends_when_the_longest_silence_of_nginx_and_haproxy_is_over(migrated):
    def with_short_silence(text):
        return re.sub(r"(proxy_read_timeout|proxy_send_timeout|timeout tunnel)(\s+)1h", r"\g<1>\g<2>1s", text)

    proxy = migrated("one-application", names=ONE_APPLICATION, edit=with_short_silence)
    with open_websocket(proxy.address(), "/ws") as wire:
        assert echoes(wire)
        if proxy.kind == "hawser":
            readable, _, _ = select.select([wire.socket], [], [], 1.5)
            assert not readable
            assert echoes(wire, "still there")
        else:
            assert wire.is_at_end(), "ended without a Close frame"


@pytest.mark.parametrize("migrated", ["nginx"], indirect=True)
@pytest.mark.parametrize("directive", ["proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;",
                                       "proxy_set_header Connection $connection_upgrade;"])
def test_nginx_upgrades_nothing_when_one_of_three_directives_is_missing(migrated, directive):
    proxy = migrated("one-application", names=ONE_APPLICATION, edit=lambda text: text.replace(directive, ""))
    assert upgrade_status(proxy.address()) == 200


@pytest.mark.parametrize("migrated", ["nginx"], indirect=True)
def test_one_header_in_a_location_of_nginx_throws_away_those_around_it(migrated):
    proxy = migrated("one-application", names=ONE_APPLICATION, edit=lambda text: text.replace(
        "proxy_pass http://chat;", "proxy_pass http://chat; proxy_set_header X-Own 1;"))
    assert upgrade_status(proxy.address()) == 200
    headers = proxy.servers["chat"].heads[0]
    assert (headers.get("x-own"), headers.get("x-forwarded-for"), headers.get("host")) == ("1", None, "chat")


# --- TLS and two names ---

def test_each_name_has_its_certificate_and_its_server(migrated):
    proxy = migrated("tls-and-names", names=TWO_NAMES)
    for name, host in (("chat", "chat.example.com"), ("play", "play.example.com")):
        with open_websocket(proxy.address("0.0.0.0:443"), tls=trusting_context(), server_name=host, host=host) as wire:
            assert certificate_of(wire) == host
            assert wire.upgrade.get("x-server") == name
            assert wire.upgrade.get("strict-transport-security") == "max-age=31536000"
            assert echoes(wire)
        assert proxy.servers[name].heads[0].get("x-forwarded-proto") == "https"


def certificate_of(wire):
    return common_name(wire.socket.getpeercert(binary_form=True))


def test_a_name_without_a_certificate_is_refused_in_the_handshake(migrated):
    proxy = migrated("tls-and-names", names=TWO_NAMES)
    for asked_for in ("other.example.com", None):
        with pytest.raises(ssl.SSLError, match="(?i)alert|unrecognized"):
            connect(proxy.address("0.0.0.0:443"), tls=trusting_context(), server_name=asked_for)


def test_it_gets_the_first_certificate_when_nothing_says_that_it_is_refused(migrated):
    def without_refusal(text):
        text = re.sub(r"  server \{ [^}]*ssl_reject_handshake[^}]*\}\n", "", text)
        return text.replace("strict-sni ", "").replace("      unknown_sni: reject\n", "")

    proxy = migrated("tls-and-names", names=TWO_NAMES, edit=without_refusal)
    with connect(proxy.address("0.0.0.0:443"), tls=trusting_context(), server_name="other.example.com") as wire:
        assert certificate_of(wire) == "chat.example.com"


def test_a_third_name_in_host_finds_nothing_behind_a_good_handshake(migrated):
    proxy = migrated("tls-and-names", names=TWO_NAMES)
    answer = get(proxy.address("0.0.0.0:443"), host="third.example.com", tls=trusting_context(), server_name="chat.example.com")
    assert answer.status == 404


def test_port_80_sends_clients_to_https(migrated):
    proxy = migrated("tls-and-names", names=TWO_NAMES)
    answer = ask(proxy.address("0.0.0.0:80"), "/lobby?table=4", host="play.example.com")
    assert (answer.status, answer.get("location")) == (301, "https://play.example.com/lobby?table=4")


# --- sticky sessions ---

def test_socketio_polls_and_upgrades_at_one_server(migrated, peers):
    realtime = {f"10.0.0.3{n}:3000": peers.node("socketio_server.js", f"realtime{n}").address for n in (1, 2, 3)}
    rooms = {address: name for address, name in STICKY.items() if address not in realtime}
    proxy = migrated("sticky-sessions", names=rooms, servers=realtime)
    served_by = set()
    for session in ("anna", "bert"):
        result = run_client(["node", "socketio_client.js", proxy.url("http", ""), session], cwd=node_folder())
        served_by.add(result.pop("name", None))
        assert result == {"transports": ["polling", "websocket"], "text": "ahoy", "serverTransport": "websocket"}
    assert len(served_by) == 1, "all come from one address"


def server_of(address, path, source=HOME, cookie=None):
    """Who gets an upgrade; plain requests of the same client must come to the same server."""
    headers = [("Cookie", cookie)] if cookie else []
    with ask_to_upgrade(address, path, source=source, headers=headers) as wire:
        name = wire.upgrade.get("x-server")
    for _ in range(2):
        assert ask(address, path, headers=headers, source=source).get("x-server") == name
    return name


def test_clients_are_spread_by_their_address_and_stay(migrated):
    proxy = migrated("sticky-sessions", names=STICKY)
    names = Counter(server_of(proxy.address(), "/socket.io/?EIO=4", f"127.1.{n}.1") for n in range(1, 25))
    assert set(names) == {"realtime1", "realtime2", "realtime3"}


def test_ip_hash_of_nginx_takes_neighbours_for_one_client(migrated):
    proxy = migrated("sticky-sessions", names=STICKY)
    names = {server_of(proxy.address(), "/socket.io/?EIO=4", f"127.1.1.{n}") for n in range(1, 25)}
    assert len(names) == proxy.answer_of(nginx=1, haproxy=3, hawser=3)


def test_clients_are_spread_by_their_cookie_and_stay(migrated):
    proxy = migrated("sticky-sessions", names=STICKY)
    names = Counter(server_of(proxy.address(), "/rooms/7", cookie=f"theme=dark; session=s{n}") for n in range(24))
    assert set(names) == {"rooms1", "rooms2", "rooms3"}


def test_clients_without_the_cookie_are_spread(migrated):
    proxy = migrated("sticky-sessions", names=STICKY)
    names = set()
    for _ in range(12):
        with open_websocket(proxy.address(), "/rooms/7") as wire:
            names.add(wire.upgrade.get("x-server"))
    assert len(names) == 3


# --- routing and headers ---

def test_host_and_path_choose_the_server_and_the_prefix_is_taken_away(migrated):
    proxy = migrated("routing", names=ROUTING)
    with open_websocket(proxy.address(), "/ws/lobby", host="chat.example.com") as wire:
        assert wire.upgrade.get("x-server") == "chat"
        assert wire.upgrade.get("x-content-type-options") == "nosniff"
        assert echoes(wire)
    page = told(ask(proxy.address(), "/about"))
    assert (page["server"], page["target"]) == ("pages", "/about")
    users = told(ask(proxy.address(), "/v1/users?page=2", host="api.example.com"))
    assert (users["server"], users["target"]) == ("api", "/users?page=2")


def test_the_prefix_alone_is_the_root_to_hawser(migrated):
    proxy = migrated("routing", names=ROUTING)
    answer = ask(proxy.address(), "/v1", host="api.example.com")
    assert answer.status == proxy.answer_of(nginx=301, haproxy=404, hawser=200)
    assert proxy.kind != "hawser" or told(answer)["target"] == "/"


def test_what_the_proxy_answers_itself(migrated):
    proxy = migrated("routing", names=ROUTING)
    pong = ask(proxy.address(), "/ping", host="api.example.com")
    assert (pong.status, pong.body, pong.get("content-type")) == (200, b"pong\n", "text/plain")
    moved = ask(proxy.address(), "/v0", host="api.example.com")
    assert (moved.status, moved.get("location")) == (308, "https://api.example.com/v1/")
    assert ask(proxy.address(), "/", host="api.example.com").status == 404
    assert ask(proxy.address(), "/", host="other.example.com").status == 404
    assert not any(server.heads for server in proxy.servers.values())


def test_headers_are_set_and_removed_both_ways(migrated):
    proxy = migrated("routing", names=ROUTING)
    page = ask(proxy.address(), headers=[("X-Tenant", "another")])
    assert values_of(told(page)["headers"], "X-Tenant") == ["example"]
    assert values_of(told(page)["headers"], "Host") == ["chat.example.com"]
    assert page.get("x-content-type-options") == "nosniff"
    assert page.get("x-powered-by") is None


CLAIM = [("X-Forwarded-For", "203.0.113.9"), ("X-Real-IP", "203.0.113.9")]


def test_the_client_is_whom_a_balancer_in_front_names(migrated):
    proxy = migrated("routing", names=ROUTING)
    headers = told(ask(proxy.address(), headers=CLAIM, source="127.1.0.5"))["headers"]
    assert values_of(headers, "X-Real-IP") == ["203.0.113.9"]
    assert values_of(headers, "X-Forwarded-For") == proxy.answer_of(
        nginx=["203.0.113.9"], haproxy=["203.0.113.9"], hawser=["203.0.113.9, 127.1.0.5"])


def test_nobody_elses_word_counts(migrated):
    proxy = migrated("routing", names=ROUTING)
    headers = told(ask(proxy.address(), headers=CLAIM))["headers"]
    assert values_of(headers, "X-Real-IP") == [HOME]
    assert values_of(headers, "X-Forwarded-For") == [HOME]


# --- limits ---

def test_a_client_has_so_many_sessions_and_others_have_theirs(migrated):
    proxy = migrated("limits", names=LIMITS)
    with contextlib.ExitStack() as held:
        for _ in range(10):
            held.enter_context(open_websocket(proxy.address(), "/ws"))
        assert upgrade_status(proxy.address()) == 429
        assert upgrade_status(proxy.address(), source="127.3.0.1") == 101
    wait_until(lambda: upgrade_status(proxy.address()) == 101, what="the client's sessions to be forgotten")


def answers_until_refused(proxy, count=200):
    """The statuses of requests sent all at once, up to the first that is not 200."""
    statuses = []
    with connect(proxy.address()) as wire:
        wire.send(b"GET /api/users HTTP/1.1\r\nHost: chat.example.com\r\n\r\n" * count)
        while len(statuses) < count and (not statuses or statuses[-1] == 200):
            statuses.append(wire.read_answer().status)
    return statuses


def test_a_client_that_asks_too_often_gets_429(migrated):
    proxy = migrated("limits", names=LIMITS)
    statuses = answers_until_refused(proxy)
    assert statuses[-1] == 429
    assert len(statuses) > proxy.answer_of(nginx=20, haproxy=100, hawser=20)
    assert ask(proxy.address(), "/api/users", source="127.3.0.1").status == 200
    assert upgrade_status(proxy.address()) == 101, "what is not below /api is not counted"


@pytest.mark.parametrize("migrated", ["nginx"], indirect=True)
def test_nginx_refuses_with_503_unless_told_otherwise(migrated):
    proxy = migrated("limits", names=LIMITS, edit=lambda text: re.sub(r"limit_\w+_status 429;", "", text))
    assert answers_until_refused(proxy)[-1] == 503


def test_a_body_above_the_limit_is_refused(migrated):
    proxy = migrated("limits", names=LIMITS)
    assert ask(proxy.address(), "/api/upload", method="POST", body=b"x" * 65536).status == 200
    with connect(proxy.address()) as wire:
        wire.send(b"POST /api/upload HTTP/1.1\r\nHost: chat.example.com\r\nContent-Length: 65537\r\n\r\nx")
        assert wire.read_answer().status == 413


def test_a_chunked_body_above_the_limit_passes_the_announced_lengths_of_haproxy(migrated):
    proxy = migrated("limits", names=LIMITS)
    with connect(proxy.address()) as wire:
        wire.send(b"POST /api/upload HTTP/1.1\r\nHost: chat.example.com\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            wire.send(b"%x\r\n" % 65537 + b"x" * 65537 + b"\r\n0\r\n\r\n")
        assert wire.read_answer().status == proxy.answer_of(nginx=413, haproxy=200, hawser=413)


def test_only_some_networks_come_in(migrated):
    proxy = migrated("limits", names=LIMITS)
    statuses = {source: ask(proxy.address(), "/internal/state", source=source).status for source in ("127.2.0.1", "127.2.9.1", HOME)}
    assert statuses == {"127.2.0.1": 200, "127.2.9.1": 403, HOME: 403}
