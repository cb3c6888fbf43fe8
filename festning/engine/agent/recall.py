"""The verb ``recall``: what a host remembers: its generations, what failed, and one generation to go back to."""

from __future__ import annotations

import json
import os

from festning.engine.agent.generations import Blobs, Shelf, files_of
from festning.engine.agent.look import CONTENT_LIMIT, digest, read
from festning.engine.agent.wire import Inbox, emit, fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_JOURNAL_TAIL = 512 * 1024
"""How many of the journal's last bytes are looked at for attempts that failed."""
_OF_AN_ATTEMPT = {"at", "operator", "result"}


def history(state: str) -> dict[str, Any]:
    """The generations without their systems, oldest first, and the journal's failures."""
    shelf = Shelf(state)
    documents = [shelf.load(number) for number in shelf.numbers()]
    hidden = {"systems", "packages"}
    return {
        "generations": [{key: one[key] for key in one if key not in hidden} for one in documents],
        "attempts": [entry for entry in _journal(state) if "reason" in entry and entry["result"] != "ok"],
    }


def generation(state: str, number: int) -> dict[str, Any]:
    """One generation, the paths whose contents are not kept, and the texts of what differs now and is no secret."""
    document, blobs = Shelf(state).load(number), Blobs(state)
    files = [file for snapshot in document["systems"].values() for file in files_of(snapshot)]
    missing = [file["path"] for file in files if not blobs.has(file["sha256"])]
    texts = {}
    for file in files:
        if not file["secret"] and file["path"] not in missing and not _is_there(file["path"], file["sha256"]):
            text = _text(blobs.content(file["sha256"]))
            if text is not None:
                texts[file["sha256"]] = text
    return {"generation": document, "missing": missing, "texts": texts}


def _is_there(path: str, sha256: str) -> bool:
    try:
        return digest(read(path)) == sha256
    except OSError:
        return False


def _text(content: bytes) -> str | None:
    if len(content) > CONTENT_LIMIT or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _journal(state: str) -> list[dict[str, Any]]:
    try:
        with open(os.path.join(state, "journal.jsonl"), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _JOURNAL_TAIL))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    return [entry for entry in map(_entry, lines) if entry is not None]


def _entry(line: str) -> dict[str, Any] | None:
    """A line of the journal; the first may be cut, and so may one that a power cut ended."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) and entry.keys() >= _OF_AN_ATTEMPT else None


def main() -> None:
    """Answer one request: ``state``, and ``number`` for one generation (without it: all of them)."""
    request = Inbox().next()
    if request is None:
        return
    try:
        number = request.get("number")
        emit(history(request["state"]) if number is None else generation(request["state"], number))
    except (OSError, ValueError, KeyError) as error:
        emit(fault(error))
