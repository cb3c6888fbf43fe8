"""A zone as libcloud reads it, grouped into record sets: the same for every provider. Leaves writing to each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from festning.dns.records import RecordSet, Type, record_set
from festning.dns.zones.patience import Manner, read, write
from festning.dns.zones.spelling import Spelling

_TYPES = frozenset(kind.value for kind in Type)
Found = dict[tuple[str, Type], list[Any]]


class ReadZone:
    """The reading half of a :class:`festning.dns.zone.Zone`; ``zone`` is libcloud's."""

    def __init__(self, driver: Any, zone: Any, name: str, spelling: Spelling, manner: Manner) -> None:  # noqa: ANN401
        self.driver = driver
        self.zone = zone
        self.name = name
        self.spelling = spelling
        self._manner = manner

    def records(self) -> tuple[RecordSet, ...]:
        """The record sets that the zone has, of the types that are known here."""
        return tuple(
            record_set(name, kind, [self.spelling.read_value(kind, one.data) for one in found], found[0].ttl or 0)
            for (name, kind), found in self.found().items()
        )

    def found(self) -> Found:
        """libcloud's records, by name and type."""
        found: Found = {}
        listed = read(
            f"read the zone {self.name}", lambda: list(self.driver.list_records(zone=self.zone)), self._manner
        )
        for one in listed:
            if str(one.type) in _TYPES:
                found.setdefault((self.spelling.read_name(one.name, self.name), Type(str(one.type))), []).append(one)
        return found

    def write(self, doing: str, one: RecordSet, call: Callable[[], Any]) -> None:
        """Change something, patiently."""
        write(f"{doing} {one.type} {one.name}", call, self._manner)
