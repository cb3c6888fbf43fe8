"""A group of edges that is made larger or smaller, or moved: from what is declared of it to what is to be declared.

Edges never change their names. A group that moves gets new numbers beside the old ones, and what goes is first declared
to be leaving: so a fortress in the middle of a change is a fortress like any other, and whoever reads the file knows
what is under way. Leaves writing it to ``editing`` and doing it to ``workflows``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

from festning.errors import UsageError
from festning.model.editing import Changes, Value
from festning.model.fortress import Fortress, Host, Role

MOST_EDGES = 1000
"""In one group that is asked for by a command: a count beyond it is a slip of the finger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Edges of a group in a row: ``first`` and ``count`` are of the numbers in their names."""

    first: int
    count: int
    site: str
    size: str | None = None
    image: str | None = None

    @property
    def after(self) -> int:
        """The number after the last one's."""
        return self.first + self.count

    def names(self, group: str) -> tuple[str, ...]:
        """The hosts' names."""
        return tuple(f"{group}{index}" for index in range(self.first, self.after))


@dataclass(frozen=True, slots=True)
class Group:
    """A group: the edges that are to be there, and those that are on their way out."""

    name: str
    here: Part
    leaving: Part | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the edges that are to be there."""
        return self.here.names(self.name)

    @property
    def leaving_names(self) -> tuple[str, ...]:
        return self.leaving.names(self.name) if self.leaving else ()

    @property
    def moving(self) -> bool:
        """Whether it is on its way from one site to another."""
        return self.leaving is not None and self.leaving.site != self.here.site

    def without_leaving(self) -> Group:
        """The same group, once what leaves is gone."""
        return replace(self, leaving=None)


def group_of(fortress: Fortress, name: str) -> Group:
    """The group of that name. Raises :class:`UsageError` for anything else."""
    hosts = [host for host in fortress.hosts if host.entry == name]
    if not hosts:
        raise UsageError(f"there is no group {name!r}", hint=_groups(fortress, name))
    if hosts[0].role is not Role.EDGE:
        raise UsageError(
            f"{name} has role {hosts[0].role.value}, and only edges are interchangeable", hint=_groups(fortress, name)
        )
    if hosts[0].name == name:
        raise UsageError(
            f"{name} is a single host of that name, and no group",
            hint=f"with count: 1 it is {name}1, another machine: declare that, and festning up makes it",
        )
    staying = _part(name, [host for host in hosts if not host.leaving])
    gone = [host for host in hosts if host.leaving]
    return Group(name, staying, _part(name, gone) if gone else None)


def scaled(group: Group, count: int) -> Group:
    """The group with so many edges: new ones get the numbers after, the highest leave.

    Raises :class:`UsageError` for a count that makes no sense, and while the group is on a move.
    """
    if count < 1:
        raise UsageError(f"{group.name} cannot have {count} edges", hint="a group has one edge at least")
    if count > MOST_EDGES:
        raise UsageError(
            f"{count} edges are more than the {MOST_EDGES} that a group may be given by a command",
            hint=f"if you mean it, write count: {count} for {group.name} into the file, and run festning up",
        )
    _not_moving(group)
    here = replace(group.here, count=count)
    last = max(group.here.after, group.leaving.after if group.leaving else 0)
    leaving = replace(here, first=here.after, count=last - here.after) if last > here.after else None
    return Group(group.name, here, leaving)


def moved(group: Group, site: str, *, size: str | None = None, image: str | None = None) -> Group:
    """The group at another site, under numbers that are free; where it was, it is leaving.

    A move that is under way goes on, or back. Raises :class:`UsageError` when something else is under way.
    """
    if site == group.here.site:
        if group.leaving is not None and not group.moving:
            _busy(group)
        given = replace(group.here, size=size or group.here.size, image=image or group.here.image)
        if given != group.here:
            raise UsageError(
                f"{group.name} is at {site}, and a machine keeps the size and image that it was made with",
                hint="move it to another site and back, or destroy machines and run festning up",
            )
        return group
    if group.leaving is None:
        first = 1 if group.here.first > group.here.count else group.here.after
        here = replace(
            group.here, site=site, first=first, size=size or group.here.size, image=image or group.here.image
        )
        return Group(group.name, here, group.here)
    if group.leaving.site != site or not group.moving:
        _busy(group)
    back = replace(group.leaving, size=size or group.leaving.size, image=image or group.leaving.image)
    return Group(group.name, back, group.here)


def changes(before: Group, after: Group) -> Changes:
    """What must be changed in the group's entry, key by key; nothing where it says so already."""
    found: dict[str, Value | None] = {}
    for key in ("site", "count", "size", "image"):
        if getattr(before.here, key) != getattr(after.here, key):
            found[key] = getattr(after.here, key)
    if before.here.first != after.here.first:
        found["first"] = after.here.first if after.here.first != 1 else None
    if _told(before) != _told(after):
        found["leaving"] = _told(after)
    return found


def _told(group: Group) -> dict[str, int | str] | None:
    """What leaves, as the entry says it: only what is not the group's own."""
    if group.leaving is None:
        return None
    other = {
        key: getattr(group.leaving, key)
        for key in ("site", "size", "image")
        if getattr(group.leaving, key) != getattr(group.here, key) and getattr(group.leaving, key) is not None
    }
    return {"first": group.leaving.first, "count": group.leaving.count, **other}


def _part(name: str, hosts: list[Host]) -> Part:
    indexes = sorted(int(host.name.removeprefix(name)) for host in hosts)
    one = hosts[0]
    return Part(first=indexes[0], count=len(indexes), site=one.site.name, size=one.size, image=one.image)


def _not_moving(group: Group) -> None:
    if group.moving:
        _busy(group)


def _busy(group: Group) -> None:
    assert group.leaving is not None
    if group.moving:
        what = f"{group.name} is on its way from {group.leaving.site} to {group.here.site}"
        hint = f"festning move {group.name} --to {group.here.site} ends that, --to {group.leaving.site} goes back"
    else:
        what = f"{', '.join(group.leaving_names)} are on their way out"
        hint = f"festning scale {group.name} {group.here.count} ends that"
    raise UsageError(f"{what}, which comes first", hint=hint)


def _groups(fortress: Fortress, name: str) -> str:
    known = list(dict.fromkeys(_known(fortress)))
    near = get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"the groups of edges are: {', '.join(known)}" if known else "no group of edges is declared (count: 2)"


def _known(fortress: Fortress) -> Iterator[str]:
    for host in fortress.edges:
        if host.entry != host.name:
            yield host.entry
