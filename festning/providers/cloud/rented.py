"""What all clouds have in common: a machine that is rented, one that is wanted, and the few things done with them.

Knows how a machine is named and whose it is: a :class:`Claim` is in the name and the tags of everything that is made.
Leaves how a provider writes tags, and its API, to the provider's module.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose a machine is: the fortress's name, and a mark that only who has its vault can know and make again.

    The name alone would not do: two people may call their fortress the same in one account, and neither may ever touch
    what is the other's.
    """

    fortress: str
    mark: str

    def machine(self, host: str) -> str:
        """The name of a host's machine, and of its firewall: always the same, so that what a crash left is found."""
        return f"festning-{self.fortress}-{host}"


class State(StrEnum):
    """What a provider says of a machine. ``OTHER`` is on its way from one to another, or was never heard of."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPED = "stopped"
    BROKEN = "broken"
    OTHER = "other"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where machines are rented: the provider and its own name for the region or zone."""

    provider: str
    region: str

    def __str__(self) -> str:
        return f"{self.provider} {self.region}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rented:
    """A machine that carries a claim's tags. ``host`` is the fortress's host that it was made for.

    ``addresses`` are public ones, IPv4 before IPv6; none until it has one. ``created`` is ``None`` where the provider
    does not tell it.
    """

    name: str
    host: str
    place: Place
    id: str
    state: State
    addresses: tuple[str, ...]
    created: datetime | None


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """What a machine's firewall at the provider lets in: ``port`` is 0 for ICMP; ``sources`` are networks."""

    protocol: str
    port: int
    sources: tuple[str, ...]


ANYWHERE = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A machine to rent. ``image`` is ``None`` for the provider's own Debian 13, ``disk_gib`` for what the size has."""

    claim: Claim
    host: str
    place: Place
    size: str
    openings: tuple[Opening, ...]
    user_data: str = field(repr=False)
    authorized_key: str
    image: str | None = None
    disk_gib: int | None = None

    @property
    def name(self) -> str:
        """The machine's name at the provider."""
        return self.claim.machine(self.host)


class Cloud(Protocol):
    """One provider, in one region. Every call may take a while and raises :class:`FestningError` with a way out."""

    def machines(self, claim: Claim) -> tuple[Rented, ...]:
        """What is rented under a claim, by its tags alone; of a provider without regions of its own, everywhere."""
        ...

    def create(self, wanted: Wanted) -> Rented:
        """The machine of a host, behind its firewall: the one that a run before made, otherwise a new one.

        Raises :class:`UsageError` when somebody else's has its name: that one is not touched.
        """
        ...

    def guard(self, wanted: Wanted) -> None:
        """Make the provider's firewall what is wanted, and nothing else; nothing where the provider has none."""
        ...

    def destroy(self, claim: Claim, rented: Rented) -> None:
        """Destroy a machine and its disk, and its firewall; one that is gone already is no error."""
        ...

    def sweep(self, claim: Claim) -> None:
        """Remove what a claim's machines left behind (firewalls, keys); nothing of a host that has a machine."""
        ...
