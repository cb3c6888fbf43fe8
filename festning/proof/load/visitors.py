"""Visitors of a fortress: requests at fixed times, whatever became of those before; one JSON line for each outcome.

A program for the lab's client machine, which gets its orders as ``ORDERS``:

* ``streams``: each with ``address``, ``host``, ``method``, ``path`` (where ``{token}`` becomes a new number), ``keep``
  (whether connections are used again) and ``per_second``
* ``authority`` (PEM) that the services' certificates come from, ``prefix`` of all numbers
* ``seconds`` and ``most`` (requests in all): the load ends by itself; or when standard input is closed
* ``patience_s``: after which a request that has no whole answer has failed

Open loop: a request is sent at its time even when the ones before it hang, as the public would. Nothing is repeated:
what a client would have to repeat is counted as failed. A kept connection which the server is known to have closed is
not used for a new request.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
import time
from typing import Any

ORDERS: dict[str, Any] = {}
IDLE_MOST_S = 10.0
"""A kept connection that was idle for longer is given up: front doors give it up after 15 s."""


class Stream:
    """Requests of one kind through one door. ``open`` are kept connections, each with when it was used last."""

    def __init__(self, number: int, told: dict[str, Any]) -> None:
        self.number = number
        self.told = told
        self.open: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = []


class Visitors:
    """All streams of the orders."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self.orders = orders
        self.context = ssl.create_default_context(cadata=orders["authority"])
        self.streams = [Stream(number, told) for number, told in enumerate(orders["streams"])]
        self.sent = 0
        self.began = time.monotonic()
        self.stopped = asyncio.Event()

    async def visit(self) -> None:
        """Send everything, wait for every outcome, and say that it is all."""
        tell({"began": time.time()})
        await asyncio.gather(*(self._stream(stream) for stream in self.streams))
        tell({"sent": self.sent})

    async def _stream(self, stream: Stream) -> None:
        every = 1 / stream.told["per_second"]
        # Streams do not all send at one instant.
        due = every * stream.number / len(self.streams)
        running: set[asyncio.Task[None]] = set()
        while due < self.orders["seconds"] and self.sent < self.orders["most"]:
            wait = self.began + due - time.monotonic()
            if wait > 0 and await self._stop_within(wait):
                break
            self.sent += 1
            task = asyncio.create_task(self._request(stream, due, f"{self.orders['prefix']}{self.sent}"))
            running.add(task)
            task.add_done_callback(running.discard)
            due += every
        while running:
            await asyncio.wait(running)

    async def _stop_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.stopped.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _request(self, stream: Stream, due: float, token: str) -> None:
        outcome: dict[str, Any] = {"stream": stream.number, "due": round(due, 4), "token": token}
        try:
            outcome["status"] = await asyncio.wait_for(self._exchange(stream, token), self.orders["patience_s"])
        except TimeoutError:
            outcome["error"] = f"no whole answer within {self.orders['patience_s']} s"
        except (OSError, ValueError, EOFError) as error:
            outcome["error"] = f"{type(error).__name__}: {error}"
        outcome["ended"] = round(time.monotonic() - self.began, 4)
        tell(outcome)

    async def _exchange(self, stream: Stream, token: str) -> int:
        reader, writer = await self._connection(stream)
        keep, whole = stream.told["keep"], False
        try:
            writer.write(head(stream.told, token, keep=keep))
            await writer.drain()
            status, again = await answer(reader)
            whole = keep and again
        finally:
            if whole:
                stream.open.append((reader, writer, time.monotonic()))
            else:
                writer.close()
        return status

    async def _connection(self, stream: Stream) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while stream.open:
            reader, writer, used = stream.open.pop()
            if not reader.at_eof() and time.monotonic() - used < IDLE_MOST_S:
                return reader, writer
            writer.close()
        told = stream.told
        return await asyncio.open_connection(told["address"], 443, ssl=self.context, server_hostname=told["host"])


def head(told: dict[str, Any], token: str, *, keep: bool) -> bytes:
    """A request without a body."""
    connection = "keep-alive" if keep else "close"
    lines = (
        f"{told['method']} {told['path'].replace('{token}', token)} HTTP/1.1",
        f"Host: {told['host']}",
        "User-Agent: festning-load",
        f"Connection: {connection}",
        *(["Content-Length: 0"] if told["method"] == "POST" else []),
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


async def answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one whole answer: its status, and whether the connection may be used again. Raises ``EOFError`` when cut."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ", 2)[1])
    pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
    headers = {name.strip().lower(): value.strip().lower() for name, value in pairs}
    again = headers.get("connection") != "close"
    if headers.get("transfer-encoding") == "chunked":
        await chunks(reader)
    elif "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
    elif status not in (204, 304):
        await reader.read()
        again = False
    return status, again


async def chunks(reader: asyncio.StreamReader) -> None:
    """Read a chunked body to its end (RFC 9112, 7.1), without trailers."""
    size = -1
    while size:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        await reader.readexactly(size + 2)


def tell(document: dict[str, Any]) -> None:
    """One line, whole, now."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Visit until told to stop by the end of standard input."""
    visitors = Visitors(ORDERS)

    def hear() -> None:
        if not os.read(0, 4096):
            asyncio.get_running_loop().remove_reader(0)
            visitors.stopped.set()

    asyncio.get_running_loop().add_reader(0, hear)
    await visitors.visit()


if __name__ == "__main__":
    asyncio.run(main())
