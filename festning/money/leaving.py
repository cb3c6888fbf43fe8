"""What leaving each operator takes, once: work, the time in which both run, and the data that has to go out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from festning.model.cost import Leaving, Line, Part, Sum, Unknown, total
from festning.model.fortress import Fortress, Host, Role
from festning.model.money import HOURS_A_MONTH
from festning.money.basis import Basis
from festning.money.lines import GIB
from festning.money.place import place_of

NO_DATA = Unknown("accounting.data", "how much data the cores hold")


def leavings(fortress: Fortress, lines: Sequence[Line], basis: Basis) -> Iterator[Leaving]:
    """Leaving each operator that has hosts, in the order of the file. ``lines`` are what all hosts cost a month."""
    hosts: dict[str, list[Host]] = {}
    for host in fortress.hosts:
        hosts.setdefault(host.site.operator.name, []).append(host)
    for operator, leaving in hosts.items():
        yield _leaving(fortress, leaving, [line for line in lines if line.operator == operator], basis)


def _leaving(fortress: Fortress, hosts: Sequence[Host], lines: Sequence[Line], basis: Basis) -> Leaving:
    operator, assumed = hosts[0].site.operator.name, basis.assumed
    moving = fortress.accounting.data if any(host.role is Role.CORE for host in hosts) else 0
    work = Decimal(sum(assumed.minutes(host.role) for host in hosts)) / 60 + assumed.hours_of_copying(moving or 0)
    hours = work + assumed.overlap_hours
    egress, unknown = _egress(fortress, operator, moving, basis)
    kept = total(line for line in lines if line.part is not Part.TRAFFIC)
    return Leaving(
        operator=operator,
        sites=tuple(dict.fromkeys(host.site.name for host in hosts)),
        hosts=len(hosts),
        moving=moving,
        work=None if moving is None else work,
        hours=None if moving is None else hours,
        double=Sum(kept.amount * hours / HOURS_A_MONTH, kept.missing + (moving is None)),
        egress=egress,
        unknown=unknown,
    )


def _egress(fortress: Fortress, operator: str, moving: int | None, basis: Basis) -> tuple[Sum, tuple[Unknown, ...]]:
    """What the data costs that goes out, at the site of the core that it is read from."""
    if moving == 0:
        return Sum(), ()
    staying = [core for core in fortress.cores if core.site.operator.name != operator]
    place = place_of((staying or fortress.cores)[0].site, basis.prices)
    quote = place.tariffs.get(Part.TRAFFIC)
    no_price = Unknown(f"{place.path}.prices.traffic", f"what a GiB costs that leaves at {place.site.name}")
    unknown = (*((NO_DATA,) if moving is None else ()), *((no_price,) if quote is None else ()))
    if moving is None or quote is None:
        return Sum(missing=1), unknown
    return Sum(basis.exchange.worth(quote.price.amount * moving / GIB, quote.price.currency)), ()
