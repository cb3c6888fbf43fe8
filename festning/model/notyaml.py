"""Says in plain words why a text is not YAML, from what ruamel.yaml's scanner and parser say of it.

Source of the messages: ruamel.yaml's scanner.py and parser.py. One that is not known here is passed on as it is.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ruamel.yaml.error import MarkedYAMLError

from festning.errors import Problem


class _Words(NamedTuple):
    """``at_start`` is set where the beginning of the matter says more than the end, at which it was noticed."""

    message: str
    expected: str = ""
    hint: str = ""
    at_start: bool = False


_INDENTATION = "keys of one mapping begin in the same column"
_KNOWN: tuple[tuple[str, _Words], ...] = (
    (r"character '\\t'", _Words("a tab stands here", "spaces", "YAML is indented with spaces only")),
    (
        r"found character '(.+)' that cannot start",
        _Words(r"a value cannot begin with \1", "text in quotes", "put it in quotes"),
    ),
    (
        r"mapping values are not allowed",
        _Words("there is a `: ` too many here", _INDENTATION, "a text with `: ` in it must be in quotes"),
    ),
    (r"mapping keys are not allowed", _Words("a key cannot begin here", _INDENTATION)),
    (r"sequence entries are not allowed", _Words("an item of a list cannot begin here", "items in lines of their own")),
    (
        r"could not find expected ':'",
        _Words(
            "this is no key: there is no `:` after it", "key: value", "or a text that goes on must be indented", True
        ),
    ),
    (
        r"unexpected end of stream|unexpected document separator",
        _Words("a quote that begins here has no end", "the same quote again", "", True),
    ),
    (
        r"expected <block end>",
        _Words("this does not fit what stands above it", _INDENTATION, "look at the indentation"),
    ),
    (r"expected ',' or '(.)'", _Words(r"this list or mapping is not closed before here", r", or \1")),
    (r"unknown escape character '(.+)'", _Words(r"\\\1 means nothing in double quotes", "", "use single quotes")),
    (r"unexpected ':'", _Words("a `:` stands here in the middle of a text", "text in quotes", "put it in quotes")),
    (r"expected the node content", _Words("a value is missing here", "a value", "")),
    (r"expected '<document start>'", _Words("the document has ended before this", "nothing more", _INDENTATION)),
)


def in_words(error: MarkedYAMLError, name: str) -> Problem:
    """The error as a problem with its place in the file ``name``."""
    said = error.problem or ""
    words = next((_filled(match, words) for pattern, words in _KNOWN if (match := re.search(pattern, said))), None)
    if words is None:
        words = _Words(" ".join(part for part in (error.context, error.problem) if part))
    mark = error.context_mark if words.at_start and error.context_mark else error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Problem(name, line, column, "", f"this is not YAML: {words.message}", words.expected, words.hint)


def _filled(match: re.Match[str], words: _Words) -> _Words:
    return words._replace(message=match.expand(words.message), expected=match.expand(words.expected))
