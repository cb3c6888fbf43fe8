"""What a host's own logs and package lists tell, asked only when a plan needs explaining.

Knows what was asked for; leaves how it is asked to ``engine`` and what it says of an operation to the naming of drift.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a log knows of one target: when it was changed (ISO 8601, UTC) and by whom."""

    at: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquired:
    """``versions`` maps missing packages to what apt would install, ``removed`` those that were removed to what apt's
    history tells, ``touched`` paths and units to the last sudo that named them."""

    versions: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, Told] = field(default_factory=dict)
    touched: Mapping[str, Told] = field(default_factory=dict)


NOTHING = Inquired()
"""Nothing was asked, or nothing could be told."""
