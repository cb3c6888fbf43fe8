"""What must change in a zone so that its names lead to the front doors that stand in the answer.

Fail static: a name that no front door stands for keeps what it has, and the last address of a name that a service has
is never taken away. What is new comes before what is old goes, so that a name has an address at every moment between; a
change that fails stops the rest for its name. What is not marked as the fortress's (``ownership``) is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from festning.dns.ownership import marked, marker, marker_name, text
from festning.dns.records import ADDRESSES, RecordSet, Type
from festning.dns.wanted import Answer, addresses
from festning.model.fortress import Fortress

Present = Mapping[tuple[str, Type], RecordSet]


class Act(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """One record set that is made, changed or removed: what is there ``before``, and what is ``after``."""

    before: RecordSet | None
    after: RecordSet | None

    @property
    def act(self) -> Act:
        if self.before is None:
            return Act.CREATE
        return Act.DELETE if self.after is None else Act.UPDATE

    @property
    def subject(self) -> RecordSet:
        """The record set that it is about."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class NamePlan:
    """The changes for one name, in order. ``note`` is what a person should know of it.

    ``trouble`` is whether the name is not as the fortress needs it and no change here will make it so.
    """

    name: str
    changes: tuple[Change, ...] = ()
    note: str = ""
    trouble: bool = False


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """What will change in a zone, name by name."""

    zone: str
    names: tuple[NamePlan, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(change for name in self.names for change in name.changes)

    @property
    def trouble(self) -> bool:
        return any(name.trouble for name in self.names)


def compare(
    fortress: Fortress, answers: Iterable[Answer], records: Iterable[RecordSet], *, prune: bool = False
) -> ZonePlan:
    """The way from what a zone has to what the answers need.

    Names that the fortress marked and no service has any more stay, unless ``prune``: an address that leads to nobody,
    or to who rents it next, is worse than none, but that a service is gone from a file is a person's word to confirm.
    """
    present = {one.key: one for one in records}
    owned = frozenset(marked(present.values(), fortress.name))
    answers = tuple(answers)
    used = {answer.name for answer in answers if answer.inside}
    stale = sorted({name for name, _ in owned} - used)
    return ZonePlan(
        fortress.zone,
        (
            *(_of_service(fortress, answer, present, owned) for answer in answers),
            *(_of_nobody(name, present, owned, prune=prune) for name in stale),
        ),
    )


def _of_service(fortress: Fortress, answer: Answer, present: Present, owned: frozenset[tuple[str, Type]]) -> NamePlan:
    name = answer.name
    if not answer.inside:
        return NamePlan(name, note=f"is not in {fortress.zone}: its records are for the keeper of its zone to change")
    foreign = _foreign(name, present, owned, fortress.name)
    if foreign:
        return NamePlan(name, note=foreign, trouble=True)
    wanted = {one.type: one for one in addresses(fortress, answer)}
    if not wanted:
        has = [value for kind in ADDRESSES if (name, kind) in present for value in present[name, kind].values]
        stays = f"what is there stays ({', '.join(has)})" if has else "nothing is there, and nothing is made"
        return NamePlan(name, note=f"no front door answers for it: {stays}", trouble=True)
    changes = (
        *_created(name, wanted, present, owned, fortress.name),
        *_updated(name, wanted, present),
        *_removed(name, [kind for kind in ADDRESSES if kind not in wanted], present, owned),
    )
    return NamePlan(name, changes)


def _foreign(name: str, present: Present, owned: frozenset[tuple[str, Type]], fortress: str) -> str:
    """What of a name is somebody else's, in words; empty when nothing is."""
    if (name, Type.CNAME) in present:
        return f"left alone: it is an alias (CNAME) of {', '.join(present[name, Type.CNAME].values)}"
    for kind in ADDRESSES:
        at = marker_name(name, kind)
        if (name, kind) in owned:
            continue
        if (at, Type.TXT) in present:
            return f"left alone: its marker {at} says {', '.join(present[at, Type.TXT].values)}"
        if (name, kind) in present:
            return f'left alone: its {kind} is not festning\'s; a TXT "{text(fortress)}" at {at} hands it over'
    return ""


def _created(
    name: str,
    wanted: Mapping[Type, RecordSet],
    present: Present,
    owned: frozenset[tuple[str, Type]],
    fortress: str,
) -> Iterator[Change]:
    for kind, one in wanted.items():
        if (name, kind) not in owned:
            # The marker first: an end between the two then leaves nothing behind that nobody owns.
            yield Change(None, marker(one, fortress))
        if (name, kind) not in present:
            yield Change(None, one)


def _updated(name: str, wanted: Mapping[Type, RecordSet], present: Present) -> Iterator[Change]:
    for kind, one in wanted.items():
        before = present.get((name, kind))
        if before is not None and before != one:
            yield Change(before, one)


def _removed(
    name: str, kinds: Iterable[Type], present: Present, owned: frozenset[tuple[str, Type]]
) -> Iterator[Change]:
    for kind in kinds:
        if (name, kind) in owned:
            if (name, kind) in present:
                yield Change(present[name, kind], None)
            yield Change(present[marker_name(name, kind), Type.TXT], None)


def _of_nobody(name: str, present: Present, owned: frozenset[tuple[str, Type]], *, prune: bool) -> NamePlan:
    if prune:
        return NamePlan(
            name, tuple(_removed(name, ADDRESSES, present, owned)), note="no service has this name any more"
        )
    return NamePlan(name, note="no service has this name any more; --prune removes it")
