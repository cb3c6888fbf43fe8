"""Measures the edges that follow their traffic: one question to each over a connection that is kept between looks.

Whoever does not answer is looked at from elsewhere in the same look: at its front door from outside, and from the cores
over the bridge. What is believed then is ``scaling``'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from festning.engine.connections import Connections
from festning.engine.questions import put
from festning.errors import FestningError, HostUnreachableError, UsageError
from festning.model.autoscale import Autoscale
from festning.model.check import Output, Probe
from festning.model.fortress import Fortress, Host
from festning.scaling.bounds import Bounds
from festning.scaling.presence import Sight
from festning.systems.haproxy import greeting, traffic
from festning.systems.openvpn import heard
from festning.workflows.opening import Surroundings, open_fortress

LOOK_S = 8.0
"""How long a host may take to answer. A login takes a tenth of a second."""

GIVEN_UP_S = 900.0
"""A change that is not done after this, and the time for which answers with names are kept, is nobody's any more: the
longest is to rent machines and to install all packages there."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of edges that follows its traffic, and within what.

    ``unfinished`` is whether some edges of it are on their way out, as while somebody scales or moves it.
    ``patience_s`` is how long somebody may be at that, or at edges that are half made, before it is taken for given up;
    a move has no such time, since where to is for people to say.
    """

    bounds: Bounds
    edges: tuple[str, ...]
    unfinished: bool = False
    patience_s: float | None = None


def bounds_of(declared: Autoscale) -> Bounds:
    """The declared autoscaling in the words of the decision."""
    return Bounds(
        least=declared.least,
        most=declared.most,
        requests_per_edge=declared.requests,
        p99_ms=declared.p99_ms,
        cool_down=declared.cool_down_s,
        up=declared.grow_after_s,
        down=declared.shrink_after_s,
        dead=declared.replace_after_s,
    )


def groups_of(fortress: Fortress, only: str | None) -> dict[str, Group]:
    """The groups that are watched: all that follow their traffic, or one. Raises :class:`UsageError` without any."""
    leaving = {edge.entry: edge.site for edge in fortress.edges if edge.leaving}
    found = {
        name: Group(
            bounds_of(edges[0].autoscale),
            tuple(edge.name for edge in edges),
            unfinished=name in leaving,
            patience_s=GIVEN_UP_S + fortress.dns.ttl if leaving.get(name, edges[0].site) == edges[0].site else None,
        )
        for name, edges in fortress.autoscaled.items()
        if edges[0].autoscale is not None and only in (None, name)
    }
    if found:
        return found
    how = f"hosts: {{{only or 'edge'}: {{…, autoscale: {{from: 2, to: 8, requests: 400/s, p99: 250ms}}}}}}"
    what = f"{only} is not a group of edges" if only else "there is no group of edges"
    raise UsageError(f"{what} with autoscale in it, so nothing says within what to scale", hint=how)


class View:
    """The edges of an open fortress, looked at again and again."""

    def __init__(self, fortress: Fortress, groups: Mapping[str, Group], connections: Connections) -> None:
        self._fortress = fortress
        self._connections = connections
        self._readings: dict[str, traffic.Reading] = {}
        self._edges = tuple(fortress.host(name) for group in groups.values() for name in group.edges)
        self.groups = groups

    async def look(self) -> tuple[Sight, ...]:
        """All edges as they are now. What cannot be asked is part of the answer, so nothing is raised for it."""
        sights = tuple(await asyncio.gather(*(self._look_at(edge) for edge in self._edges)))
        silent = tuple(edge for edge, sight in zip(self._edges, sights, strict=True) if not sight.reached)
        if not silent:
            return sights
        doors, hearing = await self._others(silent)
        return tuple(
            sight
            if sight.reached
            else replace(
                sight,
                door=doors.get(sight.edge),
                heard={core: None if hosts is None else sight.edge in hosts for core, hosts in hearing.items()},
            )
            for sight in sights
        )

    async def _look_at(self, edge: Host) -> Sight:
        before = self._readings.get(edge.name)
        try:
            output = await self._ask(traffic.probe(edge.name, before.since if before else None))
        except HostUnreachableError as error:
            return Sight(edge=edge.name, reached=False, trouble=error.message)
        except FestningError as error:
            return Sight(edge=edge.name, reached=True, trouble=f"its traffic cannot be measured: {error.message}")
        try:
            if output.status != 0:
                said = output.stderr.strip().splitlines()
                raise ValueError(said[-1] if said else f"exit {output.status}")
            reading = traffic.parse_reading(output.stdout)
        except ValueError as error:
            self._readings.pop(edge.name, None)
            return Sight(edge=edge.name, reached=True, trouble=f"its traffic cannot be measured: {error}")
        measured = traffic.traffic(before, reading)
        self._readings[edge.name] = reading
        return Sight(edge=edge.name, reached=True, requests=measured.requests, p99_ms=measured.p99_ms)

    async def _others(self, silent: Iterable[Host]) -> tuple[Mapping[str, bool], Mapping[str, frozenset[str] | None]]:
        cores = self._fortress.cores
        printed = await asyncio.gather(
            self._told(greeting.probe(self._fortress, silent)),
            *(self._told(heard.probe(self._fortress, core)) for core in cores),
        )
        hearing = {core.name: heard.heard(told) for core, told in zip(cores, printed[1:], strict=True)}
        return greeting.parse_greetings(printed[0]), hearing

    async def _told(self, probe: Probe) -> str | None:
        try:
            output = await self._ask(probe)
        except FestningError:
            return None  # Not being able to ask is the answer here, and is told as such.
        return output.stdout if output.status == 0 else None

    async def _ask(self, probe: Probe) -> Output:
        """One probe, within its time. After a host did not answer, the next look comes to it over a new connection."""
        host = probe.host
        try:
            async with asyncio.timeout(LOOK_S):
                (told,) = await put(host, [probe], self._connections)
        except TimeoutError:
            await self._connections.forget(host)
            raise HostUnreachableError(host, f"no answer within {LOOK_S:g} s") from None
        except HostUnreachableError:
            await self._connections.forget(host)
            raise
        status = told["status"] if isinstance(told["status"], int) else -1
        return Output(
            status=status, stdout=str(told["stdout"]), stderr=str(told["stderr"]), seconds=float(told["seconds"])
        )


class FileView(View):
    """A view of the fortress of a file, as the file was when it was opened."""

    def __init__(
        self, fortress: Fortress, groups: Mapping[str, Group], connections: Connections, changed: Callable[[], bool]
    ) -> None:
        super().__init__(fortress, groups, connections)
        self._changed = changed

    def outdated(self) -> bool:
        """Whether the file is another one now, so that the fortress must be opened anew."""
        return self._changed()


@asynccontextmanager
async def view(
    file: Path, surroundings: Callable[[], Surroundings], *, lab: bool, group: str | None
) -> AsyncIterator[FileView]:
    """Open a file's fortress, which is up, and look for the first time: rates take two readings.

    ``surroundings`` are asked for anew each time, as a watch lasts longer than a day. Raises as ``open_fortress``, and
    :class:`UsageError` where no group follows its traffic.
    """
    stamp = _stamp(file)
    opened = open_fortress(file, surroundings(), lab=lab)
    groups = groups_of(opened.fortress, group)
    async with Connections([*opened.endpoints(), opened.client()]) as connections:
        found = FileView(opened.fortress, groups, connections, lambda: _stamp(file) != stamp)
        await found.look()
        yield found


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """What tells one state of a file from the next; ``None`` where it is not there, as while an editor saves it."""
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
