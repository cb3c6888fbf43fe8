"""The declared autoscaling, resolved, or what contradicts itself in it.

Knows what depends on more than one key: bounds, the count between them, times that must be in order, and a place where
machines can be had. Leaves single values to ``declared``.
"""

from __future__ import annotations

from collections.abc import Iterator

from festning.model.autoscale import Autoscale, parse_a_second, parse_duration
from festning.model.contradiction import Contradiction
from festning.model.declared import AutoscaleEntry, FortressFile, HostEntry
from festning.model.document import KeyPath
from festning.model.fortress import Role


def autoscale(entry: AutoscaleEntry | None) -> Autoscale | None:
    """Within what a group follows its traffic; ``None`` for one whose count people alone change."""
    if entry is None:
        return None
    return Autoscale(
        least=entry.least,
        most=entry.most,
        requests=parse_a_second(entry.requests),
        p99_ms=parse_duration(entry.p99) * 1000,
        cool_down_s=parse_duration(entry.cool_down),
        grow_after_s=parse_duration(entry.grow_after),
        shrink_after_s=parse_duration(entry.shrink_after),
        replace_after_s=parse_duration(entry.replace_after),
    )


def autoscale_contradictions(declared: FortressFile) -> Iterator[Contradiction]:
    """Bounds on what is no group of edges, or cannot have more; a count outside them; times that are not in order."""
    for name, host in declared.hosts.items():
        if host.autoscale is not None:
            path: KeyPath = ("hosts", name, "autoscale")
            yield from _no_group(path, name, host, declared)
            yield from _bounds(path, host.autoscale, host.count)
            yield from _times(path, host.autoscale)


def _no_group(path: KeyPath, name: str, host: HostEntry, declared: FortressFile) -> Iterator[Contradiction]:
    site = declared.sites.get(host.site)
    if host.role is not Role.EDGE:
        yield Contradiction(
            path,
            f"a host with role {host.role.value} does not follow its traffic",
            expected="autoscale only with role edge",
            hint="only edges are interchangeable: they keep nothing",
        )
    elif host.count is None:
        yield Contradiction(
            path, f"{name} is one edge and no group", expected="count: how many there are to begin with"
        )
    elif site is not None and site.provider == "static":
        yield Contradiction(
            path,
            f"there are no more machines at {host.site} than there are: its provider is static",
            expected="a site whose provider rents machines",
        )


def _bounds(path: KeyPath, entry: AutoscaleEntry, count: int | None) -> Iterator[Contradiction]:
    if entry.least > entry.most:
        yield Contradiction(
            (*path, "to"),
            f"from {entry.least} to {entry.most} is no range",
            expected=f"a number that is not below from, which is {entry.least}",
        )
    elif count is not None and not entry.least <= count <= entry.most:
        yield Contradiction(
            (*path[:-1], "count"),
            f"{count} edges are outside what autoscale declares",
            expected=f"a number from {entry.least} to {entry.most}",
        )


def _times(path: KeyPath, entry: AutoscaleEntry) -> Iterator[Contradiction]:
    cool_down = parse_duration(entry.cool_down)
    if parse_duration(entry.grow_after) > cool_down:
        yield Contradiction(
            _said(path, entry, "grow_after", "cool_down"),
            f"grow_after ({entry.grow_after}) is longer than cool_down ({entry.cool_down})",
            hint="a change is to be seen in what is measured before the next",
        )
    if parse_duration(entry.shrink_after) < cool_down:
        yield Contradiction(
            _said(path, entry, "shrink_after", "cool_down"),
            f"shrink_after ({entry.shrink_after}) is shorter than cool_down ({entry.cool_down})",
            hint="fewer edges are for what lasts: shrink_after is the longest of the three times",
        )


def _said(path: KeyPath, entry: AutoscaleEntry, *keys: str) -> KeyPath:
    """The first of the keys that the file has: what was left out has no place."""
    return (*path, next((key for key in keys if key in entry.model_fields_set), keys[0]))
