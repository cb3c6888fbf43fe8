"""Writes the pages of a run of drills: one for each with all that was measured beside it, and an index."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from festning.errors import UsageError
from festning.model.drill import DrillResult
from festning.proof.report.index import page_names, render_index
from festning.proof.report.page import render_page


def write_pages(folder: Path, fortress: str, results: Sequence[DrillResult], now: datetime) -> None:
    """Write them. Raises :class:`UsageError` where they cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, result in zip(page_names(results), results, strict=True):
            (folder / name).write_text(render_page(result, fortress), encoding="utf-8")
            (folder / name).with_suffix(".json").write_text(_everything(result), encoding="utf-8")
        index = render_index(results, fortress, f"{now:%Y-%m-%d %H:%M} UTC")
        (folder / "index.html").write_text(index, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the pages cannot be written: {error}", hint="name a folder that may be written to"
        ) from error


def _everything(result: DrillResult) -> str:
    """The result with every single request and sight, for who wants to reckon for themselves."""
    outcomes = [
        {"door": one.door, "kind": one.kind, "due": one.due, "ended": one.ended, "fate": one.fate, "why": one.why}
        for one in result.outcomes
    ]
    sights = [{"at": one.at, "subject": one.subject, "state": one.state} for one in result.sights]
    return json.dumps({**result.document(), "outcomes": outcomes, "sights": sights})
