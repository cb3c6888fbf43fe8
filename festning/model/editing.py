"""Changes single keys of one host's entry in the text of a ``fortress.yaml``; every other byte stays as it was.

Knows where YAML's tokens begin and end, which ``document`` does not: it tells where a key stands, not how far its value
goes. Whatever was edited is read again, and must say exactly what was asked for and nothing else; so anchors, merge
keys and odd ways of writing are either changed rightly or refused, never guessed at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

from festning.errors import BadFileError, Problem
from festning.model.document import read_document

Value = int | str | Mapping[str, int | str]
"""What a key gets: a number, a text, or a mapping of these, which is written in one line."""
Changes = Mapping[str, Value | None]
"""By key; ``None`` takes the key away."""

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_GAP: Final = re.compile(r"[ \t]*,[ \t]*")


@dataclass(frozen=True, slots=True)
class _Pair:
    """A key and its value by their first characters and those after their last. ``plain`` values fit in one token."""

    key: str
    key_start: int
    start: int
    end: int
    plain: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry's own pairs in order; ``flow`` for ``{…}``."""

    flow: bool
    pairs: tuple[_Pair, ...]


class _RefusedError(Exception):
    """This entry is written in a way in which single keys cannot be changed."""


def edit_host(text: str, name: str, host: str, changes: Changes) -> str:
    """The text in which the entry of ``host`` under ``hosts:`` has these keys changed; ``name`` is the file's.

    Raises :class:`BadFileError` where that cannot be done without touching anything else.
    """
    document = read_document(text, name)
    wanted = deepcopy(dict(document.data))
    entry = wanted["hosts"][host]  # type: ignore[index]
    for key, value in changes.items():
        if value is None:
            entry.pop(key, None)
        else:
            entry[key] = value
    try:
        edited = _edited(text, host, changes)
        if read_document(edited, name).data != wanted:
            raise _RefusedError("something else in the file would change with it")
    except (_RefusedError, BadFileError, YAMLError) as error:
        line, column = document.position(("hosts", host))
        why = str(error) if isinstance(error, _RefusedError) else "it would not be readable any more"
        raise BadFileError(
            [
                Problem(
                    name,
                    line,
                    column,
                    f"hosts.{host}",
                    f"{', '.join(changes)} cannot be changed here: {why}",
                    expected="a mapping of its own, without anchors, aliases and merge keys",
                    hint="write the entry out in full, and run the command again",
                )
            ]
        ) from None
    return edited


def _edited(text: str, host: str, changes: Changes) -> str:
    entry = _entry(text, host)
    at = {pair.key: index for index, pair in enumerate(entry.pairs)}
    edits: list[tuple[int, int, str]] = []
    new: list[tuple[str, Value]] = []
    for key, value in changes.items():
        if key in at:
            pair = entry.pairs[at[key]]
            edits.append(_removal(text, entry, at[key]) if value is None else _replacement(pair, value))
        elif value is not None:
            new.append((key, value))
    if new:
        edits.append(_insertion(text, entry, at, new))
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def _replacement(pair: _Pair, value: Value) -> tuple[int, int, str]:
    if not pair.plain and not isinstance(value, Mapping):
        raise _RefusedError(f"{pair.key} is not written as one word")
    return pair.start, pair.end, _written(value)


def _removal(text: str, entry: _Entry, index: int) -> tuple[int, int, str]:
    pair = entry.pairs[index]
    if not entry.flow:
        return _line_start(text, pair.key_start), _line_end(text, pair.end), ""
    if index:
        before = entry.pairs[index - 1].end
        if _GAP.fullmatch(text, before, pair.key_start):
            return before, pair.end, ""
    after = _GAP.match(text, pair.end)
    return pair.key_start, after.end() if after else pair.end, ""


def _insertion(text: str, entry: _Entry, at: Mapping[str, int], new: list[tuple[str, Value]]) -> tuple[int, int, str]:
    """The new pairs, after ``count`` where there is one, otherwise after the last."""
    if not entry.pairs:
        raise _RefusedError("there is nothing in it")
    anchor = entry.pairs[at.get("count", len(entry.pairs) - 1)]
    if entry.flow:
        return anchor.end, anchor.end, "".join(f", {key}: {_written(value)}" for key, value in new)
    place = _line_end(text, anchor.end)
    start = _line_start(text, anchor.key_start)
    indent = text[start : anchor.key_start]
    ending = "\r\n" if text.endswith("\r\n", 0, place) else "\n"
    lines = [f"{indent}{key}: {_written(value)}" for key, value in new]
    if text.endswith("\n", 0, place):
        return place, place, "".join(f"{line}{ending}" for line in lines)
    return place, place, "".join(f"\n{line}" for line in lines)  # The file's last line has no end.


def _line_start(text: str, at: int) -> int:
    start = text.rfind("\n", 0, at) + 1
    if text[start:at].strip(" "):
        raise _RefusedError("something else stands in the same line")
    return start


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _written(value: Value) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and read_document(f"a: {value}", "").data == {"a": value}
        return value if plain else json.dumps(value, ensure_ascii=False)
    return "{" + ", ".join(f"{key}: {_written(one)}" for key, one in value.items()) + "}"


def _entry(text: str, host: str) -> _Entry:
    """The entry's tokens. The text was read before, so it is YAML with this entry in it, wherever that comes from."""
    events = iter(YAML(typ="rt", pure=True).parse(text))
    while not isinstance(event := next(events), MappingStartEvent):
        pass
    inside = _enter(events, event, ("hosts", host))
    pairs = tuple(_pairs(events))
    return _Entry(bool(inside.flow_style), pairs)


def _enter(events: Iterator[Any], event: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 (ruamel's are not typed)
    """Go into the mapping at a path of keys; the event that begins it."""
    for wanted in path:
        _without_anchor(event)
        while True:
            key = next(events)
            if isinstance(key, MappingEndEvent):
                raise _RefusedError(f"{wanted} stands elsewhere")
            if isinstance(key, ScalarEvent) and key.value == wanted:
                break
            _skip(events, key)
            _skip(events, next(events))
        event = next(events)
        if not isinstance(event, MappingStartEvent):
            raise _RefusedError(f"what {wanted} has stands elsewhere")
    _without_anchor(event)
    return event


def _pairs(events: Iterator[Any]) -> Iterator[_Pair]:
    while not isinstance(key := next(events), MappingEndEvent):
        if not isinstance(key, ScalarEvent):
            raise _RefusedError("one of its keys is not a word")
        value = next(events)
        single = isinstance(value, ScalarEvent) and value.style not in ("|", ">") and value.anchor is None
        end = _skip(events, value)
        yield _Pair(key.value, key.start_mark.index, value.start_mark.index, end, single and value.ctag is None)


def _skip(events: Iterator[Any], event: Any) -> int:  # noqa: ANN401
    """Go past a node; where its last token ends."""
    end: int = event.end_mark.index
    if isinstance(event, MappingStartEvent | SequenceStartEvent):
        while not type(inner := next(events)).__name__.endswith("EndEvent"):
            end = _skip(events, inner)
        if event.flow_style:
            end = inner.end_mark.index
    return end


def _without_anchor(event: Any) -> None:  # noqa: ANN401
    if isinstance(event, AliasEvent) or event.anchor is not None:
        raise _RefusedError("it has an anchor, so it stands for something else in the file, too")
