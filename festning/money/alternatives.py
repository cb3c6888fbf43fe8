"""The same load all in one cloud: each rented site of the file, and the published clouds, as far as prices are known.

Which size stands for a host without one of that cloud is an assumption, and printed as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from festning.model.cost import Alternative, Line, Part
from festning.model.fortress import Fortress, Host
from festning.money.basis import Basis
from festning.money.lines import Group, lines_of
from festning.money.place import Place, Prices, place_in, place_of
from festning.money.published import Published, Rung


def alternatives(
    fortress: Fortress,
    groups: Sequence[Group],
    ours: Sequence[Line],
    basis: Basis,
) -> Iterator[Alternative]:
    """All hosts in each place where at least one machine's price is known; not where all of them are already."""
    for place in _places(fortress, basis.prices):
        lines = tuple(
            line
            for group in groups
            for line in lines_of(group, place, _size(group.host, place, fortress, basis), basis.exchange)
        )
        if any(line.part is Part.MACHINE and line.monthly is not None for line in lines):
            yield _alternative(fortress, place, lines, ours)


def _places(fortress: Fortress, prices: Prices) -> Iterator[Place]:
    used = {host.site.name for host in fortress.hosts}
    rented = [site for site in fortress.sites if site.provider != "static"]
    for site in rented:
        if used != {site.name}:
            yield place_of(site, prices)
    taken = {(site.provider, site.region) for site in rented}
    for cloud in prices.published.clouds:
        if (cloud.provider, cloud.region) not in taken:
            yield place_in(cloud, prices)


def _size(host: Host, place: Place, fortress: Fortress, basis: Basis) -> str | None:
    if host.size is not None and host.site.provider == place.site.provider:
        return host.size
    memory = _memory_of_size(host, basis.prices.published) or basis.assumed.memory(fortress, host.role)
    ladder = place.provider.ladder if place.provider else ()
    rung = next((rung for rung in ladder if rung.memory >= memory), None)
    return None if rung is None else _first_priced(rung, place)


def _first_priced(rung: Rung, place: Place) -> str:
    if place.sizes is None or place.site.region is None:
        return rung.sizes[0]
    sizes, region = place.sizes, place.site.region
    return next((size for size in rung.sizes if sizes.quote(size, region) is not None), rung.sizes[0])


def _memory_of_size(host: Host, published: Published) -> int | None:
    provider = published.providers.get(host.site.provider)
    return next((rung.memory for rung in provider.ladder if host.size in rung.sizes), None) if provider else None


def _alternative(fortress: Fortress, place: Place, lines: tuple[Line, ...], ours: Sequence[Line]) -> Alternative:
    here, there, left_out = _like_for_like(ours, lines)
    site = place.site
    return Alternative(
        name=place.title,
        country=site.country,
        operator=site.operator.name,
        jurisdiction=site.operator.jurisdiction,
        admitted=fortress.residency.admits(site),
        lines=lines,
        ours=here,
        theirs=there,
        left_out=left_out,
    )


def _like_for_like(ours: Sequence[Line], theirs: Sequence[Line]) -> tuple[Decimal, Decimal, tuple[str, ...]]:
    """Both sums without what is unknown on either side, and what that leaves out."""
    mine, other = _by_part(ours), _by_part(theirs)
    entries = tuple(dict.fromkeys(entry for entry, _ in mine))
    here, there = Decimal(0), Decimal(0)
    left_out: dict[Part, list[str]] = {}
    for part in Part:
        for entry in entries:
            pair = _amount(mine, entry, part), _amount(other, entry, part)
            if pair[0] is None or pair[1] is None:
                left_out.setdefault(part, []).append(entry)
            else:
                here, there = here + pair[0], there + pair[1]
    return here, there, tuple(_left_out(part, out, entries) for part, out in left_out.items())


def _left_out(part: Part, out: Sequence[str], entries: Sequence[str]) -> str:
    return part.value if len(out) == len(entries) else f"{part.value} of {', '.join(out)}"


def _by_part(lines: Sequence[Line]) -> dict[tuple[str, Part], Line]:
    return {(line.entry, line.part): line for line in lines}


def _amount(lines: Mapping[tuple[str, Part], Line], entry: str, part: Part) -> Decimal | None:
    """What a part costs. One without a line is in the machine's price: nothing more, if that is known."""
    line = lines.get((entry, part))
    if line is not None:
        return line.monthly
    return None if lines[entry, Part.MACHINE].monthly is None else Decimal(0)
