"""``scale``, ``move``, and the replacing of a dead edge: a group of edges changes while the fortress serves.

The file is changed first and says what is under way, so whatever ends a run, the same command (or ``up``) goes on from
there. Edges that leave first lose their place in the names' answers, then their connections, then the file's entry, the
cores' knowledge of them, and their machines, in this order. Leaves what a group is to be to ``model.group``, and where
machines come from to ``grounds``.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from festning.engine.apply import ApplyResult
from festning.engine.connections import Connections
from festning.errors import BadFileError, FestningError, UsageError
from festning.model import group as groups
from festning.model.check import Verdict
from festning.model.editing import Changes, edit_host
from festning.model.fortress import Fortress
from festning.model.group import Group
from festning.model.load import read_text
from festning.model.plan import Plan
from festning.proof.faults.fault import Script
from festning.systems.haproxy.farewell import LONGEST_S, farewell
from festning.workflows.applying import apply
from festning.workflows.compiling import read_sources
from festning.workflows.grounds import Ground, Pointed, ground_of
from festning.workflows.hands import RemoteHands, run_script
from festning.workflows.judging import judge_text
from festning.workflows.laboratory import Make
from festning.workflows.opening import Opened, Surroundings
from festning.workflows.progress import Progress
from festning.workflows.rewriting import rewrite
from festning.workflows.settling import verify_settled
from festning.workflows.verifying import Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """What became of a group. ``made`` and ``gone`` are hosts whose machines were made, and taken away.

    ``applied`` are the plans that were carried out, in order, with their results; ``verification`` is of the group's
    edges and of every host that was changed. ``cut`` are connections that an edge still had when it was taken away.
    ``whole`` is whether every step was done; otherwise the same command goes on where this one ended. What was verified
    may still not be well.
    """

    fortress: Fortress
    group: str
    made: tuple[str, ...]
    gone: tuple[str, ...]
    applied: tuple[tuple[Plan, ApplyResult], ...]
    verification: Verification | None
    cut: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    whole: bool = True

    @property
    def changed(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.made or self.gone or any(plan.changes for plan, _ in self.applied))


class Work(Protocol):
    """What is done to the hosts themselves while a group changes."""

    async def apply(self, opened: Opened) -> tuple[Plan, ApplyResult]:
        """Make all hosts what the fortress declares; those that are so already are left alone."""

    async def verify(self, opened: Opened, hosts: Collection[str], *, changed: bool) -> Verification:
        """The checks of these hosts."""

    async def point(self, opened: Opened, ground: Ground) -> Pointed:
        """Make the names lead to the edges that stay."""

    async def wait(self, seconds: float) -> None:
        """Let so many seconds pass."""

    async def leave(self, opened: Opened, hosts: Collection[str]) -> Mapping[str, int | None]:
        """Let edges end what is asked of them: how many connections each had left, ``None`` where it was away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Where machines come from (the lab or clouds), what is done to hosts, who listens, and which day it is.

    Use :func:`means_of`.
    """

    ground: Ground
    work: Work
    progress: Progress
    today: date
    lab: bool


def means_of(
    file: Path,
    surroundings: Surroundings,
    *,
    make: Make | None,
    now: Callable[[], datetime],
    token: Callable[[], str],
    progress: Progress,
) -> Means:
    """The means for a file's fortress: in the lab, its machines made as ``make`` says, or without it in the clouds."""
    return Means(
        ground=ground_of(file, surroundings, make=make, now=now, progress=progress),
        work=Hosts(surroundings, now, token, progress),
        progress=progress,
        today=surroundings.today,
        lab=make is not None,
    )


def scale(file: Path, group: str, count: int, means: Means) -> Scaled:
    """Make a group of edges have ``count`` of them.

    New edges are joined and verified before anybody is sent to them; those with the highest numbers leave, drained.
    Safe to repeat and to interrupt. Changes ``count`` in the file, and nothing else in it. Blocks until it is done
    (call it in a thread of its own from a program that has other things to do).

    Raises :class:`UsageError` (unknown group, no edges, a count below 1 or above ``model.group.MOST_EDGES``, a
    fortress that is not up) and :class:`BadFileError` with nothing touched; other :class:`FestningError` from a cloud,
    a zone or a host in the middle, after which the same call goes on.
    """
    return change(file, group, lambda found: groups.scaled(found, count), means)


def move(
    file: Path, group: str, site: str, means: Means, *, size: str | None = None, image: str | None = None
) -> Scaled:
    """Move a group of edges to another site: as many new ones there, and when they are in traffic the old ones leave.

    ``size`` and ``image`` are the new site's words, where it is another provider's. A move that is under way goes on,
    or back where it came from. Otherwise as :func:`scale`; also refused, with nothing touched, is a site that does not
    exist, and one that the policy forbids.
    """
    before = judge_text(read_text(file), file, means.today)

    def moved(found: Group) -> Group:
        _check_site(before, found, site, size, image, lab=means.lab)
        return groups.moved(found, site, size=size, image=image)

    done = change(file, group, moved, means)
    hints = tuple(_stays(before, done)) if done.changed else ()
    return dataclasses.replace(done, notes=(*done.notes, *hints))


def replace(file: Path, host: str, means: Means) -> Scaled:
    """Destroy a dead edge's machine, make it anew under the same name, apply and verify. The file stays as it is.

    Nothing is drained: this is for an edge that does not answer. Safe to repeat: then it is made anew once more. Raises
    as :func:`scale` does.
    """
    ground, work, progress = means.ground, means.work, means.progress
    fortress = judge_text(read_text(file), file, means.today)
    edge = next((one for one in fortress.edges if one.name == host), None)
    if edge is None:
        known = ", ".join(one.name for one in fortress.edges) or "none"
        raise UsageError(f"there is no edge {host!r}", hint=f"the edges are: {known}")
    ground.ready(fortress, fortress, edge.entry)
    progress.stage(f"Destroy the machine of {host}")
    ground.destroy(fortress, host)
    opened, made = ground.provide(fortress)
    done = _Done(edge.entry, made=made)

    async def join() -> None:
        await _apply(done, opened, work)
        if done.complete_but(()):
            await _verify(done, opened, work, {host})
            done.notes += (await work.point(opened, ground)).notes

    asyncio.run(join())
    return done.told(opened.fortress, whole=done.well(()))


def change(file: Path, name: str, decide: Callable[[Group], Group], means: Means) -> Scaled:
    """The steps that ``scale`` and ``move`` have in common, by any means; raises as they do."""
    ground, work, progress, today = means.ground, means.work, means.progress, means.today
    text = read_text(file)
    before = judge_text(text, file, today)
    group = groups.group_of(before, name)
    wanted = decide(group)
    under_way = _edited(text, file, group, wanted)
    ended = _edited(under_way, file, wanted, wanted.without_leaving())
    fortress, final = _permitted(under_way, file, today), _permitted(ended, file, today)
    _same_numbers(before, fortress, name)
    _same_numbers(fortress, final, name)
    ground.ready(before, fortress, name)
    if under_way != text:
        progress.stage(f"Write into {file.name}: {_told(groups.changes(group, wanted))}")
        rewrite(file, text, under_way)
    opened, made = ground.provide(fortress)
    done = _Done(name, made=made)
    if not asyncio.run(_shift(done, opened, wanted, means)):
        return done.told(opened.fortress, whole=False)
    if wanted.leaving is None:
        done.gone += ground.clear(fortress, name)
        return done.told(opened.fortress, whole=True)
    progress.stage(f"Write into {file.name}: {', '.join(wanted.leaving_names)} have left")
    rewrite(file, under_way, ended)
    rest = ground.open(final)
    asyncio.run(_apply(done, rest, work))
    if not done.complete_but(()):
        # Who still knows them may still ask them: they stay, declared no more, until a run has reached everybody.
        return done.told(rest.fortress, whole=False)
    progress.stage(f"Destroy {', '.join(wanted.leaving_names)}")
    done.gone += ground.clear(final, name)
    asyncio.run(_verify(done, rest, work, {*wanted.names, *done.changed_hosts}))
    return done.told(rest.fortress, whole=True)


async def _shift(done: _Done, opened: Opened, group: Group, means: Means) -> bool:
    """Join what is new, send people to what stays, and let go what leaves; whether all of that is done."""
    work, progress, leaving = means.work, means.progress, group.leaving_names
    if not leaving or group.moving:
        await _apply(done, opened, work)
        if not done.complete_but(leaving):
            return False
    await _verify(done, opened, work, {*group.names, *done.changed_hosts} - {*leaving})
    if leaving and not done.well(leaving):
        return False
    progress.stage(f"Send people to {', '.join(group.names)}")
    pointed = await work.point(opened, means.ground)
    done.notes += pointed.notes
    if leaving:
        progress.stage(f"Wait {pointed.ttl_s:g} s: for so long others may know the answer of before")
        await work.wait(pointed.ttl_s)
        progress.stage(f"Let {', '.join(leaving)} end what is asked of them")
        for host, left in (await work.leave(opened, leaving)).items():
            if left is None:
                done.notes += (f"{host} did not answer, and was not drained",)
            elif left:
                done.cut[host] = left
    return True


async def _apply(done: _Done, opened: Opened, work: Work) -> None:
    done.applied.append(await work.apply(opened))


async def _verify(done: _Done, opened: Opened, work: Work, hosts: Collection[str]) -> None:
    changed = bool(done.applied) and done.applied[-1][0].changes > 0
    done.verification = await work.verify(opened, hosts, changed=changed)


@dataclass(slots=True)
class _Done:
    """What has been done so far."""

    group: str
    made: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    applied: list[tuple[Plan, ApplyResult]] = field(default_factory=list)
    verification: Verification | None = None
    cut: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def changed_hosts(self) -> set[str]:
        """The hosts that the last apply changed."""
        return {host.host for host in self.applied[-1][0].hosts if host.changes} if self.applied else set()

    def complete_but(self, hosts: Collection[str]) -> bool:
        """Whether the last apply came through everywhere but on these hosts, which are on their way out."""
        good = ("ok", "changed")
        results = self.applied[-1][1].hosts if self.applied else ()
        return all(one.outcome in good or one.host in hosts for one in results)

    def well(self, hosts: Collection[str]) -> bool:
        """Whether the last apply came through, and what was verified is well."""
        verified = self.verification is None or self.verification.verdict in (Verdict.PASS, Verdict.WAIVED)
        return self.complete_but(hosts) and verified

    def told(self, fortress: Fortress, *, whole: bool) -> Scaled:
        return Scaled(
            fortress=fortress,
            group=self.group,
            made=self.made,
            gone=self.gone,
            applied=tuple(self.applied),
            verification=self.verification,
            cut=self.cut,
            notes=self.notes,
            whole=whole,
        )


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts themselves, over SSH."""

    surroundings: Surroundings
    now: Callable[[], datetime]
    token: Callable[[], str]
    progress: Progress

    async def apply(self, opened: Opened) -> tuple[Plan, ApplyResult]:
        async with Connections(opened.endpoints()) as connections:
            return await apply(
                opened,
                read_sources(opened.fortress),
                connections,
                operator=self.surroundings.operator,
                now=self.now(),
                progress=self.progress,
            )

    async def verify(self, opened: Opened, hosts: Collection[str], *, changed: bool) -> Verification:
        async with Connections([*opened.endpoints(), opened.client()]) as connections:
            return await verify_settled(
                opened, connections, self.now, self.token, self.progress, changed=changed, hosts=hosts
            )

    async def point(self, opened: Opened, ground: Ground) -> Pointed:
        async with Connections([opened.client()]) as connections:
            return await ground.point(opened, connections)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def leave(self, opened: Opened, hosts: Collection[str]) -> Mapping[str, int | None]:
        ways = [way for way in opened.endpoints() if way.host in hosts]
        async with Connections(ways) as connections:
            hands = RemoteHands(connections)
            left = await asyncio.gather(*(self._leave(hands, way.host) for way in ways))
        return dict(zip((way.host for way in ways), left, strict=True))

    async def _leave(self, hands: RemoteHands, host: str) -> int | None:
        try:
            said = await run_script(hands, Script(host=host, text=farewell(), timeout_s=LONGEST_S))
        except FestningError:
            return None  # It is away already: nobody is served by it, and it goes all the same.
        lines = said.stdout.split()
        return int(lines[-1]) if said.status == 0 and lines and lines[-1].isdecimal() else None


def _permitted(text: str, file: Path, today: date) -> Fortress:
    """The fortress of what is to be the file's text. Raises :class:`UsageError` with what the policy has against it."""
    try:
        return judge_text(text, file, today)
    except BadFileError as error:
        raise UsageError(
            f"this would not be allowed, and nothing was changed:\n{error.message}",
            hint="festning check judges the file as it is",
        ) from None


def _edited(text: str, file: Path, before: Group, after: Group) -> str:
    wanted = groups.changes(before, after)
    return edit_host(text, str(file), before.name, wanted) if wanted else text


def _same_numbers(before: Fortress, after: Fortress, group: str) -> None:
    """Raise :class:`UsageError` where hosts that stay would get other addresses on the bridge."""
    numbers = {host.name: host.number for host in before.hosts}
    moved = [host for host in after.hosts if numbers.get(host.name, host.number) != host.number]
    if moved:
        first = moved[0]
        raise UsageError(
            f"{group} would outgrow its room: {', '.join(host.name for host in moved)} would get other numbers on the "
            "bridge while they are at work",
            hint=f"pin what is there: `number: {numbers[first.name]}` at hosts.{first.entry}, and so on",
        )


def _check_site(fortress: Fortress, group: Group, site: str, size: str | None, image: str | None, *, lab: bool) -> None:
    """Raise :class:`UsageError` for a site that does not exist, or that cannot know the group's size or image."""
    sites = {one.name: one for one in fortress.sites}
    if site not in sites:
        raise UsageError(f"there is no site {site!r}", hint=f"the sites are: {', '.join(sites)}")
    known = [part for part in (group.here, group.leaving) if part is not None]
    if lab or any(part.site == site for part in known):
        return
    here, there = sites[group.here.site], sites[site]
    if here.provider == there.provider:
        return
    for word, had, given in (("size", group.here.size, size), ("image", group.here.image, image)):
        if had is not None and given is None:
            raise UsageError(
                f"{had} is {here.provider}'s name for {_a(word)}, and {site} is at {there.provider}",
                hint=f"festning move {group.name} --to {site} --{word} {there.provider.upper()}_{word.upper()}",
            )


def _stays(before: Fortress, done: Scaled) -> Iterator[str]:
    """What the file says of a group that moved which may not be so at its new site."""
    here = next(host for host in done.fortress.hosts if host.entry == done.group and not host.leaving)
    there = next(host for host in before.hosts if host.entry == done.group)
    told = [word for word in ("price", "traffic") if getattr(here, word) is not None]
    if told:
        yield f"as before in the file: {' and '.join(told)} of {done.group}; see whether that is so at {here.site.name}"
    if done.fortress.lab and here.size is not None and here.size == there.size:
        sites = {site.name: site.provider for site in before.sites}
        if sites[here.site.name] != sites[there.site.name]:
            provider = sites[there.site.name]
            yield f"size: {here.size} is {provider}'s word; where machines are rented, move needs --size"


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _told(wanted: Changes) -> str:
    return ", ".join(f"{key}: {_value(value)}" if value is not None else f"no {key}" for key, value in wanted.items())


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {one}" for key, one in value.items()) + "}"
    return str(value)
