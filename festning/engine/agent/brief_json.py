"""JSON without the ``json`` package, which imports regular expressions and enumerations: 6 ms of each look at a host.

The parts in C that the package itself is made of do the work (CPython's ``Modules/_json.c``, the same in every Python
that Debian has had since 3.0).
"""

from __future__ import annotations

from _json import encode_basestring_ascii, make_scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Rules:
    """What the scanner asks its decoder for: JSON as it comes."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: dict[str, str] = {}  # noqa: RUF012 (the scanner's own, cleared after each document)


_scan = make_scanner(_Rules())  # type: ignore[arg-type]  # Anything with these attributes.


def loads(text: str | bytes) -> Any:  # noqa: ANN401 (whatever JSON can hold)
    """The document that a text is. Raises :class:`ValueError`."""
    text = (text.decode() if isinstance(text, bytes) else text).strip()
    try:
        document, end = _scan(text, 0)
    except StopIteration as stop:
        raise ValueError(f"no JSON value at character {stop.value}") from None
    except SystemError:  # The parts in C raise the package's own error, and it has not been imported (CPython 3.11).
        raise ValueError("no whole JSON value") from None
    if end != len(text):
        raise ValueError(f"more than one JSON value at character {end}")
    return document


def dumps(document: Any) -> str:  # noqa: ANN401
    """The document as JSON in ASCII."""
    if isinstance(document, str):
        return str(encode_basestring_ascii(document))
    if isinstance(document, dict):
        return "{" + ", ".join(f"{dumps(str(key))}: {dumps(value)}" for key, value in document.items()) + "}"
    if isinstance(document, list | tuple):
        return "[" + ", ".join(map(dumps, document)) + "]"
    if document is None or isinstance(document, bool):
        return "null" if document is None else str(document).lower()
    if isinstance(document, int | float):
        return repr(document)
    raise TypeError(f"{type(document).__name__} is not JSON")
