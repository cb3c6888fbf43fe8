"""Reading back what festning keeps on a host, when it may have been damaged: by a disk, or by a hand in it.

Knows which shape the manifest and a generation must have for others to rely on. What has another one is refused before
anything is done: whoever guesses what was placed here would take away the wrong things.
"""

from __future__ import annotations

import os

from festning.engine.agent.brief_json import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MANIFEST_VERSION = 2
GENERATION_VERSION = 1
_WAY_OUT = "look at it, bring it back from a backup, or move it away and plan again: "
_WITHOUT_MANIFEST = _WAY_OUT + "without it, what festning placed here and is no longer declared stays"
_WITHOUT_GENERATION = _WAY_OUT + "without it, this generation cannot be come back to"
_WITHOUT_UNDO = (
    "an unconfirmed change cannot be put back by itself: look at the host, and move this file away to keep it as it is"
)
_OTHER = "it does not say what festning writes there"
_NEWER = "use the version of festning that wrote it, or a newer one"


class DamagedError(OSError):
    """A record is not what was written: ``message`` says which and why, ``hint`` what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def manifest(state: str) -> dict[str, Any]:
    """What is in the manifest of a state directory; nothing when there is none. Raises :class:`DamagedError`."""
    path = os.path.join(state, "manifest.json")
    document = _document(path, MANIFEST_VERSION, _WITHOUT_MANIFEST)
    if document is None:
        return {}
    systems, interrupted = document.get("systems", {}), document.get("interrupted", {})
    sound = (
        _is_mapping(systems)
        and _is_mapping(interrupted)
        and isinstance(document.get("generation", 0), int)
        and all(_is_system(one) for one in systems.values())
        and all(all(_is_texts(one.get(key)) for key in _OWED) for one in interrupted.values())
    )
    if not sound:
        raise DamagedError(f"{path} is damaged: {_OTHER}", _WITHOUT_MANIFEST)
    return document


def generation(path: str) -> dict[str, Any]:
    """A generation from its file. Raises :class:`DamagedError`, and :class:`FileNotFoundError`."""
    document = _document(path, GENERATION_VERSION, _WITHOUT_GENERATION)
    if document is None:
        raise FileNotFoundError(2, "there is no such generation", path)
    number = os.path.basename(path).removesuffix(".json")
    sound = (
        str(document.get("number")) == number
        and all(isinstance(document.get(key), kind) for key, kind in _OF_GENERATION.items())
        and all(_is_snapshot(one) for one in document["systems"].values())
    )
    if not sound:
        raise DamagedError(f"{path} is damaged: {_OTHER}", _WITHOUT_GENERATION)
    return document


def undo(path: str) -> dict[str, Any]:
    """How to undo an unconfirmed change, from its file. Raises :class:`DamagedError` and :class:`FileNotFoundError`."""
    document = _json(path, _WITHOUT_UNDO)
    if not isinstance(document, dict) or not document.keys() >= _OF_UNDO:
        raise DamagedError(f"{path} is damaged: {_OTHER}", _WITHOUT_UNDO)
    return document


_OWED = ("restart", "reload", "temporaries")
_OF_UNDO = frozenset(
    "operator fortress generation wave records since boot systems operations paths units".split()  # noqa: SIM905
)
_OF_GENERATION: dict[str, type] = {
    "systems": dict,
    "packages": dict,
    "changed": list,
    "failures": list,
    "result": str,
    "at": str,
    "operator": str,
    "changes": int,
    "before": int,
}


def _document(path: str, version: int, hint: str) -> dict[str, Any] | None:
    try:
        document = _json(path, hint)
    except FileNotFoundError:
        return None
    if not isinstance(document, dict) or not isinstance(document.get("version"), int):
        raise DamagedError(f"{path} is damaged: {_OTHER}", hint)
    if document["version"] > version:
        raise DamagedError(f"{path} has format {document['version']}, and this festning knows {version}", _NEWER)
    return document


def _json(path: str, hint: str) -> Any:  # noqa: ANN401 (whatever JSON can hold)
    try:
        with open(path, encoding="utf-8") as file:
            return loads(file.read())
    except (ValueError, RecursionError):
        raise DamagedError(f"{path} is damaged: it is not whole, or not JSON", hint) from None


def _is_system(one: dict[str, Any]) -> bool:
    placed = one.get("placed", {})
    texts = _is_texts(one.get("paths")) and _is_texts(one.get("units")) and isinstance(one.get("wave"), str)
    return texts and _is_mapping(placed)


def _is_snapshot(one: Any) -> bool:  # noqa: ANN401 (whatever JSON can hold)
    return (
        isinstance(one, dict)
        and isinstance(one.get("items"), list)
        and all(
            isinstance(item, dict) and (item.get("item") != "file" or {"path", "sha256"} <= item.keys())
            for item in one["items"]
        )
    )


def _is_mapping(one: Any) -> bool:  # noqa: ANN401
    """Whether it maps names to mappings."""
    return isinstance(one, dict) and all(isinstance(value, dict) for value in one.values())


def _is_texts(one: Any) -> bool:  # noqa: ANN401
    return isinstance(one, list) and all(isinstance(text, str) for text in one)
