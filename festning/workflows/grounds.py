"""Where a fortress's machines come from and go to while its edges change: the lab, or the clouds.

Knows how machines are made and taken away there, and how the names' answers are changed. Leaves when, to
``scaling_edges``.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from festning.engine.connections import Connections
from festning.errors import FestningError, UsageError
from festning.model.fortress import Fortress, Host
from festning.model.material import Authority
from festning.providers.lab.lab import Lab, MachineState
from festning.workflows import names_in_the_lab, repointing
from festning.workflows.compiling import read_sources
from festning.workflows.laboratory import Make, raise_lab
from festning.workflows.looking_at_doors import ask, trusting
from festning.workflows.opening import Opened, Surroundings, open_lab, open_vault
from festning.workflows.progress import Progress
from festning.workflows.renting import Rental, collect, raise_rented


@dataclass(frozen=True, slots=True)
class Pointed:
    """The names lead to who is to answer for them. ``ttl_s`` is how long others may still believe what was before."""

    ttl_s: float
    notes: tuple[str, ...] = ()


class Ground(Protocol):
    """What a change of edges needs of the place where the fortress is."""

    def ready(self, now: Fortress, then: Fortress, group: str) -> None:
        """Raise :class:`UsageError` when the fortress is not up, or a group's machines are not festning's to make."""

    def provide(self, fortress: Fortress) -> tuple[Opened, tuple[str, ...]]:
        """Make the machines that are lacking; the fortress with all of them, and the hosts that are new."""

    def open(self, fortress: Fortress) -> Opened:
        """A fortress whose machines are all there, and perhaps more of them."""

    async def point(self, opened: Opened, connections: Connections) -> Pointed:
        """Make the names lead to the edges that stay. Raises :class:`FestningError` when they cannot be made to."""

    def clear(self, fortress: Fortress, group: str) -> tuple[str, ...]:
        """Destroy the machines of a group's hosts that are not declared any more; their hosts."""

    def destroy(self, fortress: Fortress, host: str) -> None:
        """Destroy one host's machine, with all that is on it; nothing happens where it has none."""


def ground_of(
    file: Path, surroundings: Surroundings, *, make: Make | None, now: Callable[[], datetime], progress: Progress
) -> Ground:
    """The lab, where it is said how its machines are made; otherwise the clouds."""
    if make is not None:
        return LabGround(make, now, progress)
    return RentedGround(file, surroundings, now, progress)


@dataclass(frozen=True, slots=True)
class LabGround:
    """The lab's machines. Its client knows the names (``names_in_the_lab``)."""

    make: Make
    now: Callable[[], datetime]
    progress: Progress

    def ready(self, now: Fortress, then: Fortress, group: str) -> None:
        del then, group
        open_lab(now)

    def provide(self, fortress: Fortress) -> tuple[Opened, tuple[str, ...]]:
        lab = Lab(fortress)
        absent = tuple(one.name for one in lab.list() if one.state is MachineState.ABSENT)
        opened = raise_lab(lab, read_sources(lab.fortress), make=self.make, now=self.now(), progress=self.progress)
        return opened, absent

    def open(self, fortress: Fortress) -> Opened:
        return open_lab(fortress)

    async def point(self, opened: Opened, connections: Connections) -> Pointed:
        await names_in_the_lab.tell_client(opened.fortress, connections)
        return Pointed(names_in_the_lab.TTL_S)

    def clear(self, fortress: Fortress, group: str) -> tuple[str, ...]:
        del group
        lab = Lab(fortress)
        gone = lab.undeclared()
        for name in gone:
            lab.remove(name)
        return gone

    def destroy(self, fortress: Fortress, host: str) -> None:
        Lab(fortress).remove(host)


@dataclass(frozen=True, slots=True)
class RentedGround:
    """Machines at the clouds of the fortress's sites, and names in its zone where festning keeps that."""

    file: Path
    surroundings: Surroundings
    now: Callable[[], datetime]
    progress: Progress
    sleep: Callable[[float], None] = time.sleep

    def ready(self, now: Fortress, then: Fortress, group: str) -> None:
        for host in (*now.hosts, *then.hosts):
            if host.entry == group and not host.rented:
                raise UsageError(
                    f"{host.name}: festning makes no machines at {host.site.name}: {_why(host)}",
                    hint="this is for edges without an address, at sites of a provider that rents machines",
                )
        open_vault(self.file, now, self.surroundings, create=False)

    def provide(self, fortress: Fortress) -> tuple[Opened, tuple[str, ...]]:
        new = self._rental(fortress).look().create
        opened = raise_rented(self.file, fortress, self.surroundings, now=self.now(), progress=self.progress)
        return opened, tuple(new)

    def open(self, fortress: Fortress) -> Opened:
        return self.provide(fortress)[0]  # The firewalls at the providers are set anew, without those that left.

    async def point(self, opened: Opened, connections: Connections) -> Pointed:
        del connections
        fortress = opened.fortress
        if fortress.dns.provider is None:
            note = (
                f"nobody is declared who serves {fortress.zone}: change the names' records as festning dns prints them"
            )
            return Pointed(float(fortress.dns.ttl), (note,))
        planned = await self._repoint(opened)
        self._refuse_trouble(planned)
        for done in await asyncio.to_thread(lambda: list(repointing.carry_out(planned, self.progress))):
            if done.error:
                raise FestningError(
                    f"the record {done.name} could not be changed: {done.error}", hint="run the command again"
                )
        outside = tuple(f"{one.name}: {one.note}" for one in planned.plan.names if one.note)
        return Pointed(float(fortress.dns.ttl), outside)

    async def _repoint(self, opened: Opened) -> repointing.Planned:
        zone = repointing.open_own_zone(opened.fortress, self.surroundings.environment, self.sleep)
        context = trusting(opened.vault.lookup(Authority.WEB.certificate))
        looking = repointing.Looking()
        return await repointing.plan(
            opened.fortress, zone, partial(ask, context=context), looking, prune=False, progress=self.progress
        )

    def _refuse_trouble(self, planned: repointing.Planned) -> None:
        """Nobody is sent away from edges that still answer for a name while nothing else does."""
        if not any(edge.leaving for edge in planned.fortress.edges):
            return
        wrong = [f"{one.name}: {one.note}" for one in planned.plan.names if one.trouble]
        wrong += (
            f"{answer.name}: only edges that are to leave answer for it, as seen from here"
            for answer in planned.answers
            if answer.inside and any(door.leaving for door in answer.doors)
        )
        if wrong:
            raise FestningError("; ".join(wrong), hint="nobody has left: mend that, and run the command again")

    def clear(self, fortress: Fortress, group: str) -> tuple[str, ...]:
        rental = self._rental(fortress)
        gone = [one for one in rental.look().orphans if re.fullmatch(rf"{re.escape(group)}[0-9]+", one.host)]
        for machine in gone:
            self.progress.detail(f"{machine.host} at {machine.place}: {machine.id}")
        destroy = [partial(rental.cloud(one).destroy, rental.claim, one) for one in gone]
        # A run that ended between a machine and its firewall left that behind.
        sweep = [partial(cloud.sweep, rental.claim) for cloud in rental.clouds.values()]
        collect([*destroy, *sweep], hint="run the command again")
        return tuple(one.host for one in gone)

    def destroy(self, fortress: Fortress, host: str) -> None:
        rental = self._rental(fortress)
        machine = rental.look().adopt.get(host)
        if machine is not None:
            rental.cloud(machine).destroy(rental.claim, machine)

    def _rental(self, fortress: Fortress) -> Rental:
        vault = open_vault(self.file, fortress, self.surroundings, create=False)
        return Rental.of(fortress, vault, self.surroundings)


def _why(host: Host) -> str:
    return "it has an address already" if host.address is not None else f"its provider is {host.site.provider}"
