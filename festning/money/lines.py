"""What the equal hosts of one entry cost at a place, part by part; a part that nobody knows is named, never guessed.

* machine: the price that the file declares for it, which then covers its disk and address; or the list's, by size.
* disk and address: where the provider bills them apart from its machines.
* traffic: what leaves, without what is included; where a GiB costs nothing, however much it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from festning.model.cost import Line, Part, Quote, Unknown
from festning.model.fortress import Host
from festning.model.money import HOURS_A_MONTH, Per
from festning.money.exchange import Exchange
from festning.money.place import Place, Prices, place_of

GIB = Decimal(1 << 30)


@dataclass(frozen=True, slots=True)
class Group:
    """The equal hosts of one entry."""

    host: Host
    count: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A part with what each host takes of it and what a unit costs; or what is not known of it."""

    part: Part
    quantity: Decimal | None = None
    quote: Quote | None = None
    unknown: Unknown | None = None


def groups_of(hosts: Sequence[Host]) -> tuple[Group, ...]:
    """The hosts by entry, in the order of the file; what is leaving is not of the months to come."""
    counted: dict[str, list[Host]] = {}
    for host in (host for host in hosts if not host.leaving):
        counted.setdefault(host.entry, []).append(host)
    return tuple(Group(equal[0], len(equal)) for equal in counted.values())


def lines_at_home(groups: Sequence[Group], prices: Prices, exchange: Exchange) -> tuple[Line, ...]:
    """What the groups cost where they are declared."""
    return tuple(
        line
        for group in groups
        for line in lines_of(group, place_of(group.host.site, prices), group.host.size, exchange)
    )


def lines_of(group: Group, place: Place, size: str | None, exchange: Exchange) -> Iterator[Line]:
    """What a group costs at a place, as machines of a size; its declared price counts only where it is declared."""
    at_home = place.site == group.host.site
    for found in _parts(group.host, place, size, at_home=at_home):
        yield _line(group, place, size, found, exchange)


def _line(group: Group, place: Place, size: str | None, found: _Found, exchange: Exchange) -> Line:
    monthly = None
    if found.quote is not None and found.quantity is not None:
        each = found.quote.price.amount * found.quantity
        monthly = exchange.worth(each, found.quote.price.currency) * group.count
    return Line(
        entry=group.host.entry,
        role=group.host.role,
        count=group.count,
        site=place.site.name,
        operator=place.site.operator.name,
        part=found.part,
        size=size if found.part is Part.MACHINE else None,
        quantity=found.quantity,
        quote=found.quote,
        monthly=monthly,
        unknown=found.unknown,
    )


def _parts(host: Host, place: Place, size: str | None, *, at_home: bool) -> Iterator[_Found]:
    declared = host.price if at_home else None
    if declared is not None and host.site.prices is not None:
        yield _timed(Part.MACHINE, Quote(declared, host.site.prices.source))
    else:
        yield _machine(host, place, size)
        apart = place.provider.apart if place.provider else frozenset()
        if Part.DISK in apart:
            yield _disk(host, place)
        if Part.ADDRESS in apart:
            yield _address(place)
    yield _traffic(host, place)


def _machine(host: Host, place: Place, size: str | None) -> _Found:
    path, region = f"hosts.{host.entry}", place.site.region
    if place.sizes is None:
        what = f"what {host.entry} costs: nobody lists the prices of {place.title}"
        return _unknown(Part.MACHINE, f"{path}.price", what, "declare it, such as price: 45 EUR/month")
    if size is None:
        return _unknown(Part.MACHINE, f"{path}.size", f"what {host.entry} costs: it has neither size nor price")
    if region is None:
        return _unknown(
            Part.MACHINE, f"{place.path}.region", f"what {host.entry} costs: {place.site.name} has no region"
        )
    quote = place.sizes.quote(size, region)
    if quote is None:
        what, hint = place.sizes.why_not(size, region)
        return _unknown(Part.MACHINE, f"{path}.price", f"what {host.entry} costs: {what}", hint)
    return _timed(Part.MACHINE, quote)


def _disk(host: Host, place: Place) -> _Found:
    quote = place.tariffs.get(Part.DISK)
    if quote is None:
        return _no_tariff(Part.DISK, place, "a GiB of disk costs")
    if host.disk is None:
        return _unknown(Part.DISK, f"hosts.{host.entry}.disk", f"how large the disk of {host.entry} is")
    return _Found(Part.DISK, host.disk / GIB, quote)


def _address(place: Place) -> _Found:
    quote = place.tariffs.get(Part.ADDRESS)
    return _no_tariff(Part.ADDRESS, place, "a public address costs") if quote is None else _timed(Part.ADDRESS, quote)


def _traffic(host: Host, place: Place) -> _Found:
    quote = place.tariffs.get(Part.TRAFFIC)
    if quote is None:
        return _no_tariff(Part.TRAFFIC, place, "a GiB costs that leaves")
    if host.traffic is None:
        if not quote.price.amount:
            return _Found(Part.TRAFFIC, Decimal(0), quote)
        return _unknown(Part.TRAFFIC, f"hosts.{host.entry}.traffic", f"how much leaves {host.entry} in a month")
    return _Found(Part.TRAFFIC, max(0, host.traffic - place.included) / GIB, quote)


def _timed(part: Part, quote: Quote) -> _Found:
    return _Found(part, Decimal(HOURS_A_MONTH if quote.price.per is Per.HOUR else 1), quote)


def _no_tariff(part: Part, place: Place, what: str) -> _Found:
    path = f"{place.path}.prices.{part.value}" if place.path else ""
    return _unknown(part, path, f"what {what} at {place.site.name}")


def _unknown(part: Part, path: str, what: str, hint: str = "") -> _Found:
    return _Found(part, unknown=Unknown(path, what, hint))
