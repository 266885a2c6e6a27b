"""Who may come in, by address and by path, and that neither is to be talked around."""
import socket

import pytest

from harness.configuration import relay_to
from harness.raw_client import connect, get, handshake_bytes, request
from harness.recording_server import echo_frames
from harness.wire import Wire


def before(server, *routes, **top):
    routes = [route if {"respond", "upstream"} & set(route) else {"upstream": "pool", **route} for route in routes]
    return relay_to(server.address, workers=1, routes=routes, **top)


def get_from(source, address, path="/", headers=()):
    """A request of the client at `source`, any address of 127.0.0.0/8."""
    with Wire(socket.create_connection(address, 10, source_address=(source, 0))) as wire:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        wire.send(f"GET {path} HTTP/1.1\r\nHost: a.test\r\n{lines}\r\n".encode())
        return wire.read_answer()


# By address.

def test_deny_comes_before_allow_and_allow_shuts_out_the_rest(hawser, marking_server):
    server = marking_server()
    proxy = hawser(before(server, {"allow": ["127.0.0.0/29"], "deny": ["127.0.0.3", "127.0.0.4/32"]}))
    statuses = {source: get_from(f"127.0.0.{source}", proxy.address()).status for source in (1, 2, 3, 4, 7, 8, 200)}
    assert statuses == {1: 200, 2: 200, 3: 403, 4: 403, 7: 200, 8: 403, 200: 403}
    assert sum(len(requests) for requests in server.requests()) == 3, "who is refused reaches no server"


def test_a_denied_client_s_connection_goes_on(hawser, marking_server):
    proxy = hawser(before(marking_server(), {"match": {"path_prefix": "/admin"}, "deny": ["127.0.0.1"]}, {}))
    with connect(proxy.address()) as wire:
        for path, status in (("/admin", 403), ("/", 200), ("/admin/x", 403), ("/", 200)):
            wire.send(f"GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n".encode())
            assert wire.read_answer().status == status


def test_upgrades_are_denied_as_well(hawser, recording_server):
    server = recording_server(echo_frames)
    proxy = hawser(before(server, {"deny": ["127.0.0.1"]}))
    assert request(proxy.address(), handshake_bytes()).status == 403
    assert not server.connections


def test_ipv6_networks_are_told_apart(hawser, marking_server):
    proxy = hawser(before(marking_server(), {"match": {"path": "/in"}, "allow": ["::1/128"]},
                          {"match": {"path": "/out"}, "allow": ["2001:db8::/32"]}, listener={"address": "[::1]:0"}))
    assert get(proxy.address(), "/in").status == 200
    assert get(proxy.address(), "/out").status == 403


def test_a_client_without_an_address_is_not_allowed(hawser, marking_server, tmp_path):
    path = tmp_path / "socket"
    proxy = hawser(before(marking_server(), {"match": {"path": "/in"}, "allow": ["0.0.0.0/0", "::/0"]}, {},
                          listener={"address": f"unix:{path}"}))
    assert get(proxy.address(), "/in").status == 403
    assert get(proxy.address(), "/").status == 200


@pytest.mark.parametrize("forwarded", ["127.0.0.9", "10.0.0.1", "127.0.0.9, 127.0.0.9"])
def test_what_an_untrusted_client_says_of_itself_opens_nothing(hawser, marking_server, forwarded):
    server = marking_server()
    proxy = hawser(before(server, {"match": {"path": "/in"}, "allow": ["127.0.0.9", "10.0.0.1"]}, {}))
    headers = [("X-Forwarded-For", forwarded), ("X-Real-IP", "127.0.0.9"), ("Forwarded", "for=127.0.0.9")]
    assert get(proxy.address(), "/in", headers=headers).status == 403
    assert get(proxy.address(), "/", headers=headers).status == 200
    (seen,) = [each for connection in server.requests() for each in connection]
    assert seen.all("x-forwarded-for") == ["127.0.0.1"] and seen.all("x-real-ip") == ["127.0.0.1"]
    assert "127.0.0.9" not in str(seen.headers)


TRUSTING = {"trusted_proxies": ["127.0.0.1", "127.0.0.2", "10.0.0.0/8"]}

# X-Forwarded-For, who it is that speaks, and why.
WALKED = [
    (["203.0.113.7"], "203.0.113.7", "the proxy's word"),
    (["203.0.113.7, 10.1.2.3"], "203.0.113.7", "past a trusted one"),
    (["198.51.100.1, 203.0.113.7"], "203.0.113.7", "only as far as the first that is not trusted"),
    (["198.51.100.1", "203.0.113.7"], "203.0.113.7", "two fields are one list"),
    (["10.1.2.3, 10.1.2.4"], "10.1.2.3", "all trusted: the first"),
    (["127.0.0.5, nonsense, 10.1.2.3"], "10.1.2.3", "what is no address ends the walk"),
    (["2001:db8::7"], "2001:db8::7", "IPv6"),
]


@pytest.mark.parametrize("fields, client, why", WALKED, ids=[each[2] for each in WALKED])
def test_the_client_is_found_behind_trusted_proxies(hawser, marking_server, fields, client, why):
    proxy = hawser(before(marking_server(), {"respond": {"status": 200, "body": "$remote_addr $realip_remote_addr"}}, **TRUSTING))
    answer = get(proxy.address(), headers=[("X-Forwarded-For", field) for field in fields])
    assert answer.body.decode() == f"{client} 127.0.0.1"


def test_the_client_behind_a_trusted_proxy_is_who_is_denied(hawser, marking_server):
    proxy = hawser(before(marking_server(), {"deny": ["203.0.113.0/24"]}, **TRUSTING))
    assert get(proxy.address(), headers=[("X-Forwarded-For", "203.0.113.7")]).status == 403
    assert get(proxy.address(), headers=[("X-Forwarded-For", "203.0.112.7")]).status == 200
    assert get_from("127.0.0.9", proxy.address(), headers=[("X-Forwarded-For", "203.0.113.7")]).status == 200


def test_a_trusted_proxy_s_list_is_added_to(hawser, marking_server):
    server = marking_server()
    proxy = hawser(before(server, {}, **TRUSTING))
    get(proxy.address(), headers=[("X-Forwarded-For", "203.0.113.7, 10.0.0.1"), ("X-Forwarded-Proto", "https")])
    (seen,) = [each for connection in server.requests() for each in connection]
    assert ", ".join(seen.all("x-forwarded-for")) == "203.0.113.7, 10.0.0.1, 127.0.0.1"
    assert seen.all("x-forwarded-proto") == ["https"] and seen.all("x-real-ip") == ["203.0.113.7"]


@pytest.mark.parametrize("trust", [{}, TRUSTING], ids=["untrusted", "trusted"])
def test_each_request_of_a_connection_is_forwarded_for_its_own_client(hawser, marking_server, trust):
    """A proxy's connection brings requests of many clients, for many hosts."""
    server = marking_server()
    proxy = hawser(before(server, {}, **trust))
    clients = ["203.0.113.1", "203.0.113.2", None, "2001:db8::3", "203.0.113.1, 10.0.0.1", None]
    with connect(proxy.address()) as wire:
        for number, client in enumerate(clients):
            said = f"X-Forwarded-For: {client}\r\nX-Forwarded-Proto: https\r\n" if client else ""
            wire.send(f"GET /{number} HTTP/1.1\r\nHost: host{number}.test\r\n{said}\r\n".encode())
            assert wire.read_answer().status == 200
    seen = [each for connection in server.requests() for each in connection]
    believed = [client if trust else None for client in clients]
    assert [each.get("host") for each in seen] == [f"host{number}.test" for number in range(len(clients))]
    assert [", ".join(each.all("x-forwarded-for")) for each in seen] == [
        f"{client}, 127.0.0.1" if client else "127.0.0.1" for client in believed]
    assert [each.get("x-real-ip") for each in seen] == [
        client.split(",")[0] if client else "127.0.0.1" for client in believed]
    assert [each.get("x-forwarded-proto") for each in seen] == ["https" if client else "http" for client in believed]
    assert [each.get("x-forwarded-host") for each in seen] == [f"host{number}.test" for number in range(len(clients))]
    assert all(f"host{number}.test" in each.get("forwarded") for number, each in enumerate(seen))


# By path: however it is written, it is the same path.

SAME_PATH = ["/admin", "/%61dmin", "/%61%64%6d%69%6e", "/%61%64%6D%69%6E", "//admin", "///admin", "/./admin", "/x/../admin",
             "/x/%2e%2e/admin", "/x/.%2E/admin", "/%2e/admin", "/x//../admin", "/x/y/../../admin", "/x%2f..%2fadmin",
             "/admin/.", "/admin/x/..", "/admin?x", "/admin?/../", "http://a.test/admin", "http://a.test//%61dmin"]
OTHER_PATH = ["/Admin", "/admin2", "/x/admin", "/%2561dmin", "/admin\\x", "/x/../y/admin"]
ABOVE = ["/..", "/../admin", "/x/../../admin", "/%2e%2e/admin", "/admin/../..", "/..%2fadmin", "/admin%00", "/%00"]


def status_of(proxy, target):
    return request(proxy.address(), f"GET {target} HTTP/1.1\r\nHost: a.test\r\n\r\n").status


@pytest.fixture
def guarded(hawser, marking_server):
    server = marking_server()
    proxy = hawser(before(server, {"match": {"path_prefix": "/admin"}, "deny": ["127.0.0.0/8"]}, {}))
    return proxy, server


@pytest.mark.parametrize("target", SAME_PATH)
def test_no_spelling_gets_around_a_denied_path(guarded, target):
    proxy, server = guarded
    assert status_of(proxy, target) == 403
    assert server.received() == b""


@pytest.mark.parametrize("target", ABOVE)
def test_a_path_above_the_root_or_with_a_nul_is_400(guarded, target):
    proxy, server = guarded
    assert status_of(proxy, target) == 400
    assert server.received() == b""


@pytest.mark.parametrize("target", OTHER_PATH)
def test_another_path_is_another_path_and_goes_as_it_came(guarded, target):
    proxy, server = guarded
    assert status_of(proxy, target) == 200
    assert server.count(target) == 1


@pytest.mark.parametrize("match", [{"path": "/admin"}, {"path_regex": "^/admin$"}])
@pytest.mark.parametrize("target", ["/%61dmin", "//admin", "/x/../admin", "/./admin"])
def test_exact_and_regular_matches_see_the_same_path(hawser, marking_server, match, target):
    proxy = hawser(before(marking_server(), {"match": match, "respond": 403}, {}))
    assert status_of(proxy, target) == 403


def test_a_path_that_only_looks_open_stays_shut(hawser, marking_server):
    """An open prefix, and everything else refused: no way of writing leads out of the prefix to the server."""
    server = marking_server()
    proxy = hawser(before(server, {"match": {"path_prefix": "/public"}}, {"respond": 403}))
    for target in ("/public/../secret", "/public/%2e%2e/secret", "/public/..%2fsecret", "/public//../../secret", "/PUBLIC/x"):
        assert status_of(proxy, target) in (400, 403), target
    assert server.received() == b""
    assert status_of(proxy, "/public/../public/x") == 200
