"""``dns``: the records that a fortress needs, as they are when every front door is well. Asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from festning.dns.formats import octodns, zone_file
from festning.dns.records import RecordSet
from festning.dns.wanted import Answer, answers, records
from festning.model.fortress import Fortress
from festning.providers.static import Static
from festning.workflows.judging import load_judged
from festning.workflows.opening import Surroundings, open_lab


class Format(StrEnum):
    ZONE = "zone"
    OCTODNS = "octodns"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Naming:
    """A fortress's names with who answers for each."""

    fortress: Fortress
    answers: tuple[Answer, ...]

    @property
    def sets(self) -> tuple[RecordSet, ...]:
        """The record sets of the names that are in the fortress's zone."""
        return tuple(one for answer in self.answers if answer.inside for one in records(self.fortress, answer))

    @property
    def outside(self) -> tuple[str, ...]:
        """The names that are in somebody else's zone."""
        return tuple(answer.name for answer in self.answers if not answer.inside)

    def written(self, form: Format) -> str:
        """The records in a format for other programs."""
        write = zone_file if form is Format.ZONE else octodns
        return write(self.fortress.zone, self.sets, self.outside)


def name(file: Path, surroundings: Surroundings, *, lab: bool) -> Naming:
    """The names of a file's fortress; raises ``UsageError`` when a host has no address, or the lab is not up."""
    declared = load_judged(file, surroundings.today)
    fortress = open_lab(declared).fortress if lab else Static(declared).place(declared)
    return Naming(fortress, answers(fortress))
