"""What is asked of a zone, whoever serves it. Leaves speaking with providers to ``zones``."""

from __future__ import annotations

from typing import Protocol

from festning.dns.records import RecordSet
from festning.errors import FestningError


class ZoneError(FestningError):
    """A zone could not be found, read or changed."""


class Zone(Protocol):
    """One zone at a provider. Everything raises :class:`ZoneError`; nothing is remembered between calls."""

    def records(self) -> tuple[RecordSet, ...]:
        """The record sets that the zone has now, of the types in ``records.Type``."""
        ...

    def create(self, new: RecordSet) -> None:
        """Add a record set that the zone has not got."""
        ...

    def update(self, old: RecordSet, new: RecordSet) -> None:
        """Change a record set of the zone into another of the same name and type, never leaving none in between."""
        ...

    def delete(self, old: RecordSet) -> None:
        """Remove a record set."""
        ...
