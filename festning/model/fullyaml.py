"""Reads the whole of YAML 1.2, and says where and why a text is none.

Knows anchors, aliases and merge keys, and what no fortress needs and so is refused: tags, keys that are not text, more
values or deeper nesting than any fortress has. Builds on ruamel.yaml's events, which come one by one, so that every
limit holds while the text is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import Reader

from festning.errors import BadFileError, Problem
from festning.model.document import dotted, shown
from festning.model.notyaml import in_words
from festning.model.plainyaml import Place, Read

DEEPEST = 32
MOST_VALUES = 400_000
"""Values in a document, those that aliases stand for among them: some forty for each of 10,000 hosts."""

_CORE = "tag:yaml.org,2002:"
_KINDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "null"}
_SCALARS = {**_KINDS, "timestamp": "a date"}
_AS_TEXT = frozenset({"str", "merge", "value", "yaml"})
"""Kinds of plain scalars that are text: the last three are signs that mean something only in YAML 1.1."""
_BARE = (ValueError, TypeError, AttributeError, KeyError, IndexError, AssertionError)
"""What ruamel.yaml raises for some broken tags, directives and anchors, without a place."""


def read_full(text: str, name: str) -> Read:
    """The one document in a text, ``None`` for an empty one.

    Raises :class:`BadFileError` with the place of what is wrong.
    """
    try:
        try:
            return _Builder(text, name, "rt").document()
        except NotImplementedError:  # Of comments in places where ruamel.yaml cannot keep them.
            return _Builder(text, name, "safe").document()
    except MarkedYAMLError as error:
        raise BadFileError([in_words(error, name)]) from None
    except YAMLError:
        raise BadFileError([_unprintable(text, name)]) from None


def _unprintable(text: str, name: str) -> Problem:
    found = Reader.NON_PRINTABLE.search(text)
    at = found.start() if found else 0
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return Problem(
        name,
        line,
        column,
        "",
        f"character U+{ord(text[at : at + 1] or ' '):04X} is not allowed in YAML",
        hint="remove it",
    )


class _Anchored(NamedTuple):
    read: Read
    values: int


class _Builder:
    def __init__(self, text: str, name: str, scanner: str) -> None:
        # ``rt``: the scanner that knows comments. The other one refuses some of YAML 1.2's flow mappings ({a: ::1}).
        self._yaml = YAML(typ=scanner, pure=True)
        self._constructor = SafeConstructor(loader=self._yaml)
        self._name = name
        self._events = self._yaml.parse(text)
        self._path: list[str | int] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._values = 0
        self._last: Any = None

    def document(self) -> Read:
        self._next()  # The start of the stream.
        if not isinstance(self._next(), DocumentStartEvent):
            return None, None
        read = self._node(self._next())
        self._next()  # The end of the document.
        after = self._next()
        if not isinstance(after, StreamEndEvent):
            raise self._wrong(
                after, "a second document begins here", expected="one document in the file", hint="remove ---"
            )
        return read

    def _next(self) -> Any:  # noqa: ANN401
        try:
            self._last = next(self._events)
        except _BARE as error:
            message = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise self._wrong(self._last, f"this is not YAML: {shown(message)}") from None
        return self._last

    def _node(self, event: Any) -> Read:  # noqa: ANN401 (ruamel.yaml's events are not typed)
        self._count(1, event)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        before = self._values
        read = self._read(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(read, self._values - before)
        return read

    def _read(self, event: Any) -> Read:  # noqa: ANN401
        if isinstance(event, ScalarEvent):
            return self._scalar(event), None
        if len(self._path) >= DEEPEST:
            raise self._wrong(event, "this is nested too deeply", expected=f"at most {DEEPEST} levels")
        if isinstance(event, MappingStartEvent):
            self._only_tag(event, "map")
            return self._mapping()
        assert isinstance(event, SequenceStartEvent)
        self._only_tag(event, "seq")
        return self._list()

    def _mapping(self) -> Read:
        values: dict[object, object] = {}
        places: dict[object, Place] = {}
        merged: list[tuple[Any, Read]] = []
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event)
            self._path.append(key)
            if key in values:
                raise self._twice(event, places[key])
            read = self._node(self._next())
            if _is_merge(event):
                merged.append((event, read))
            else:
                values[key] = read[0]
                places[key] = (*_place(event), read[1])
            self._path.pop()
        for at, read in merged:
            self._merge(at, read, values, places)
        return values, places

    def _list(self) -> Read:
        values: list[object] = []
        places: list[Place] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            self._path.append(len(values))
            value, inside = self._node(event)
            values.append(value)
            places.append((*_place(event), inside))
            self._path.pop()
        return values, places

    def _key(self, event: Any) -> str:  # noqa: ANN401
        self._count(1, event)
        if isinstance(event, AliasEvent):
            key = self._alias(event)[0]
        elif isinstance(event, ScalarEvent):
            key = event.value if _is_merge(event) else self._scalar(event)
            if event.anchor is not None:
                self._anchors[event.anchor] = _Anchored((key, None), 1)
        else:
            key = None
        if isinstance(key, str):
            return key
        what = shown(event.value) if isinstance(event, ScalarEvent) and event.value else "what stands here"
        raise self._wrong(event, f"{what} is not text", expected="a key that is text", hint="put it in quotes")

    def _merge(self, at: Any, read: Read, values: dict[object, object], places: dict[object, Place]) -> None:  # noqa: ANN401
        """Fill in what ``<<`` brings: own keys win, then what is named first (YAML's merge key type)."""
        value, inside = read
        if isinstance(value, list) and isinstance(inside, list):
            sources = [(one, place[2]) for one, place in zip(value, inside, strict=True)]
        else:
            sources = [read]
        for mapping, found in sources:
            if not isinstance(mapping, dict) or not isinstance(found, dict):
                raise self._wrong(
                    at, "<< does not bring a mapping", expected="an alias of a mapping, such as *defaults"
                )
            self._count(len(mapping), at)
            for key in mapping:
                if key not in values:
                    values[key] = mapping[key]
                    places[key] = found[key]

    def _alias(self, event: Any) -> Read:  # noqa: ANN401
        if event.anchor not in self._anchors:
            raise self._wrong(
                event, f"*{shown(event.anchor)} names nothing", expected=f"&{shown(event.anchor)} before it"
            )
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise self._wrong(event, f"*{shown(event.anchor)} stands inside of what it names")
        self._count(anchored.values, event)
        return anchored.read

    def _scalar(self, event: Any) -> object:  # noqa: ANN401
        tag = event.ctag
        if tag is None or str(tag) == "!":
            tag = self._yaml.resolver.resolve(ScalarNode, event.value, event.implicit)
        kind = str(tag).removeprefix(_CORE)
        if kind in _AS_TEXT:
            # The scanner marks with a bell where a folded text was folded.
            return event.value.replace("\a", "") if event.style == ">" else event.value
        if kind not in _SCALARS:
            raise self._tagged(event, str(tag))
        construct: Callable[[object, ScalarNode], object] = self._constructor.yaml_constructors[str(tag)]
        try:
            return construct(self._constructor, ScalarNode(tag, event.value, event.start_mark, event.end_mark))
        except (ValueError, KeyError, TypeError, IndexError, ArithmeticError, AssertionError, MarkedYAMLError):
            # What has the form of a number or a date and is none: 2027-13-01, or more digits than Python converts.
            words = f"{shown(event.value)} is not {_SCALARS[kind]}"
            raise self._wrong(event, words, hint="put it in quotes if it is meant as text") from None

    def _only_tag(self, event: Any, kind: str) -> None:  # noqa: ANN401
        if event.ctag is not None and str(event.ctag) not in ("!", f"{_CORE}{kind}"):
            raise self._tagged(event, str(event.ctag))

    def _tagged(self, event: Any, tag: str) -> BadFileError:  # noqa: ANN401
        return self._wrong(event, f"the tag {shown(tag)} means nothing here", expected="a value without a tag")

    def _count(self, values: int, event: Any) -> None:  # noqa: ANN401
        self._values += values
        if self._values > MOST_VALUES:
            raise self._wrong(
                event,
                f"this document has more than {MOST_VALUES} values",
                hint="each alias counts as what it stands for",
            )

    def _twice(self, event: Any, first: Place) -> BadFileError:  # noqa: ANN401
        return self._wrong(
            event,
            "this key is given twice",
            expected="each key once",
            hint=f"the first is in line {first[0]}; remove one of the two, or rename it",
        )

    def _wrong(self, event: Any, message: str, *, expected: str = "", hint: str = "") -> BadFileError:  # noqa: ANN401
        return BadFileError([Problem(self._name, *_place(event), dotted(tuple(self._path)), message, expected, hint)])


def _place(event: Any) -> tuple[int, int]:  # noqa: ANN401
    if event is None:
        return 1, 1
    return event.start_mark.line + 1, event.start_mark.column + 1


def _is_merge(event: Any) -> bool:  # noqa: ANN401
    return isinstance(event, ScalarEvent) and event.value == "<<" and event.implicit[0] and event.ctag is None
