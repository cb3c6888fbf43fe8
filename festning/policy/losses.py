"""What stops when hosts are lost: the dependencies of the declared fortress, and each loss taken through them.

The way of a request, and what it needs:

* a front door: cores and edges. A service's name resolves to all of them; with none left it leads nowhere.
* decryption: at a core, or at an edge that holds the service's key. What an edge may not decrypt it relays to a core.
* a server: a host that the service runs on, or a core's copy of mere public files. An edge serves from itself; cores
  reach every host, others reach the cores alone (tunnels lead to hubs).
* the database, if it has one: a core in a component with more than half of the votes of the last view. Members that are
  lost together leave with their votes (Galera documentation, "Weighted Quorum"): of two, one alone is no majority.
  Reads go to the writer as well, so a service with a database does both or neither.

Hosts of one role at one site are alike, so only their numbers count and the work grows with the fortress, not with its
square. Names and their servers outside the fortress, capacity, and a second loss after the first are not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from festning.model.fortress import Data, Fortress, Host, Role, Runtime, Service, Site


class Kind(StrEnum):
    HOST = "host"
    SITE = "site"
    OPERATOR = "operator"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a service fares. ``writes`` is ``None`` for one without a database; ``why`` is the chain of reasons."""

    service: str
    reads: bool
    writes: bool | None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loss:
    """A host, site, operator or country that is gone at once, with its ``hosts``; and how each service fares.

    ``alike`` are other hosts, of which the loss of any one has the same outcome.
    """

    kind: Kind
    name: str
    hosts: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    alike: tuple[str, ...] = ()

    @property
    def stopped(self) -> tuple[Outcome, ...]:
        """The services that do not go on."""
        return tuple(outcome for outcome in self.outcomes if not outcome.reads)


@dataclass(frozen=True, slots=True)
class Tally:
    """Hosts by what a service may need of them. ``keyed`` edges may decrypt what is personal."""

    cores: int = 0
    arbiters: int = 0
    edges: int = 0
    keyed: int = 0

    @property
    def votes(self) -> int:
        """In the database's cluster: one for each data node and arbitrator."""
        return self.cores + self.arbiters

    def __add__(self, other: Tally) -> Tally:
        return self._each(other, 1)

    def __sub__(self, other: Tally) -> Tally:
        return self._each(other, -1)

    def _each(self, other: Tally, sign: int) -> Tally:
        return Tally(
            self.cores + sign * other.cores,
            self.arbiters + sign * other.arbiters,
            self.edges + sign * other.edges,
            self.keyed + sign * other.keyed,
        )


def tally(fortress: Fortress, hosts: Iterable[Host]) -> Tally:
    """The hosts, counted."""
    counts = Counter((host.role, host.site) for host in hosts)
    return Tally(
        cores=sum(count for (role, _), count in counts.items() if role is Role.CORE),
        arbiters=sum(count for (role, _), count in counts.items() if role is Role.ARBITER),
        edges=sum(count for (role, _), count in counts.items() if role is Role.EDGE),
        keyed=sum(
            count for (role, site), count in counts.items() if role is Role.EDGE and fortress.residency.admits(site)
        ),
    )


def losses_of(fortress: Fortress) -> tuple[Loss, ...]:
    """Every loss of one host, one site, one operator or one country, in the order of the file."""
    everything = tally(fortress, fortress.hosts)
    return (
        *_hosts(fortress, everything),
        *_places(fortress, everything, Kind.SITE, lambda site: site.name),
        *_places(fortress, everything, Kind.OPERATOR, lambda site: site.operator.name),
        *_places(fortress, everything, Kind.COUNTRY, lambda site: site.country),
    )


def outcomes(fortress: Fortress, everything: Tally, left: Tally) -> tuple[Outcome, ...]:
    """How each service fares when of all hosts only these are left."""
    return tuple(_outcome(service, everything, left) for service in fortress.services)


def _hosts(fortress: Fortress, everything: Tally) -> Iterator[Loss]:
    alike: dict[tuple[Role, str], list[Host]] = {}
    for host in fortress.hosts:
        alike.setdefault((host.role, host.site.name), []).append(host)
    for first, *others in alike.values():
        left = everything - tally(fortress, [first])
        names = tuple(host.name for host in others)
        yield Loss(Kind.HOST, first.name, (first.name,), outcomes(fortress, everything, left), names)


def _places(fortress: Fortress, everything: Tally, kind: Kind, place: Callable[[Site], str]) -> Iterator[Loss]:
    gone: dict[str, list[Host]] = {}
    for host in fortress.hosts:
        gone.setdefault(place(host.site), []).append(host)
    for name, hosts in gone.items():
        left = everything - tally(fortress, hosts)
        yield Loss(kind, name, tuple(host.name for host in hosts), outcomes(fortress, everything, left))


def _outcome(service: Service, everything: Tally, left: Tally) -> Outcome:
    why = tuple(_way(service, left)) or tuple(_database(everything, left) if service.database else ())
    return Outcome(service.name, not why, not why if service.database else None, why)


def _way(service: Service, left: Tally) -> Iterator[str]:
    """What is missing between the public and a server of the service; at most one thing."""
    if left.cores + left.edges == 0:
        yield f"no front door is left, so {service.host} leads nowhere"
    elif service.runs_on is Role.CORE:
        if left.cores == 0:
            yield "it runs on cores, and none is left" + (" for the edges to relay to" if left.edges else "")
    elif left.edges == 0:
        if not _has_copy(service):
            yield "it runs on edges, and none is left"
    elif left.cores == 0 and service.data is Data.PERSONAL and left.keyed == 0:
        yield "no core is left to decrypt it, and the edges that are left may not"


def _has_copy(service: Service) -> bool:
    """Whether cores keep a backup copy: see ``Fortress.copies_on``."""
    return service.runtime is Runtime.STATIC and service.data is Data.PUBLIC


def _database(everything: Tally, left: Tally) -> Iterator[str]:
    if left.cores == 0:
        yield "no data node is left"
    elif 2 * left.votes <= everything.votes:
        yield (
            f"the database has {left.votes} of {everything.votes} votes left, needs {everything.votes // 2 + 1}, "
            "and stops"
        )
