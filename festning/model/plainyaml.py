"""Reads the plain part of YAML, fast: what people write in a ``fortress.yaml`` nearly always.

Block mappings and lists, one-line flow ones, one-line scalars and comments. Everything else (anchors, tags, escapes,
texts over several lines, odd numbers), and everything wrong, is ``None``: ``document`` then reads it with the whole of
YAML 1.2, some thirty times slower, and says what is wrong. For what is read here, the result is the same to the type
and the column; a property test holds the two together.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from typing import NamedTuple, TypeAlias

Place: TypeAlias = "tuple[int, int, Places]"
"""Line and column (from 1) of a key or list item, and the places inside its value."""
Places: TypeAlias = "dict[object, Place] | list[Place] | None"
Read = tuple[object, Places]

_DEEPEST = 16
_LONGEST = 1000
# Printable, and a line break or a blank to nobody: not even to YAML 1.1.
_LETTERS = re.compile(r"[\n -~\u00a1-\u167f\u1681-\u1fff]*")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_ENTRY = re.compile(rf"({_KEY.pattern}):(?: +(?=[^ ])| *$)")
_IN_FLOW = r"[^\[\]{},:?# ]"
_FLOW = re.compile(
    r" *(?:([\[\]{},])"  # a sign
    r"|\"([^\"\\]*)\"|'([^']*)'"  # a quoted text
    rf"|(?![\"'])({_IN_FLOW}(?:{_IN_FLOW}| +(?={_IN_FLOW})|:(?={_IN_FLOW}))*)(:(?= ))?"  # a plain one, a key perhaps
    r") *"
)
_QUOTED = re.compile(r"(?:\"([^\"\\]*)\"|'([^']*)') *(?:(?<= )#.*)?")
_COMMENT = re.compile(r" +#| +$")

_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL")),
}
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Texts that begin with a digit or a point and yet are no number, time or date in any version of YAML.
_TEXT = re.compile(
    r"[A-Za-z_/$(\u00a1-\u1fff].*|\.{1,2}/.*|[1-9][0-9]*[KMGT]iB|[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)?"
    r"|[0-9a-f]*(?::[0-9a-f]*){2,7}(?:/[0-9]+)?|[0-9]+(?:\.[0-9]+)? [A-Z]{3}(?:/[A-Za-z]+)?"
)


class NotPlainError(Exception):
    """There is more to this document than is known here."""


class _Line(NamedTuple):
    number: int
    indent: int
    text: str


def read_plain(text: str) -> Read | None:
    """The document's value with its places, or ``None`` when it is not plain (or not right)."""
    text = text.replace("\r\n", "\n")
    if not _LETTERS.fullmatch(text):
        return None
    try:
        return _Reader(text).document()
    except NotPlainError:
        return None


class _Reader:
    def __init__(self, text: str) -> None:
        self._lines = [
            _Line(number, len(line) - len(bare), bare)
            for number, line in enumerate(text.split("\n"), start=1)
            if (bare := line.lstrip(" ")) and bare[0] != "#"
        ]
        self._lines.append(_Line(0, -1, ""))
        self._at = 0
        self._depth = 0
        self._known: dict[str, object] = {}

    def document(self) -> Read:
        if self._lines[0].indent != 0:
            raise NotPlainError
        read = self._mapping(0)
        if self._at != len(self._lines) - 1:
            raise NotPlainError
        return read

    def _block(self, least: int) -> Read:
        """What stands on the following lines, at ``least`` or deeper; nothing when they are not so deep."""
        line = self._lines[self._at]
        if line.indent < least:
            return None, None
        self._deeper()
        read = self._list(line.indent) if _is_item(line.text) else self._mapping(line.indent)
        self._depth -= 1
        return read

    def _mapping(self, indent: int) -> Read:
        values: dict[str, object] = {}
        places: dict[object, Place] = {}
        while (line := self._lines[self._at]).indent == indent:
            entry = _ENTRY.match(line.text)
            if entry is None or entry[1] in values or entry[1] in _WORDS:
                raise NotPlainError
            self._at += 1
            value, inside = self._value(line, entry.end(), indent, in_mapping=True)
            values[entry[1]] = value
            places[entry[1]] = (line.number, indent + 1, inside)
        if line.indent > indent:
            raise NotPlainError
        return values, places

    def _list(self, indent: int) -> Read:
        values: list[object] = []
        places: list[Place] = []
        while (line := self._lines[self._at]).indent == indent and _is_item(line.text):
            rest = line.text[1:].lstrip(" ")
            if not rest or rest[0] == "#":
                raise NotPlainError
            start = len(line.text) - len(rest)
            if _is_item(rest) or _ENTRY.match(rest):
                self._lines[self._at] = _Line(line.number, indent + start, rest)
                value, inside = self._block(indent + 1)
            else:
                self._at += 1
                value, inside = self._value(line, start, indent, in_mapping=False)
            values.append(value)
            places.append((line.number, indent + start + 1, inside))
        if line.indent > indent:
            raise NotPlainError
        return values, places

    def _value(self, line: _Line, start: int, indent: int, *, in_mapping: bool) -> Read:
        """The value that begins in a line after its key or dash, and may be on the next ones."""
        text = line.text
        first = text[start : start + 1]
        if in_mapping and first in ("", "#"):
            following = self._lines[self._at]
            # A list may stand as deep as the key that it belongs to.
            same = following.indent == indent and _is_item(following.text)
            return self._block(indent if same else indent + 1)
        if first in ("{", "["):
            read, end = self._flow(line, start)
            if end < len(text) and not (text[end] == "#" and text[end - 1] == " "):
                raise NotPlainError
            return read
        if first in ('"', "'"):
            quoted = _QUOTED.fullmatch(text, start)
            if quoted is None:
                raise NotPlainError
            return quoted[quoted.lastindex or 1], None
        comment = _COMMENT.search(text, start)
        plain = text[start : comment.start()] if comment else text[start:]
        if ": " in plain or plain.endswith(":"):
            raise NotPlainError
        return self._scalar(plain), None

    def _flow(self, line: _Line, start: int) -> tuple[Read, int]:
        """The flow mapping or list that begins in a line (and ends there), and where it ends."""
        self._deeper()
        read = self._flow_mapping if line.text[start] == "{" else self._flow_list
        found = read(line, start + 1)
        self._depth -= 1
        return found

    def _flow_mapping(self, line: _Line, at: int) -> tuple[Read, int]:
        values: dict[object, object] = {}
        places: dict[object, Place] = {}
        token = _token(line.text, at)
        while token[1] != "}":
            key = token[4]
            if not token[5] or key in values or key in _WORDS or not _KEY.fullmatch(key):
                raise NotPlainError
            (values[key], inside), after = self._flow_value(line, _token(line.text, token.end()))
            places[key] = (line.number, line.indent + token.start(4) + 1, inside)
            token = _next(line.text, after, "}")
        return (values, places), token.end()

    def _flow_list(self, line: _Line, at: int) -> tuple[Read, int]:
        values: list[object] = []
        places: list[Place] = []
        token = _token(line.text, at)
        while token[1] != "]":
            start = token.start() + len(token[0]) - len(token[0].lstrip(" "))
            (value, inside), after = self._flow_value(line, token)
            values.append(value)
            places.append((line.number, line.indent + start + 1, inside))
            token = _next(line.text, after, "]")
        return (values, places), token.end()

    def _flow_value(self, line: _Line, token: re.Match[str]) -> tuple[Read, int]:
        if token[1] in ("{", "["):
            return self._flow(line, token.start(1))
        if token[1] is not None or token[5]:
            raise NotPlainError
        value = self._scalar(token[4]) if token[4] is not None else token[token.lastindex or 0]
        return (value, None), token.end()

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotPlainError

    def _scalar(self, text: str) -> object:
        """What a plain scalar stands for. Remembered: most values of a long file are the same few words."""
        try:
            return self._known[text]
        except KeyError:
            value = self._known[text] = _scalar(text)
            return value


def _scalar(text: str) -> object:
    if len(text) > _LONGEST:
        raise NotPlainError
    if text in _WORDS:
        return _WORDS[text]
    if _TEXT.fullmatch(text):
        return text
    if _NUMBER.fullmatch(text):
        return int(text)
    if _DATE.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    raise NotPlainError


def _token(text: str, at: int) -> re.Match[str]:
    token = _FLOW.match(text, at)
    if token is None:
        raise NotPlainError
    return token


def _next(text: str, at: int, closing: str) -> re.Match[str]:
    """What follows a value in a flow mapping or list: its end, or what begins after a comma."""
    token = _token(text, at)
    if token[1] == ",":
        token = _token(text, token.end())
    elif token[1] != closing:
        raise NotPlainError
    return token


def _is_item(text: str) -> bool:
    return text.startswith("- ") or text == "-"
