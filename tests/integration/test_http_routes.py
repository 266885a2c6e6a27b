"""What a route does with a request: splits, redirects, answers, rewrites it, changes headers, bounds its body."""
import json
import re
from collections import Counter

import pytest

from harness.configuration import relay_to
from harness.marking_server import framed
from harness.raw_client import connect, get, open_websocket, request
from harness.recording_server import echo_frames
from harness.strict_reader import split_requests


def routed(server, *routes, upstream=None, **top):
    """The routes before one server; a route that does nothing else goes to it."""
    actions = {"upstream", "split", "redirect", "respond"}
    routes = [route if actions & set(route) else {"upstream": "pool", **route} for route in routes]
    return relay_to(server.address, upstream=upstream, workers=1, routes=routes, **top)


def the_request(server):
    (one,) = [each for connection in server.requests() for each in connection]
    return one


# Splits.

def split_between(servers, weights, **route):
    configuration = relay_to("127.0.0.1:1", workers=2)
    configuration["upstreams"] = {name: {"servers": [server.address]} for name, server in servers.items()}
    configuration["routes"] = [{"split": [{"upstream": name, "weight": weight} for name, weight in weights.items()], **route}]
    return configuration


def named(marking_server, name):
    return marking_server({"/": lambda wire, _: wire.send(framed(200, name.encode()))})


def answered(proxy, **options):
    return get(proxy.address(), **options).body.decode()


def test_a_split_gives_each_about_its_share(hawser, marking_server):
    servers = {name: named(marking_server, name) for name in ("old", "new")}
    proxy = hawser(split_between(servers, {"old": 75, "new": 25}))
    counts = Counter(answered(proxy) for _ in range(400))
    assert 50 < counts["new"] < 150, counts  # five standard deviations of a fair draw are 43


def test_a_share_of_nothing_gets_nothing(hawser, marking_server):
    servers = {name: named(marking_server, name) for name in ("old", "new")}
    proxy = hawser(split_between(servers, {"old": 1, "new": 0}))
    assert {answered(proxy) for _ in range(50)} == {"old"}


def test_a_split_key_always_goes_the_same_way_and_moves_only_as_weights_do(hawser, marking_server):
    servers = {name: named(marking_server, name) for name in ("old", "new")}
    proxy = hawser(split_between(servers, {"old": 90, "new": 10}, split_key="$cookie_session"))
    users = [f"user{number}" for number in range(200)]

    def ways():
        return {user: answered(proxy, headers=[("Cookie", f"session={user}")]) for user in users}
    first = ways()
    assert ways() == first and 5 <= list(first.values()).count("new") <= 40
    proxy.reload(split_between(servers, {"old": 50, "new": 50}, split_key="$cookie_session"))
    second = ways()
    assert all(second[user] == "new" for user in users if first[user] == "new"), "nobody goes back"
    assert 60 <= list(second.values()).count("new") <= 140


def test_websockets_are_split_as_well(hawser, recording_server):
    servers = {name: recording_server(echo_frames) for name in ("old", "new")}
    proxy = hawser(split_between(servers, {"old": 0, "new": 1}))
    with open_websocket(proxy.address()) as wire:
        wire.send_text("hello")
        assert wire.read_text() == "hello"
    assert len(servers["new"].connections) == 1 and not servers["old"].connections


# Redirects and answers of Hawser's own.

@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_names_the_place_and_asks_no_server(hawser, marking_server, status):
    server = marking_server()
    proxy = hawser(routed(server, {"redirect": {"to": "https://$host$request_uri", "status": status}}))
    with connect(proxy.address()) as wire:
        for path in ("/", "/a/b?c=d"):
            wire.send(f"GET {path} HTTP/1.1\r\nHost: b.test\r\n\r\n".encode())
            answer = wire.read_answer()
            assert (answer.status, answer.get("location")) == (status, f"https://b.test{path}")
    assert server.received() == b""


def test_a_redirect_may_be_written_short(hawser, marking_server):
    proxy = hawser(routed(marking_server(), {"redirect": "/new"}))
    answer = get(proxy.address(), "/old")
    assert (answer.status, answer.get("location")) == (301, "/new")


@pytest.mark.parametrize("variable", ["$uri", "$request_uri", "$arg_to"])
def test_a_redirect_stays_on_its_line(hawser, marking_server, variable):
    proxy = hawser(routed(marking_server(), {"redirect": {"to": f"https://b.test{variable}"}}))
    with connect(proxy.address()) as wire:
        wire.send(b"GET /a%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0abody?to=%0d%0aSet-Cookie:%20evil=1 HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = wire.read_answer()
        assert answer.status == 301 and answer.get("set-cookie") is None
        assert not re.search(rb"[\r\n]Set-Cookie", bytes(wire.received))


def test_an_answer_of_hawser_s_own(hawser, marking_server):
    server = marking_server()
    proxy = hawser(routed(server, {"respond": {"status": 200, "body": "{\"you\": \"$remote_addr\"}",
                                               "content_type": "application/json"}}))
    with connect(proxy.address()) as wire:
        for _ in range(3):
            wire.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n")
            answer = wire.read_answer()
            assert (answer.status, answer.get("content-type")) == (200, "application/json")
            assert json.loads(answer.body) == {"you": "127.0.0.1"}
        wire.send(b"HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        assert wire.read_answer("HEAD").get("content-length") == str(len(answer.body))
    assert server.received() == b""


@pytest.mark.parametrize("sent", [b"Content-Length: 30\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\nxxxx",
                                  b"Transfer-Encoding: chunked\r\n\r\n1e\r\nGET /smuggled HTTP/1.1\r\n\r\nxxxx\r\n0\r\n\r\n"])
def test_the_body_of_a_request_that_hawser_answers_is_no_request(hawser, marking_server, sent):
    server = marking_server()
    proxy = hawser(routed(server, {"match": {"path": "/own"}, "respond": 204}, {}))
    with connect(proxy.address()) as wire:
        wire.send(b"POST /own HTTP/1.1\r\nHost: a.test\r\n" + sent + b"GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n")
        assert wire.read_answer().status == 204
        try:
            assert json.loads(wire.read_answer().body)["target"] == "/next"
        except (EOFError, ConnectionError):
            pass  # the connection may as well be closed
    assert {each.target for requests in server.requests() for each in requests} <= {"/next"}


def test_a_status_alone_is_an_answer(hawser, marking_server):
    proxy = hawser(routed(marking_server(), {"match": {"path": "/gone"}, "respond": 410}, {}))
    assert get(proxy.address(), "/gone").status == 410
    assert get(proxy.address(), "/").status == 200


# Rewriting.

@pytest.mark.parametrize("asked, sent", [("/api/v1/x?y=z", "/v1/x?y=z"), ("/api", "/"), ("/api/", "/"),
                                         ("/api/a%20b", "/a%20b"), ("/api//x/../y", "/y")])
def test_a_prefix_is_replaced(hawser, marking_server, asked, sent):
    server = marking_server()
    proxy = hawser(routed(server, {"match": {"path_prefix": "/api"}, "rewrite": {"prefix": "/"}}))
    assert get(proxy.address(), asked).status == 200
    assert the_request(server).target == sent


def test_a_longer_prefix_is_put_in_place(hawser, marking_server):
    server = marking_server()
    proxy = hawser(routed(server, {"match": {"path_prefix": "/api"}, "rewrite": {"prefix": "/internal/v2"}}))
    assert get(proxy.address(), "/api/x?q").status == 200
    assert the_request(server).target == "/internal/v2/x?q"


def test_a_rewritten_target_stays_on_its_line(hawser, marking_server):
    server = marking_server()
    proxy = hawser(routed(server, {"match": {"path_prefix": "/api"}, "rewrite": {"prefix": "/"}}))
    get(proxy.address(), "/api/x%20HTTP/1.1%0d%0aHost:%20evil%0d%0a%0d%0aGET%20/smuggled")
    seen = the_request(server)
    assert " " not in seen.target and seen.get("host") == "hawser.test"


def test_without_a_rewrite_the_target_goes_as_it_came(hawser, marking_server):
    server = marking_server()
    proxy = hawser(routed(server, {}))
    get(proxy.address(), "/a//b/../%63?x=%2f")
    assert the_request(server).target == "/a//b/../%63?x=%2f"


def test_the_host_is_replaced(hawser, marking_server):
    server = marking_server()
    proxy = hawser(routed(server, {"rewrite": {"host": "inner.test:8080"}}))
    get(proxy.address(), host="outer.test")
    seen = the_request(server)
    assert seen.all("host") == ["inner.test:8080"] and seen.get("x-forwarded-host") == "outer.test"


# Header rules.

RULES = {"set": {"X-Set": "mine", "X-User": "$arg_user"}, "add": {"X-Add": "more"}, "remove": ["X-Gone"]}


def test_rules_change_the_headers_of_a_request(hawser, marking_server):
    server = marking_server()
    proxy = hawser(routed(server, {"headers": {"request": RULES}}))
    get(proxy.address(), "/?user=anna", headers=[("X-Set", "theirs"), ("x-set", "again"), ("X-Add", "first"), ("X-GONE", "1"),
                                                 ("X-User", "admin")])
    seen = the_request(server)
    assert seen.all("x-set") == ["mine"] and seen.all("x-add") == ["first", "more"]
    assert seen.all("x-gone") == [] and seen.all("x-user") == ["anna"]


def test_a_header_that_is_set_to_nothing_is_not_the_client_s(hawser, marking_server):
    server = marking_server()
    proxy = hawser(routed(server, {"headers": {"request": {"set": {"X-User": "$arg_user"}}}}))
    get(proxy.address(), "/", headers=[("X-User", "admin")])
    assert the_request(server).all("x-user") in ([], [""])


ANSWERS = {"proxied": {}, "redirect": {"redirect": "/x"}, "respond": {"respond": 200},
           "error": {"deny": ["127.0.0.0/8"]}}


@pytest.mark.parametrize("kind", ANSWERS)
def test_rules_change_the_headers_of_each_kind_of_answer(hawser, marking_server, kind):
    server = marking_server({"/": lambda wire, _: wire.send(
        framed(200, b"ok", "X-Set: theirs", "X-Add: first", "X-Gone: 1"))})
    proxy = hawser(routed(server, {"headers": {"response": RULES}, **ANSWERS[kind]}))
    answer = get(proxy.address())
    assert answer.head.all("x-set") == ["mine"] and answer.get("x-gone") is None
    assert answer.head.all("x-add") == (["first", "more"] if kind == "proxied" else ["more"])


def test_rules_change_the_headers_of_an_upgrade_and_its_answer(hawser, recording_server):
    server = recording_server(echo_frames)
    proxy = hawser(routed(server, {"headers": {"request": {"set": {"X-Way": "ws"}}, "response": {"set": {"X-Back": "yes"}}}}))
    with open_websocket(proxy.address()) as wire:
        assert wire.upgrade.get("x-back") == "yes"
    assert b"x-way: ws\r\n" in server.received().lower()


INJECTIONS = ["/a%0d%0aX-Evil:%201", "/a%0aX-Evil:%201", "/a%0dX-Evil:%201", "/a%0d%0a%0d%0aGET%20/smuggled%20HTTP/1.1%0d%0a"]


@pytest.mark.parametrize("path", INJECTIONS)
def test_no_variable_breaks_out_of_its_header(hawser, marking_server, path):
    server = marking_server()
    proxy = hawser(routed(server, {"headers": {"request": {"set": {"X-Path": "$uri"}, "add": {"X-Arg": "$arg_a"}},
                                               "response": {"set": {"X-Path": "$uri"}, "add": {"X-Arg": "$arg_a"}}}}))
    with connect(proxy.address()) as wire:
        wire.send(f"GET {path}?a=%0d%0aX-Evil:%202 HTTP/1.1\r\nHost: a.test\r\n\r\n".encode())
        answer = wire.read_answer()
        assert answer.status == 200 and answer.get("x-evil") is None
        assert not re.search(rb"[\r\n]X-Evil", bytes(wire.received))
    seen = the_request(server)
    assert seen.get("x-evil") is None and not split_requests(server.received())[1]


# Bodies that are too large.

def test_a_declared_body_over_the_limit_is_413_before_any_server_is_asked(hawser, marking_server):
    server = marking_server()
    proxy = hawser(routed(server, {"max_body_size": "1k"}))
    answer = request(proxy.address(), b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1025\r\n\r\n" + b"x" * 1025)
    assert answer.status == 413
    assert server.received() == b""


def test_a_chunked_body_over_the_limit_is_413_and_never_whole_at_the_server(hawser, marking_server):
    server = marking_server()
    proxy = hawser(routed(server, {"max_body_size": "1k"}))
    with connect(proxy.address()) as wire:
        wire.send(b"POST /big HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        wire.send(b"401\r\n" + b"x" * 1025 + b"\r\n0\r\n\r\n")
        assert wire.read_answer().status == 413
        assert wire.is_over()
    assert server.count("/big") == 0
    assert get(proxy.address()).status == 200


@pytest.mark.parametrize("sent", [b"Content-Length: 1024\r\n\r\n" + b"x" * 1024,
                                  b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1024 + b"0\r\n\r\n"])
def test_a_body_of_just_the_limit_passes(hawser, marking_server, sent):
    server = marking_server()
    proxy = hawser(routed(server, {"max_body_size": "1k"}))
    assert request(proxy.address(), b"POST / HTTP/1.1\r\nHost: a.test\r\n" + sent).status == 200
    assert the_request(server).body == b"x" * 1024


# Error pages.

def pages(tmp_path):
    (tmp_path / "5xx.html").write_text("<h1>sorry</h1>")
    (tmp_path / "deny.json").write_text('{"error": "no"}')
    return {"all": [{"status": "400-599", "file": str(tmp_path / "5xx.html")}],
            "own": [{"status": 403, "file": str(tmp_path / "deny.json")}]}


def test_hawser_s_errors_have_pages_of_one_s_own(hawser, marking_server, refusing, tmp_path):
    written = pages(tmp_path)
    configuration = routed(marking_server(), {"match": {"path": "/denied"}, "deny": ["127.0.0.0/8"], "error_pages": written["own"]},
                           {"match": {"path": "/down"}, "upstream": "down"}, {"match": {"path": "/up"}},
                           error_pages=written["all"])
    configuration["upstreams"]["down"] = {"servers": [refusing]}
    proxy = hawser(configuration)
    denied, down, missing = (get(proxy.address(), path) for path in ("/denied", "/down", "/missing"))
    assert (denied.status, denied.get("content-type"), denied.body) == (403, "application/json", b'{"error": "no"}')
    assert down.status in (502, 503) and down.body == b"<h1>sorry</h1>" and "text/html" in down.get("content-type")
    assert (missing.status, missing.body) == (404, b"<h1>sorry</h1>")


def test_a_server_s_own_error_keeps_its_page(hawser, marking_server, tmp_path):
    server = marking_server({"/": lambda wire, _: wire.send(framed(500, b"theirs"))})
    proxy = hawser(routed(server, {}, error_pages=pages(tmp_path)["all"]))
    assert get(proxy.address()).body == b"theirs"
