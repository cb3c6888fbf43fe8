"""``dns apply``: the zone's records follow the front doors that are well.

First everything is looked at and planned; then what was planned is done, name by name. Who stood in the answer before
is told by the zone, so that nothing has to be remembered here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from festning.dns.changes import Change, NamePlan, ZonePlan, compare
from festning.dns.records import ADDRESSES, RecordSet, within
from festning.dns.standing import Look, stands
from festning.dns.wanted import Answer, answers
from festning.dns.zone import Zone, ZoneError
from festning.errors import UsageError
from festning.model.fortress import Fortress, Host, Service
from festning.model.material import Authority
from festning.workflows.judging import load_judged
from festning.workflows.looking_at_doors import Ask, Pair, ask, look, trusting
from festning.workflows.opening import Surroundings, open_fortress
from festning.workflows.progress import Progress


@dataclass(frozen=True, slots=True)
class Looking:
    """How often each front door is looked at, and the pause between, in seconds."""

    times: int = 3
    pause_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Planned:
    """A zone, what was seen of the front doors (by service and host), and what will be changed."""

    fortress: Fortress
    zone: Zone
    seen: Mapping[tuple[str, str], tuple[Look, ...]]
    answers: tuple[Answer, ...]
    plan: ZonePlan


@dataclass(frozen=True, slots=True)
class Done:
    """A change with what kept it from being done; nothing when it was."""

    name: str
    change: Change
    error: str = ""


async def plan_file(
    file: Path,
    surroundings: Surroundings,
    looking: Looking,
    *,
    lab: bool,
    prune: bool,
    sleep: Callable[[float], None],
    progress: Progress,
) -> Planned:
    """The plan for a file's fortress; raises ``UsageError`` where there is nothing to work with, and ``ZoneError``."""
    if lab:
        raise UsageError(
            "the lab's addresses lead nowhere from outside, and do not belong into a zone",
            hint="festning --lab dns prints them",
        )
    _provider(load_judged(file, surroundings.today))
    opened = open_fortress(file, surroundings, lab=False)
    fortress = opened.fortress
    zone = open_own_zone(fortress, surroundings.environment, sleep)
    context = trusting(opened.vault.lookup(Authority.WEB.certificate))
    return await plan(fortress, zone, partial(ask, context=context), looking, prune=prune, progress=progress)


def _provider(fortress: Fortress) -> str:
    if fortress.dns.provider is None:
        raise UsageError(
            f"it is not declared who serves the zone {fortress.zone}",
            hint="dns: {provider: …} in fortress.yaml; or festning dns prints the records for any",
        )
    return fortress.dns.provider


def open_own_zone(fortress: Fortress, environment: Mapping[str, str], sleep: Callable[[float], None]) -> Zone:
    """The zone that a fortress's names are in; raises ``UsageError`` where it is not declared who serves it."""
    from festning.dns.zones.opening import open_zone  # noqa: PLC0415 (libcloud takes its time to load)
    from festning.dns.zones.patience import Manner  # noqa: PLC0415

    return open_zone(_provider(fortress), fortress.zone, environment, Manner(sleep))


async def plan(
    fortress: Fortress, zone: Zone, ask: Ask, looking: Looking, *, prune: bool, progress: Progress
) -> Planned:
    """Read the zone, look at the front doors, and compare."""
    progress.stage(f"Read the zone {fortress.zone}")
    records = zone.records()
    pairs = tuple(_pairs(fortress))
    progress.stage(f"Look at {len({door.name for _, door in pairs})} front doors, {looking.times} times")
    seen = await look(pairs, ask, looking.times, looking.pause_s)
    wanted = answers(fortress, partial(_stands, seen, _addresses(records)))
    return Planned(fortress, zone, seen, wanted, compare(fortress, wanted, records, prune=prune))


def _pairs(fortress: Fortress) -> Iterator[Pair]:
    """Every service whose name is in the zone, with every front door: each takes all of them."""
    for service in fortress.services:
        if within(service.host, fortress.zone):
            for door in (*fortress.edges, *fortress.cores):
                if door.address is not None:
                    yield service, door


def _addresses(records: Iterable[RecordSet]) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for one in records:
        if one.type in ADDRESSES:
            found[one.name] = found.get(one.name, frozenset()) | set(one.values)
    return found


def _stands(
    seen: Mapping[tuple[str, str], tuple[Look, ...]],
    before: Mapping[str, frozenset[str]],
    service: Service,
    door: Host,
) -> bool:
    stood = not before.get(service.host, frozenset()).isdisjoint(map(str, door.addresses))
    return stands(stood, seen.get((service.name, door.name), ()))


def carry_out(planned: Planned, progress: Progress) -> Iterator[Done]:
    """Do what was planned; a change that fails stops the rest for its name, and no other name."""
    progress.stage(f"Change the zone {planned.plan.zone}: {len(planned.plan.changes)} changes")
    for name in planned.plan.names:
        yield from _carry_out(planned.zone, name)


def _carry_out(zone: Zone, name: NamePlan) -> Iterator[Done]:
    failed = ""
    for change in name.changes:
        if failed:
            yield Done(name.name, change, "not tried, after the one before it failed")
            continue
        try:
            _do(zone, change)
        except ZoneError as error:
            failed = error.message
        yield Done(name.name, change, failed)


def _do(zone: Zone, change: Change) -> None:
    if change.before is None:
        zone.create(change.subject)
    elif change.after is None:
        zone.delete(change.before)
    else:
        zone.update(change.before, change.after)
