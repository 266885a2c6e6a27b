"""An echo server on python3-websockets; prints "listening ADDRESS" once it accepts."""
import asyncio

import websockets


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def main():
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=None) as server:
        host, port = server.sockets[0].getsockname()
        print(f"listening {host}:{port}", flush=True)
        await asyncio.Future()


asyncio.run(main())
