"""What is asked of a host's own logs, as a script for the host's Python."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


def history_script(packages: tuple[str, ...], targets: tuple[str, ...]) -> str:
    """The question after missing packages, and after whoever touched paths and units."""
    asked = json.dumps({"packages": packages, "targets": targets})
    return _history().replace('ASKED = "{}"', f"ASKED = {asked!r}", 1)


@cache
def _history() -> str:
    return files("festning.engine.inquiries").joinpath("history.py").read_text(encoding="utf-8")
