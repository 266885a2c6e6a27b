"""A client on python3-websockets: websockets_client.py URL. Compares echoes, pings, closes; prints one JSON object."""
import asyncio
import json
import os
import ssl
import sys

import websockets

MESSAGES = ["hello", "", "grüße ⚓ " * 5000, b"", os.urandom(200_000), ["cut ", "into ", "fragments"]]


async def converse(url):
    context = ssl._create_unverified_context() if url.startswith("wss") else None
    result = {"echoes": 0, "mismatches": 0}
    async with websockets.connect(url, ssl=context, max_size=None) as socket:
        for message in MESSAGES:
            await socket.send(message)
            expected = "".join(message) if isinstance(message, list) else message
            result["mismatches"] += await socket.recv() != expected
            result["echoes"] += 1
        await asyncio.wait_for(await socket.ping(), 5)
        result["pong"] = True
        await socket.close(1000, "bye")
        result["code"] = socket.close_code
    return result


print(json.dumps(asyncio.run(asyncio.wait_for(converse(sys.argv[1]), 20))))
