"""One line for each session and request, in each of the formats."""
import json
import re

import pytest

from harness.configuration import relay_to
from harness.raw_client import get, handshake_bytes, open_websocket, request
from harness.waiting import wait_until


@pytest.fixture
def logged(hawser, peers, tmp_path):
    """Starts Hawser with an access log of the given format; returns the process and a function that waits for lines."""
    file = tmp_path / "access.log"

    def start(log_format=None, **top):
        settings = {"target": str(file), **({"format": log_format} if log_format else {})}
        server = peers.echo().address
        proxy = hawser(relay_to(server, access_log=settings, **top))
        proxy.address()

        def lines(count):
            wait_until(lambda: file.exists() and file.read_text().count("\n") >= count, 5, f"{count} lines")
            found = file.read_text().splitlines()
            assert len(found) == count
            return found
        return proxy, lines, server
    return start


def test_json_is_the_default_and_tells_of_a_request(logged):
    proxy, lines, server = logged()
    get(proxy.address(), "/some/where?a=b", headers=[("User-Agent", "test \"agent\"")])
    entry = json.loads(lines(1)[0])
    values = set(map(str, entry.values()))
    assert "200" in values and server in values and "127.0.0.1" in values
    assert any("/some/where" in value for value in values)


def test_json_tells_of_a_session_when_it_ends(logged):
    proxy, lines, server = logged("json")
    with open_websocket(proxy.address(), "/chat") as wire:
        for text in ("one", "two", "three"):
            wire.send_text(text)
            wire.read_text()
        wire.send_close(4002, "enough")
        wire.read_frame()
        wire.is_over()
    entry = json.loads(lines(1)[0])
    assert str(entry["status"]) == "101"
    assert str(entry["ws_close_code"]) == "4002"
    assert str(entry["ws_closed_by"]) == "client"
    assert int(entry["ws_messages_in"]) == 3 and int(entry["ws_messages_out"]) == 3
    assert int(entry["ws_bytes_in"]) >= 11


def test_combined_is_nginx_s(logged):
    proxy, lines, _ = logged("combined")
    get(proxy.address(), "/x?y=z", headers=[("Referer", "http://r.test/"), ("User-Agent", "agent/1")])
    pattern = (r'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /x\?y=z HTTP/1\.1" 200 5 '
               r'"http://r\.test/" "agent/1"')
    assert re.fullmatch(pattern, lines(1)[0])


def test_a_template_is_filled_in(logged):
    proxy, lines, server = logged(
        "$remote_addr|$request_method|$uri|$args|$arg_a|$http_x_room|$cookie_who|$status|$upstream_addr|$host|$listener|$scheme")
    get(proxy.address(), "/p?a=1&b=2", host="h.test", headers=[("X-Room", "7"), ("Cookie", "x=1; who=me")])
    assert lines(1) == [f"127.0.0.1|GET|/p|a=1&b=2|1|7|me|200|{server}|h.test|public|http"]


def test_a_client_cannot_forge_a_line(logged):
    proxy, lines, _ = logged("$http_x_evil|$status")
    request(proxy.address(), b'GET / HTTP/1.1\r\nHost: a\r\nX-Evil: a"b\\c\td\xff\r\n\r\n')
    (line,) = lines(1)
    assert line.endswith("|200") and '"' not in line and "\t" not in line


def test_refused_and_failed_requests_are_logged_too(logged):
    proxy, lines, _ = logged("$status $uri", routes=[{"upstream": "pool", "match": {"path_prefix": "/ws"}}])
    request(proxy.address(), "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    request(proxy.address(), handshake_bytes("/ws", key="bad"))
    assert sorted(line.split()[0] for line in lines(2)) == ["400", "404"]


def test_each_request_of_a_connection_has_its_own_id_and_line(logged):
    proxy, lines, _ = logged("$request_id $uri")
    for number in range(5):
        get(proxy.address(), f"/{number}")
    ids = [line.split()[0] for line in lines(5)]
    assert len(set(ids)) == 5 and all(ids)


def test_a_session_that_a_stop_ends_has_its_line(logged):
    proxy, lines, _ = logged("json")
    with open_websocket(proxy.address()) as wire:
        wire.send_text("one")
        wire.read_text()
        proxy.stop()  # the client answers no Close frame, so its session is cut after a second
    entry = json.loads(lines(1)[0])
    assert entry["ws_close_code"] == 1001 and entry["ws_closed_by"] == "hawser" and entry["ws_messages_in"] == 1


def test_the_reason_of_a_close_frame_and_the_length_of_the_request_are_told(logged):
    proxy, lines, _ = logged("$ws_close_reason|$request_length")
    sent = handshake_bytes("/")
    with open_websocket(proxy.address()) as wire:
        wire.send_close(4002, "enough")
        wire.read_frame()
        wire.is_over()
    assert lines(1)[0] == f"enough|{len(sent)}"


def test_off_writes_nothing_and_stdout_is_a_target(hawser, peers):
    server = peers.echo().address
    quiet = hawser(relay_to(server))
    get(quiet.address())
    loud = hawser(relay_to(server, access_log={"target": "stdout", "format": "$status $uri"}))
    get(loud.address(), "/out")
    loud.output.wait_for("^200 /out$")
    quiet.stop()
    assert quiet.output.lines == []


def test_an_unknown_variable_is_a_configuration_error(tmp_path):
    from harness.configuration import as_text
    from harness.hawser_process import run_hawser
    file = tmp_path / "hawser.yaml"
    file.write_text(as_text(relay_to("127.0.0.1:9", access_log={"target": "stderr", "format": "$no_such_thing"})))
    done = run_hawser("-t", "-c", str(file))
    assert done.returncode == 78 and "no_such_thing" in done.stderr
