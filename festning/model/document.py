"""A YAML text as plain values, each with the line and column where it stands.

Reads the usual by ``plainyaml`` and the rest by ``fullyaml``. Knows how a place is found by its key path; leaves what
the values mean to ``declared``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from festning.errors import BadFileError, Problem
from festning.model.plainyaml import Place, Places, read_plain

KeyPath = tuple[str | int, ...]

LONGEST_SHOWN = 60
"""Characters of a key or a value of the user's that an error repeats."""


@dataclass(frozen=True, slots=True)
class Document:
    """The values of a YAML mapping, and where they stand."""

    data: Mapping[object, object]
    places: Places = field(repr=False)

    def position(self, path: KeyPath) -> tuple[int, int]:
        """Line and column (from 1) of the last part of a path that there is: of its key, or of the list's item."""
        line, column, inside = 1, 1, self.places
        for part in path:
            place = _inside(inside, part)
            if place is None:
                break
            line, column, inside = place
        return line, column

    def position_of(self, dotted_path: str) -> tuple[int, int]:
        """The same for a dotted key path, in which numbers count the items of lists."""
        line, column, inside = 1, 1, self.places
        for word in dotted_path.split("."):
            place = _inside(inside, int(word) if isinstance(inside, list) and word.isdecimal() else word)
            if place is None:
                break
            line, column, inside = place
        return line, column


def read_document(text: str, name: str) -> Document:
    """The document in a text; ``name`` is what errors call the file. Raises :class:`BadFileError` for anything else."""
    read = read_plain(text)
    if read is None:
        from festning.model.fullyaml import read_full  # noqa: PLC0415 (most files need none of it)

        read = read_full(text, name)
    value, places = read
    if isinstance(value, dict):
        return Document(value, places)
    raise BadFileError(
        [Problem(name, 1, 1, "", "this is not a fortress", "keys and values, beginning with fortress: NAME")]
    )


def dotted(path: KeyPath) -> str:
    """A key path as errors name it."""
    return ".".join(shown(str(part)) for part in path)


def shown(text: str) -> str:
    """A text of the user's, cut to what an error can repeat, in one line."""
    cut = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
    return "".join(letter if letter.isprintable() else "�" for letter in cut)


def _inside(places: Places, part: str | int) -> Place | None:
    if isinstance(places, dict):
        return places.get(part)
    if isinstance(places, list) and isinstance(part, int) and part < len(places):
        item: Place = places[part]
        return item
    return None
