"""How a provider writes names and text: relative or absolute, with or without quotes."""

from __future__ import annotations

from dataclasses import dataclass

from festning.dns.records import RecordSet, Type, plain


@dataclass(frozen=True, slots=True)
class Spelling:
    """``top`` is the zone's own name, where names are relative. ``quoted`` is whether text is kept in its quotes."""

    top: str = "@"
    absolute: bool = False
    quoted: bool = True

    def name(self, one: RecordSet, zone: str) -> str:
        """A record set's name, for the provider."""
        return f"{one.name}." if self.absolute else one.relative(zone) or self.top

    def values(self, one: RecordSet) -> list[str]:
        """A record set's values, for the provider."""
        return [f'"{value}"' if one.type is Type.TXT and self.quoted else value for value in one.values]

    def read_name(self, name: str | None, zone: str) -> str:
        """The name that the provider means."""
        if self.absolute:
            return plain(name or zone)
        return zone if name in (None, "", self.top) else plain(f"{name}.{zone}")

    @staticmethod
    def read_value(kind: Type, value: str) -> str:
        """The value that the provider means."""
        if kind is Type.TXT and len(value) >= 2 and value[0] == value[-1] == '"':
            return value[1:-1]
        return value
