#!/usr/bin/python3
"""One chat server of the demo: the page on GET /, a WebSocket chat on /ws, its own name in every answer.

Usage: chat_server.py NAME PORT [PEER_PORT…]   prints 'ready NAME PORT' once it accepts. What is said on one server
reaches the clients of the others by a datagram to the UDP port of the same number, so that a chat is one chat whichever
server a client was given.
"""

import asyncio
import http
import json
import pathlib
import signal
import sys

import websockets

try:  # websockets 13 and later (Debian 13)
    from websockets.asyncio.server import broadcast, serve
    from websockets.datastructures import Headers
    from websockets.http11 import Response

    def adapt(answer):
        def process_request(_connection, request):
            found = answer(request.path)
            return found and Response(int(found[0]), found[0].phrase, Headers(found[1]), found[2])

        return process_request

except ImportError:  # Debian 12
    from websockets.legacy.protocol import broadcast
    from websockets.legacy.server import serve

    def adapt(answer):
        async def process_request(path, _headers):
            return answer(path)

        return process_request


PAGE = (pathlib.Path(__file__).resolve().parent / "page.html").read_bytes()


def answer_plain_http(path):
    """(status, headers, body) for a plain request, None where a WebSocket may begin."""
    path = path.split("?")[0]
    if path == "/ws":
        return None
    if path == "/":
        return http.HTTPStatus.OK, plain_headers("text/html; charset=utf-8", PAGE), PAGE
    body = b"nothing here\n"
    return http.HTTPStatus.NOT_FOUND, plain_headers("text/plain", body), body


def plain_headers(content_type, body):
    length = str(len(body))
    return [("Content-Type", content_type), ("Content-Length", length), ("Cache-Control", "no-store"), ("Connection", "close")]


class ChatServer(asyncio.DatagramProtocol):
    def __init__(self, name, port, peers):
        self.name = name
        self.port = port
        self.peers = [peer for peer in peers if peer != port]
        self.clients = set()
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, _address):
        broadcast(self.clients, data.decode())

    def say(self, message):
        text = json.dumps({"server": self.name, **message})
        broadcast(self.clients, text)
        for peer in self.peers:
            self.transport.sendto(text.encode(), ("127.0.0.1", peer))

    async def serve_client(self, client, _path=None):
        self.clients.add(client)
        await client.send(json.dumps({"server": self.name, "kind": "welcome"}))
        try:
            async for data in client:
                self.say({"kind": "message", **self.read_message(data)})
        except websockets.ConnectionClosed:
            pass
        finally:
            self.clients.discard(client)

    @staticmethod
    def read_message(data):
        """What the page sends is JSON with `from` and `text`; anything else is said as it stands."""
        try:
            message = json.loads(data)
            return {"from": str(message["from"])[:40], "text": str(message["text"])}
        except (ValueError, TypeError, KeyError):
            text = data if isinstance(data, str) else f"{len(data)} bytes"
            return {"from": "command line", "text": text}


async def run(name, port, peers):
    server = ChatServer(name, port, peers)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await loop.create_datagram_endpoint(lambda: server, local_addr=("127.0.0.1", port))
    process_request = adapt(answer_plain_http)
    async with serve(server.serve_client, "127.0.0.1", port, process_request=process_request, max_size=8192):
        print("ready", name, port, flush=True)
        await stopped.wait()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    asyncio.run(run(sys.argv[1], int(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
