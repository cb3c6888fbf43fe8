"""Visitors of a fortress: requests at fixed times through its front doors, whatever became of those before.

A program for the client machine. Its orders: ``streams`` (see ``stream.py``), ``authority`` (PEM) that the services'
certificates come from, ``prefix`` (begins all numbers), ``seconds`` and ``most`` (requests in all) after which it ends
by itself, ``patience_s`` for a whole answer, and ``connecting_s`` for a connection with TLS.

Open loop: a request is sent at its time even when the ones before it hang, as the public would. Nothing is repeated:
what a client would have to repeat is counted as failed. A kept connection which the server is known to have closed is
not used for a new request.

A read without a good answer has failed. A write has failed for certain when there was no connection to send it on, or
the answer says that the client is wrong (4xx); without an answer, or with a server's fault (5xx), nobody knows.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import ssl
from typing import Any

from festning.proof.load.telling import FAILED, OK, UNKNOWN, Teller, now, served_first

IDLE_MOST_S = 10.0
"""A kept connection that was idle for longer is given up: front doors give it up after 15 s."""
SPREAD = 0.618
"""Of a period, between one stream and the next: no two send at one instant, and those of a door, which are told one
after the other, do not send together either. A gap is measured no finer than a door is asked."""

MOST_BY_NAME = 30
"""Requests over one kept connection of those who come by a name: people come and go, and ask anew where it leads."""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class NotConnectedError(Exception):
    """There was no connection: nothing was sent."""


class Visitors:
    """All streams of the orders."""

    def __init__(self, orders: dict[str, Any], teller: Teller) -> None:
        self.orders = orders
        self.teller = teller
        self.context = ssl.create_default_context(cadata=orders["authority"])
        self.open: list[list[tuple[Connection, float, int]]] = [[] for _ in orders["streams"]]
        self.turns: dict[str, int] = {}
        self.sent = 0
        self.began = now()
        self.stopped = asyncio.Event()

    async def visit(self) -> int:
        """Send everything, and wait for every outcome; how many requests there were."""
        await asyncio.gather(*(self._stream(number) for number in range(len(self.orders["streams"]))))
        return self.sent

    async def _stream(self, number: int) -> None:
        per_second = self.orders["streams"][number]["per_second"]
        phase = number * SPREAD % 1
        running: set[asyncio.Task[None]] = set()
        for count in itertools.count():
            after = (phase + count) / per_second
            due = self.began + after
            if after >= self.orders["seconds"] or await self._stop_within(due - now()):
                break
            if self.sent >= self.orders["most"]:  # Counted together: the others went on while this stream waited.
                break
            self.sent += 1
            task = asyncio.create_task(self._request(number, due, self.sent))
            running.add(task)
            task.add_done_callback(running.discard)
        while running:
            await asyncio.wait(running)

    async def _stop_within(self, seconds: float) -> bool:
        if seconds > 0:
            try:
                await asyncio.wait_for(self.stopped.wait(), seconds)
            except TimeoutError:
                return False
        return self.stopped.is_set()

    async def _request(self, number: int, due: float, count: int) -> None:
        told = self.orders["streams"][number]
        token = f"{self.orders['prefix']}{count}"
        writes = bool(told["book"])
        begin = {"door": told["door"], "kind": "write" if writes else "read", "book": told["book"]}
        function = "write" if writes else "read"
        self.teller.tell(
            {"begin": count, "request": count, **begin, "function": function, "value": token, "due": due, "at": now()}
        )
        fate, why = await self._outcome(number, token, writes=writes)
        end = {"fate": fate, "why": why, "node": "", "value": None, "more": False}
        self.teller.tell({"end": count, "at": now(), **end})

    async def _outcome(self, number: int, token: str, *, writes: bool) -> tuple[str, str]:
        lost = UNKNOWN if writes else FAILED
        where: list[str] = []
        try:
            async with asyncio.timeout(self.orders["patience_s"]):
                status = await self._exchange(number, token, where)
        except NotConnectedError as error:
            return FAILED, str(error)
        except TimeoutError:
            return lost, f"no whole answer within {self.orders['patience_s']:g} s{''.join(where)}"
        except EOFError:
            return lost, f"the connection ended without a whole answer{''.join(where)}"
        except (OSError, ValueError) as error:
            return lost, f"{type(error).__name__}: {error}{''.join(where)}"
        if 200 <= status < 400:
            return OK, ""
        return lost if status >= 500 else FAILED, f"status {status}{''.join(where)}"

    async def _exchange(self, number: int, token: str, where: list[str]) -> int:
        """One request and its answer's status; ``where`` is told to whom it went, if that is not known before."""
        told = self.orders["streams"][number]
        kept = self._kept(number)
        connection, uses = kept or (await self._connect(told), 0)
        reader, writer = connection
        if not told["address"]:
            where.append(f" from {writer.get_extra_info('peername')[0]}, request {uses + 1} of its connection")
        whole = False
        try:
            writer.write(head(told, token))
            await writer.drain()
            status, again = await answer(reader)
            whole = told["keep"] and again and (bool(told["address"]) or uses + 1 < MOST_BY_NAME)
        finally:
            if whole:
                self.open[number].append((connection, now(), uses + 1))
            else:
                writer.close()
        return status

    def _kept(self, number: int) -> tuple[Connection, int] | None:
        while self.open[number]:
            connection, used, uses = self.open[number].pop()
            if not connection[0].at_eof() and now() - used < IDLE_MOST_S:
                return connection, uses
            connection[1].close()
        return None

    async def _connect(self, told: dict[str, Any]) -> Connection:
        patience_s = self.orders["connecting_s"]
        address, led = told["address"], ""
        try:
            async with asyncio.timeout(patience_s):
                if not address:
                    address = await self._led_to(told["host"], told["port"])
                    led = f" with {address}"
                return await asyncio.open_connection(
                    address, told["port"], ssl=self.context, server_hostname=told["host"]
                )
        except TimeoutError as error:
            raise NotConnectedError(f"no connection{led} within {patience_s:g} s") from error
        except OSError as error:
            raise NotConnectedError(f"no connection{led}: {type(error).__name__}: {error}") from error

    async def _led_to(self, name: str, port: int) -> str:
        """Where a name leads now: one address after the other. No second try with another, which would hide much."""
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
        addresses = sorted({str(one[4][0]) for one in found})
        self.turns[name] = turn = self.turns.get(name, -1) + 1
        return addresses[turn % len(addresses)]


def head(told: dict[str, Any], token: str) -> bytes:
    """A request without a body."""
    lines = (
        f"{told['method']} {told['path'].replace('{token}', token)} HTTP/1.1",
        f"Host: {told['host']}",
        "User-Agent: festning-load",
        f"Connection: {'keep-alive' if told['keep'] else 'close'}",
        *(["Content-Length: 0"] if told["method"] == "POST" else []),
        *([told["header"].replace("{token}", token)] if told["header"] else []),
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


async def visit(orders: dict[str, Any], teller: Teller) -> int:
    """Visit as the orders say, or until standard input ends."""
    visitors = Visitors(orders, teller)
    loop = asyncio.get_running_loop()

    def hear() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            visitors.stopped.set()

    loop.add_reader(0, hear)
    return await visitors.visit()


def main(orders: dict[str, Any]) -> None:
    """Do what the orders say, and end."""
    served_first()
    teller = Teller()
    teller.tell({"began": now()})
    teller.tell({"sent": asyncio.run(visit(orders, teller))})
    teller.close(orders["patience_s"])
