"""Watches a whole fortress: one watcher on each host, begun again whenever it ends before its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.resources import files

from festning.errors import FestningError
from festning.model.drill import Sight
from festning.model.fortress import Fortress, Host
from festning.proof.watch.sights import UNSEEN, not_well, sight, subjects
from festning.systems.galera.provider import HEALTH_PORT
from festning.systems.openvpn import layout
from festning.workflows.hands import Hands, start_program

AGAIN_S = 0.5
LONGEST_S = 3600.0


class Watch:
    """An async context manager: while it is open, :attr:`sights` grows."""

    def __init__(self, fortress: Fortress, hands: Hands, clock: Callable[[], float]) -> None:
        self._fortress = fortress
        self._hands = hands
        self._clock = clock
        self._states: dict[str, str] = {}
        self._works: list[asyncio.Task[None]] = []
        self.sights: list[Sight] = []

    def trouble(self) -> tuple[str, ...]:
        """What is not as it is to be now."""
        return not_well(self._fortress, self._states)

    async def __aenter__(self) -> Watch:
        self._works = [asyncio.create_task(self._watch(host)) for host in self._fortress.hosts]
        return self

    async def __aexit__(self, *_: object) -> None:
        for work in self._works:
            work.cancel()
        await asyncio.gather(*self._works, return_exceptions=True)

    async def _watch(self, host: Host) -> None:
        while True:
            try:
                await self._listen(host)
            except FestningError:  # No power, or out of reach: that is a sight as well.
                self._unseen(host)
            await asyncio.sleep(AGAIN_S)

    async def _listen(self, host: Host) -> None:
        channel = await start_program(self._hands, host.name, program(self._fortress, host))
        try:
            while line := await channel.readline():
                self._add(sight(line.decode()))
        finally:
            self._unseen(host)
            await channel.close()

    def _unseen(self, host: Host) -> None:
        for subject in subjects(self._fortress)[host.name]:
            if self._states.get(subject) != UNSEEN:
                self._add(Sight(self._clock(), subject, UNSEEN))

    def _add(self, one: Sight) -> None:
        self._states[one.subject] = one.state
        self.sights.append(one)


def program(fortress: Fortress, host: Host) -> str:
    """The watcher of one host, with its orders."""
    tunnels = [
        {
            "device": link.device,
            "to": link.hub.name,
            "address": str(link.server.address),
        }
        for link in layout.links(fortress, host)
        if link.is_answered
    ]
    health = (str(host.bridge), HEALTH_PORT) if host in fortress.cores else None
    orders = {"host": host.name, "health": health, "tunnels": tunnels, "seconds": LONGEST_S}
    text = files("festning.proof.watch").joinpath("watcher.py").read_text(encoding="utf-8")
    return text.replace("ORDERS: dict[str, Any] = {}", f"ORDERS: dict[str, Any] = {orders!r}", 1)
