"""Says in plain words what pydantic found wrong with a value: what is there, what was expected, what to do.

Knows pydantic's error types (pydantic documentation, "Validation Errors"); leaves positions to ``load``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from festning.model.declared import FortressFile
from festning.model.document import KeyPath
from festning.model.resolve import did_you_mean

_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "model_type": "keys and values",
    "dict_type": "keys and values",
    "tuple_type": "a list",
    "date_type": "a date, such as 2027-01-31",
    "date_from_datetime_parsing": "a date, such as 2027-01-31",
    "date_from_datetime_inexact": "a date, such as 2027-01-31",
}
_PATTERNS = {
    "site": "a name",
    "host": "a DNS name, such as shop.nordlys.example",
    "domain": "a DNS name, such as nordlys.example",
    "path": "a path that begins with /",
    "health": "a path that begins with /",
    "ssh_user": "a user name",
    "ciphers": "a cipher by OpenSSL's name, such as ECDHE-RSA-AES128-GCM-SHA256",
    "methods": "an HTTP method, such as GET",
    "deny_agents": "a word without spaces, such as sqlmap",
    "environment": "a name of capital letters, digits and _",
}
_NAME = "lower-case letters, digits and -, beginning with a letter, at most 32"


def explain(error: ValidationError) -> Iterator[tuple[KeyPath, Callable[[], tuple[str, str, str]]]]:
    """Each mistake as key path, and what gives its message, expectation and hint: not all may be wanted."""
    details = error.errors(include_url=False, include_context=True)
    paths = [_key_path(detail["loc"]) for detail in details]
    refused = {path[:end] for path in paths for end in range(len(path))}
    for detail, path in zip(details, paths, strict=True):
        if detail["type"] == "too_short" and path in refused:
            continue  # Members that are refused do not count; it is enough to hear why they are refused.
        yield path, partial(_words, detail, path)


def _key_path(loc: tuple[str | int, ...]) -> KeyPath:
    """The path in the document: without what pydantic adds for the keys of mappings."""
    return tuple(part for part in loc if part != "[key]")


def _words(detail: ErrorDetails, path: KeyPath) -> tuple[str, str, str]:
    kind = detail["type"]
    value = detail["input"]
    if kind in _TYPES:
        return f"{_show(value)} is not {_TYPES[kind]}", _TYPES[kind], _hint(value, kind)
    match kind:
        case "extra_forbidden":
            known = _keys_at(path[:-1])
            words = ("unknown key", f"one of: {', '.join(known)}", did_you_mean(str(path[-1]), known))
        case "missing":
            words = ("is missing", f"a key {path[-1]} at this place", "")
        case "enum" | "literal_error":
            choices = detail.get("ctx", {}).get("expected", "").replace("'", "").replace(" or ", ", ")
            words = (
                f"{_show(value)} is not known here",
                f"one of: {choices}",
                did_you_mean(str(value), choices.split(", ")),
            )
        case "too_short":
            words = ("is empty", "at least one", "")
        case "string_pattern_mismatch":
            words = (f"{_show(value)} does not fit", _PATTERNS.get(_last_key(path), _NAME), "")
        case "value_error":
            words = (f"{_show(value)} {detail['msg'].removeprefix('Value error, ')}", "", "")
        case _:
            words = (f"{_show(value)}: {detail['msg'][:1].lower()}{detail['msg'][1:]}", "", "")
    return words


def _last_key(path: KeyPath) -> str:
    """The last key in a path, before the index of an item."""
    return next((part for part in reversed(path) if isinstance(part, str)), "")


def _hint(value: object, kind: str) -> str:
    if kind == "string_type" and isinstance(value, bool | int | float):
        return "put it in quotes if it is meant as text"
    if kind in {"int_type", "bool_type"} and isinstance(value, str):
        return "write it without quotes"
    if kind == "tuple_type":
        return "write a list as [a, b]"
    return ""


def _keys_at(path: KeyPath) -> list[str]:
    """The keys that the schema knows at a path."""
    model: Any = FortressFile
    for part in path:
        model = _inner(model, part)
        if model is None:
            return []
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _inner(model: Any, part: str | int) -> Any:  # noqa: ANN401 (annotations are what is walked here)
    if isinstance(model, type) and issubclass(model, BaseModel):
        for name, field in model.model_fields.items():
            if part in (name, field.alias):
                return _model_in(field.annotation)
        return None
    return _model_in(model)


def _model_in(annotation: Any) -> Any:  # noqa: ANN401
    """The model in an annotation such as ``dict[Name, Model]``, ``tuple[Model, ...]`` or ``Model | None``.

    A mapping or list stays wrapped: its next path part is a key or an index.
    """
    arguments = getattr(annotation, "__args__", ())
    models = [a for a in arguments if isinstance(a, type) and issubclass(a, BaseModel)]
    if not models:
        return annotation
    origin = getattr(annotation, "__origin__", None)
    return _Wrapped(models[0]) if origin in (dict, tuple) else models[0]


class _Wrapped:
    def __init__(self, model: type[BaseModel]) -> None:
        self.__args__ = (model,)


def _show(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…'"
