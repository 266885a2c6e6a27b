"""Runs inside the root: real WebSocket peers of Hawser, by the distribution's python3-websockets.

live_sessions.py serve            an echo server; prints its port
live_sessions.py hold COUNT URL   COUNT sessions that echo without pause, and one visitor after the other that connects,
                                  echoes and leaves. Prints "ready" when all have echoed, and once its input ends a line
                                  of JSON: sessions, echoes, cut, visits, refused.
live_sessions.py visit URL        one session; prints its own port when it has echoed, and ends when its input does
"""

import asyncio
import json
import sys

import websockets

# Between two messages of a session: long enough that the sessions and not the processor are tested.
PACE = 0.02


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def input_ends():
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def exchange(connection, message):
    await connection.send(message)
    answer = await asyncio.wait_for(connection.recv(), 20)
    if answer != message:
        raise ValueError(f"{message!r} came back as {answer!r}")


async def serve():
    async with websockets.serve(echo, "127.0.0.1", 0) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await input_ends()


class Crowd:
    def __init__(self, url):
        self.url = url
        self.stop = asyncio.Event()
        self.report = {"sessions": 0, "echoes": 0, "cut": [], "visits": 0, "refused": []}

    async def pause(self):
        try:
            await asyncio.wait_for(self.stop.wait(), PACE)
        except (TimeoutError, asyncio.TimeoutError):
            pass

    async def session(self, number, has_echoed):
        try:
            async with websockets.connect(self.url, open_timeout=20) as connection:
                count = 0
                while not self.stop.is_set():
                    await exchange(connection, f"session {number} message {count}")
                    count += 1
                    self.report["echoes"] += 1
                    has_echoed.set()
                    await self.pause()
                await exchange(connection, "the last one")
                self.report["sessions"] += 1
        except Exception as error:  # whatever ends a session is what this looks for
            self.report["cut"].append(f"session {number}: {error!r}")
            has_echoed.set()

    async def visitors(self):
        while not self.stop.is_set():
            try:
                async with websockets.connect(self.url, open_timeout=20) as connection:
                    await exchange(connection, "a visit")
                self.report["visits"] += 1
            except Exception as error:
                self.report["refused"].append(repr(error))
            await self.pause()

    async def run(self, count):
        echoed = [asyncio.Event() for _ in range(count)]
        tasks = [asyncio.create_task(self.session(number, event)) for number, event in enumerate(echoed)]
        for event in echoed:
            await event.wait()
        tasks.append(asyncio.create_task(self.visitors()))
        print("ready", flush=True)
        await input_ends()
        self.stop.set()
        await asyncio.gather(*tasks)
        print(json.dumps(self.report), flush=True)


async def hold(count, url):
    await Crowd(url).run(int(count))


async def visit(url):
    async with websockets.connect(url, open_timeout=20) as connection:
        await exchange(connection, "here I am")
        print(connection.local_address[1], flush=True)
        await input_ends()
        await exchange(connection, "still here")
        print("still here", flush=True)


if __name__ == "__main__":
    asyncio.run({"serve": serve, "hold": hold, "visit": visit}[sys.argv[1]](*sys.argv[2:]))
