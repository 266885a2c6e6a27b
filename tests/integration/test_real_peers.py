"""Servers and clients that the world uses, before and behind Hawser, over ws and wss."""
import asyncio
import ssl
import subprocess

import pytest
import websockets

from harness.browser import Browser
from harness.configuration import relay_to
from harness.peers import PYTHON, SOURCES, node_folder, run_client, verify
from harness.raw_client import open_websocket

SCHEMES = ["ws", "wss"]


def start(hawser, scheme, certificate, *servers, **upstream):
    tls = {"tls": {"certificates": [certificate.as_configuration()]}} if scheme == "wss" else None
    return hawser(relay_to(*servers, listener=tls, upstream=upstream))


def server(peers, kind):
    return {"gorilla": peers.echo, "python": peers.python_echo, "npm": lambda: peers.node("ws_echo_server.js")}[kind]()


def go_client(url):
    result = verify(url, sessions=3, messages=4, max_size=200000)
    assert result == {**result, "messages": 12, "mismatches": 0, "errors": []}
    assert result["pongs"] > 0


def python_client(url):
    result = run_client([PYTHON, SOURCES / "python/websockets_client.py", url])
    assert result == {"echoes": 6, "mismatches": 0, "pong": True, "code": 1000}


def npm_client(url):
    result = run_client(["node", "ws_client.js", url], cwd=node_folder())
    assert result == {**result, "echoes": 5, "mismatches": 0, "pong": True, "code": 1000}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", ["gorilla", "npm", "python"])
@pytest.mark.parametrize("client", [go_client, python_client, npm_client])
def test_a_client_talks_to_an_echo_server(hawser, peers, certificate, scheme, kind, client):
    proxy = start(hawser, scheme, certificate, server(peers, kind).address)
    client(proxy.url(scheme))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_compression_and_subprotocol_are_agreed_through_the_relay(hawser, peers, certificate, scheme):
    proxy = start(hawser, scheme, certificate, peers.node("ws_echo_server.js").address)
    result = run_client(["node", "ws_client.js", proxy.url(scheme), "other", "chat"], cwd=node_folder())
    assert result["protocol"] == "chat"
    assert result["extensions"] == "permessage-deflate"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_hub_broadcasts_to_all_clients(hawser, peers, certificate, scheme):
    proxy = start(hawser, scheme, certificate, peers.hub().address)
    context = ssl._create_unverified_context() if scheme == "wss" else None

    async def converse():
        clients = [await websockets.connect(proxy.url(scheme), ssl=context) for _ in range(20)]
        assert [await client.recv() for client in clients] == ["joined"] * 20
        for number, client in enumerate(clients):
            await client.send(f"I am {number}")
        for client in clients:
            assert sorted([await client.recv() for _ in clients]) == sorted(f"I am {n}" for n in range(20))
        for client in clients:
            await client.close()

    asyncio.run(asyncio.wait_for(converse(), 20))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_socketio_begins_with_polling_and_upgrades(hawser, peers, certificate, scheme):
    servers = [peers.node("socketio_server.js", name).address for name in ("one", "two")]
    proxy = start(hawser, scheme, certificate, *servers,
                  balance={"method": "consistent_hash", "key": "$arg_session"})
    url = proxy.url("https" if scheme == "wss" else "http", "")
    names = set()
    for session in ("anna", "bert", "carl", "dora", "emil", "fritz"):
        result = run_client(["node", "socketio_client.js", url, session], cwd=node_folder())
        names.add(result.pop("name", None))
        assert result == {"transports": ["polling", "websocket"], "text": "ahoy", "serverTransport": "websocket"}
    assert names and names <= {"one", "two"}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_in_chromium_talks_through_the_relay(hawser, peers, certificate, scheme, tmp_path):
    echo = peers.echo(page=SOURCES / "browser/page.html")
    proxy = start(hawser, scheme, certificate, echo.address)
    browser = Browser(tmp_path / "profile")
    try:
        browser.open(proxy.url("https" if scheme == "wss" else "http", "/page"))
        browser.wait_for_title("^closed 4000 true$")
        assert browser.text("#answer") == "ahoy ⚓ 300000 true"
    finally:
        browser.finish()


def test_curl_gets_a_page_and_an_upgrade(hawser, peers, certificate):
    proxy = start(hawser, "wss", certificate, peers.echo(name="curl's").address)
    page = subprocess.run(["curl", "-sk", "--max-time", "10", "--http1.1", proxy.url("https")], capture_output=True,
                          text=True)
    assert page.stdout == "curl's\n"
    upgrade = subprocess.run(
        ["curl", "-skN", "--max-time", "1", "--http1.1", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Connection: Upgrade", "-H",
         "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
         proxy.url("https")], capture_output=True, text=True)
    assert upgrade.stdout == "101"


def test_the_server_that_answered_is_named_in_the_101(hawser, peers):
    proxy = hawser(relay_to(peers.echo(name="left").address))
    with open_websocket(proxy.address()) as wire:
        assert wire.upgrade.get("x-server") == "left"
