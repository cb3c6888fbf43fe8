"""Differences of contents for the reader of a plan."""

from __future__ import annotations

import difflib

BINARY = "(binary)"
_CONTEXT = 3


def shown_digest(sha256: str | None) -> str:
    """A digest short enough to read; a missing file has none."""
    return "absent" if sha256 is None else f"sha256:{sha256[:12]}"


def secret_difference(before: str | None, after: str) -> str:
    """What changes in a secret file: digests."""
    return f"{shown_digest(before)} → {shown_digest(after)}\n"


def text_difference(path: str, before: str | None, after: bytes) -> str:
    """A unified diff, ``before`` being ``None`` for a new file; :data:`BINARY` when the new content is not text."""
    try:
        text = after.decode()
    except UnicodeDecodeError:
        return BINARY
    if "\0" in text:
        return BINARY
    source = "/dev/null" if before is None else path
    lines = difflib.unified_diff(
        (before or "").splitlines(keepends=True), text.splitlines(keepends=True), source, path, n=_CONTEXT
    )
    return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)
