"""The set-ups of conf/migration/: the files of nginx, HAProxy and Hawser do the same for real clients and servers, and where
they differ by design each one's own answer is stated."""
import re
import select
import ssl
import ssl
from collections import Counter

import pytest

from harness.certificates import common_name, trusting_context
from harness.migration_clients import HOME, ask, ask_to_upgrade, echoes, told, upgrade_status, values_of
from harness.migration_trio import Trio, migrated, shelf  # noqa: F401  fixtures
from harness.peers import node_folder, run_client, verify
from harness.raw_client import connect, get, open_websocket

ONE_APPLICATION = {"10.0.0.11:9001": "chat", "10.0.0.21:8080": "site"}
TWO_NAMES = {"10.0.0.11:9001": "chat", "10.0.0.12:9001": "play"}
STICKY = {**{f"10.0.0.3{n}:3000": f"realtime{n}" for n in (1, 2, 3)}, **{f"10.0.0.4{n}:9001": f"rooms{n}" for n in (1, 2, 3)}}


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


@pytest.mark.parametrize("directive", ["proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;",
                                       "proxy_set_header Connection $connection_upgrade;"])
def test_nginx_upgrades_nothing_when_one_of_three_directives_is_missing(tmp_path, shelf, directive):
    trio = Trio("nginx", tmp_path, shelf)
    try:
        proxy = trio("one-application", names=ONE_APPLICATION, edit=lambda text: text.replace(directive, ""))
        assert upgrade_status(proxy.address(), "/ws") == 200
    finally:
        trio.finish()


# --- TLS and two names ---

@pytest.mark.parametrize("name", ["chat", "play"])
def test_each_name_has_its_certificate_and_its_server(migrated, name):
    proxy = migrated("tls-and-names", names=TWO_NAMES)
    host = f"{name}.example.com"
    with open_websocket(proxy.address("0.0.0.0:443"), tls=trusting_context(), server_name=host, host=host) as wire:
        assert common_name(wire.socket.getpeercert(binary_form=True)) == host
        assert wire.upgrade.get("x-server") == name
        assert wire.upgrade.get("strict-transport-security") == "max-age=31536000"
        assert echoes(wire)
    assert proxy.servers[name].heads[0].get("x-forwarded-proto") == "https"


@pytest.mark.parametrize("asked_for", ["other.example.com", None])
def test_a_name_without_a_certificate_is_refused_in_the_handshake(migrated, asked_for):
    proxy = migrated("tls-and-names", names=TWO_NAMES)
    with pytest.raises(ssl.SSLError, match="(?i)alert|unrecognized"):
        connect(proxy.address("0.0.0.0:443"), tls=trusting_context(), server_name=asked_for)


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
    for session in ("anna", "bert", "carl"):
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
