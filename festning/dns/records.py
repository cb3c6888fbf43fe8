"""A record set: all values of one type at one name, which is what resolvers get and providers keep.

Knows names as they are compared (lower case, no dot at the end). Leaves what a zone should have to ``wanted``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address


class Type(StrEnum):
    """The types that are made here, and the one that cannot be beside them."""

    A = "A"
    AAAA = "AAAA"
    CAA = "CAA"
    CNAME = "CNAME"
    TXT = "TXT"


ADDRESSES = (Type.A, Type.AAAA)


@dataclass(frozen=True, slots=True)
class RecordSet:
    """The values of a type at a name, in order; ``ttl`` is in seconds. Text is without quotes."""

    name: str
    type: Type
    values: tuple[str, ...]
    ttl: int

    @property
    def key(self) -> tuple[str, Type]:
        """What a zone has at most one of."""
        return self.name, self.type

    def relative(self, zone: str) -> str:
        """The name within a zone; empty at its top. Raises ``ValueError`` for a name that is not in it."""
        if not within(self.name, zone):
            raise ValueError(f"{self.name} is not in the zone {zone}")
        return self.name[: -len(zone)].rstrip(".")


def record_set(name: str, kind: Type, values: Iterable[str], ttl: int) -> RecordSet:
    """A record set in the one form in which two that say the same are equal."""
    canonical = {_canonical(value) if kind in ADDRESSES else value for value in values}
    return RecordSet(plain(name), kind, tuple(sorted(canonical, key=_order)), ttl)


def plain(name: str) -> str:
    """A name as it is compared."""
    return name.rstrip(".").lower()


def within(name: str, zone: str) -> bool:
    """Whether a name is the zone's, or under it."""
    return name == zone or name.endswith(f".{zone}")


def _canonical(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        return value  # Somebody else's; it is shown as it is.


def _order(value: str) -> tuple[int, int, str]:
    try:
        address = ip_address(value)
    except ValueError:
        return 0, 0, value
    return address.version, int(address), value
