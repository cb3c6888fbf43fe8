"""What a rule looks at, why, by which law or after which failure, and how to fix it: read from ``explanations/*.toml``.

Only ``festning explain`` needs it; judging does not.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What ``festning explain`` prints of a rule. ``sources`` are the law, the document or the report behind it."""

    what: str
    why: str
    sources: tuple[str, ...]
    fix: str


def explanations(area: str) -> dict[str, Explanation]:
    """The explanations of an area (what comes before the dot in a rule's name), by the rules' names."""
    text = files("festning.policy").joinpath("explanations", f"{area}.toml").read_text(encoding="utf-8")
    return {
        name: Explanation(
            what=_flowing(entry["what"]),
            why=_flowing(entry["why"]),
            sources=tuple(entry["sources"]),
            fix=_flowing(entry["fix"]),
        )
        for name, entry in tomllib.loads(text).items()
    }


def _flowing(text: str) -> str:
    return " ".join(text.split())
