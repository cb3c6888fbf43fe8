"""Which front doors stand in the answer for a service's name, and the records that say so.

Every front door takes every service: a core decrypts it, and an edge decrypts it or relays its ciphertext to the cores.
So edges stand in the answer for personal services too, wherever they are: what they pass on they cannot read. Only
where the residency rule admits them do they have the key (``Fortress.decrypts``), and no record can change that.

Edges come first, for all services: they are there to be met, and cores are only met when no edge is well. Then cores
serve what is theirs, and of edge services what they keep a copy of. Edges that are leaving are met while no other is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from festning.dns.records import ADDRESSES, RecordSet, Type, record_set, within
from festning.model.fortress import Fortress, Host, Service

Stands = Callable[[Service, Host], bool]
"""Whether a front door may stand in the answer for a service."""


def everyone(service: Service, door: Host) -> bool:
    """Every front door: what is right when nobody has asked them."""
    del service, door
    return True


@dataclass(frozen=True, slots=True)
class Answer:
    """A service's name with the front doors in its answer, in order; none when no front door may stand in it.

    ``inside`` is whether the name is in the fortress's zone: others' zones are their keepers' to change.
    """

    service: Service
    doors: tuple[Host, ...]
    inside: bool

    @property
    def name(self) -> str:
        return self.service.host


def answers(fortress: Fortress, stands: Stands = everyone) -> tuple[Answer, ...]:
    """Each service's answer, in the order of the file."""
    return tuple(
        Answer(service, _doors(fortress, service, stands), within(service.host, fortress.zone))
        for service in fortress.services
    )


def _doors(fortress: Fortress, service: Service, stands: Stands) -> tuple[Host, ...]:
    staying = tuple(edge for edge in fortress.edges if not edge.leaving)
    leaving = tuple(edge for edge in fortress.edges if edge.leaving)
    for rank in (staying, leaving, fortress.cores):
        found = tuple(door for door in rank if door.address is not None and stands(service, door))
        if found:
            return found
    return ()


def records(fortress: Fortress, answer: Answer) -> tuple[RecordSet, ...]:
    """What a name's zone should have for it: addresses, and who may issue certificates where that is declared."""
    return (*addresses(fortress, answer), *_issuers(fortress, answer.name))


def addresses(fortress: Fortress, answer: Answer) -> tuple[RecordSet, ...]:
    """The A and AAAA records of an answer."""
    found: dict[Type, list[str]] = {kind: [] for kind in ADDRESSES}
    for door in answer.doors:
        for address in door.addresses:
            found[Type.A if address.version == 4 else Type.AAAA].append(str(address))
    return tuple(record_set(answer.name, kind, values, fortress.dns.ttl) for kind, values in found.items() if values)


def _issuers(fortress: Fortress, name: str) -> Iterator[RecordSet]:
    if fortress.dns.caa:
        values = (f'0 issue "{issuer}"' for issuer in fortress.dns.caa)
        yield record_set(name, Type.CAA, values, fortress.dns.ttl)
