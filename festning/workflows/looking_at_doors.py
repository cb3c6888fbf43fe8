"""Looks at the front doors from here, as the public meets them: HTTPS to the public address, for the service's name.

A front door is well for a service when its certificate is good and the service's health page is answered with 2xx. What
keeps this machine from looking at all (no route to the address, no IPv6 here) says nothing of the door.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Awaitable, Callable, Iterable

from festning.dns.standing import Look
from festning.model.fortress import Host, Service

Ask = Callable[[Service, Host], Awaitable[Look]]
Pair = tuple[Service, Host]

AT_ONCE = 64
PATIENCE_S = 8.0
"""As ``verify`` waits. A door that takes longer is no use to anybody."""
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.ENETDOWN})


def trusting(authority: str) -> ssl.SSLContext:
    """Trust in the fortress's own authority (PEM), and in those that this machine trusts."""
    context = ssl.create_default_context(cadata=authority)
    context.load_default_certs()
    return context


async def ask(service: Service, door: Host, context: ssl.SSLContext, port: int = 443) -> Look:
    """One look at one front door: at each of its addresses, as the answer has them all or none."""
    looks = [await _ask_at(service, str(address), port, context) for address in door.addresses]
    return next((worst for worst in (Look.DEAD, Look.WELL) if worst in looks), Look.UNKNOWN)


async def _ask_at(service: Service, address: str, port: int, context: ssl.SSLContext) -> Look:
    try:
        async with asyncio.timeout(PATIENCE_S):
            status = await _status(service, address, port, context)
    except TimeoutError:
        return Look.DEAD
    except OSError as error:  # TLS that cannot be trusted is one, too.
        return Look.UNKNOWN if error.errno in _NO_WAY else Look.DEAD
    except (ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return Look.DEAD
    return Look.WELL if 200 <= status < 300 else Look.DEAD


async def _status(service: Service, address: str, port: int, context: ssl.SSLContext) -> int:
    reader, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=service.host)
    try:
        head = f"GET {service.health} HTTP/1.1\r\nHost: {service.host}\r\n"
        writer.write(f"{head}User-Agent: festning-dns\r\nConnection: close\r\n\r\n".encode("ascii"))
        line = await reader.readuntil(b"\r\n")
    finally:
        writer.close()
    version, status, *_ = line.decode("latin-1").split(" ", 2)
    if not version.startswith("HTTP/1."):
        raise ValueError("this is no HTTP answer")
    return int(status)


async def look(pairs: Iterable[Pair], ask: Ask, times: int, pause_s: float) -> dict[tuple[str, str], tuple[Look, ...]]:
    """Look so many times at each front door, with a pause between: by name of service and host, in order."""
    pairs = tuple(pairs)
    room = asyncio.Semaphore(AT_ONCE)

    async def one(service: Service, door: Host) -> Look:
        async with room:
            return await ask(service, door)

    rounds = []
    for turn in range(times):
        if turn:
            await asyncio.sleep(pause_s)
        rounds.append(await asyncio.gather(*(one(service, door) for service, door in pairs)))
    return {
        (service.name, door.name): tuple(seen)
        for (service, door), seen in zip(pairs, zip(*rounds, strict=True), strict=True)
    }
