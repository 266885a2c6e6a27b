"""Plain HTTP clients and servers that the world uses: curl, wrk, socket.io by long polling."""
import gzip
import hashlib
import re
import subprocess

import pytest

from harness.configuration import relay_to
from harness.marking_server import framed, mark
from harness.peers import node_folder, run_client

MEBIBYTE = 1 << 20


def curl(*arguments):
    done = subprocess.run(["curl", "-sS", "--max-time", "20", *map(str, arguments)], capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wrk(url, *arguments, seconds=2, connections=20):
    """Runs wrk; its report, which must speak of no error, and how many requests it made."""
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", *map(str, arguments), url],
                          capture_output=True, text=True, timeout=seconds + 30)
    assert done.returncode == 0, done.stderr
    assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
    return int(re.search(r"(\d+) requests in", done.stdout).group(1))


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1"])
@pytest.mark.parametrize("path", ["/", "/body?size=3000000&hash=1", "/body?size=3000000&chunked=1&hash=1"])
def test_curl_fetches(hawser, peers, tmp_path, version, path):
    proxy = hawser(relay_to(peers.echo().address))
    head = tmp_path / "head"
    body = curl(version, "-D", head, proxy.url("http", path))
    told = re.search(r"(?i)x-sha256: (\w+)", head.read_text())
    assert body == b"echo\n" if told is None else hashlib.sha256(body).hexdigest() == told.group(1)


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1"])
@pytest.mark.parametrize("size", [0, 1000, 5 * MEBIBYTE])
def test_curl_uploads(hawser, peers, tmp_path, version, size):
    """From a mebibyte on curl says Expect: 100-continue in HTTP/1.1, and waits for the answer."""
    proxy = hawser(relay_to(peers.echo().address))
    file = tmp_path / "file"
    file.write_bytes(bytes(n * n % 251 for n in range(1000)) * (size // 1000))
    count, digest = curl(version, "-T", file, proxy.url("http", "/hash")).split()
    assert (int(count), digest.decode()) == (size // 1000 * 1000, hashlib.sha256(file.read_bytes()).hexdigest())


def test_curl_is_told_to_continue_at_once(hawser, peers, tmp_path):
    """curl would send its body a second later in any case: it must not have had to wait."""
    proxy = hawser(relay_to(peers.echo().address))
    file = tmp_path / "file"
    file.write_bytes(b"x" * 1000)
    seconds = curl("-T", file, "-H", "Expect: 100-continue", "-o", "/dev/null", "-w", "%{http_code} %{time_total}",
                   "--expect100-timeout", "15", proxy.url("http", "/hash")).split()
    assert seconds[0] == b"200" and float(seconds[1]) < 5


def test_curl_uploads_in_chunks(hawser, peers, tmp_path):
    proxy = hawser(relay_to(peers.echo().address))
    file = tmp_path / "file"
    file.write_bytes(b"piece by piece" * 100000)
    count, digest = curl("-T", file, "-H", "Transfer-Encoding: chunked", proxy.url("http", "/hash")).split()
    assert (int(count), digest.decode()) == (1400000, hashlib.sha256(file.read_bytes()).hexdigest())


def test_curl_asks_again_on_one_connection(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    urls = [proxy.url("http", f"/body?size={n}") for n in (10, 20, 30)]
    told = curl("-w", "\n%{num_connects} %{http_code} %{size_download}\n", "-o", "/dev/null", urls[0], "-o", "/dev/null", urls[1],
                "-o", "/dev/null", urls[2]).split(b"\n")
    assert [line for line in told if line] == [b"1 200 10", b"0 200 20", b"0 200 30"]


def test_curl_asks_for_the_head_only(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    head = curl("-I", proxy.url("http", "/body?size=1000"))
    assert b"200 OK" in head and b"content-length: 1000" in head.lower()


@pytest.mark.parametrize("option, unpacks", [("--compressed", True), (None, False)])
def test_curl_gets_what_was_packed_for_it(hawser, marking_server, option, unpacks):
    text = b"packed text " * 1000

    def answer(wire, asked):
        if "gzip" in asked.get("accept-encoding", ""):
            wire.send(framed(200, gzip.compress(text), "Content-Encoding: gzip"))
        else:
            mark(wire, asked)
    proxy = hawser(relay_to(marking_server({"/text": answer}).address))
    body = curl(*([option] if option else []), proxy.url("http", "/text"))
    assert (body == text) == unpacks


def test_wrk_finds_nothing_wrong(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    assert wrk(proxy.url("http", "/")) > 200


def test_wrk_finds_nothing_wrong_with_larger_answers(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    assert wrk(proxy.url("http", "/body?size=65536&chunked=1")) > 50


def test_wrk_finds_nothing_wrong_without_keep_alive(hawser, peers):
    proxy = hawser(relay_to(peers.echo().address))
    assert wrk(proxy.url("http", "/"), "-H", "Connection: close") > 50


def test_wrk_finds_nothing_wrong_with_pipelined_requests(hawser, peers, tmp_path):
    script = tmp_path / "pipeline.lua"
    script.write_text("init = function(args)\n  local all = {}\n"
                      "  for n = 1, 10 do all[n] = wrk.format('GET', '/body?size=' .. n) end\n"
                      "  requests = table.concat(all)\nend\nrequest = function() return requests end\n")
    proxy = hawser(relay_to(peers.echo().address))
    assert wrk(proxy.url("http", "/"), "-s", script) > 200


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_socketio_s_long_polls_share_kept_connections(hawser, peers, certificate, scheme):
    tls = {"tls": {"certificates": [certificate.as_configuration()]}} if scheme == "https" else None
    server = peers.node("socketio_server.js", "one")
    proxy = hawser(relay_to(server.address, listener=tls, workers=1))
    result = run_client(["node", "socketio_polling_client.js", proxy.url(scheme, ""), "40"], cwd=node_folder())
    assert result == {**result, "echoes": 40, "transports": ["polling"]} and "error" not in result
    assert result["requests"] >= 80 and result["connections"] <= 8, result
