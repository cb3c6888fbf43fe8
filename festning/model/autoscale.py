"""Within what a group of edges may follow its traffic, as it is declared.

Knows how rates and durations are written. Leaves what contradicts itself in them to ``resolve_autoscale``, and what
follows from them to ``scaling``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DURATION = re.compile(r"([1-9][0-9]{0,8})(ms|s|m|h)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_A_SECOND = re.compile(r"([1-9][0-9]{0,8})/s", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscale:
    """How many edges a group may have, and what each of them should have to do at most.

    ``requests`` are per second and edge; a connection that an edge relays counts as one, since it cannot read more.
    ``p99_ms`` is in milliseconds: 99 of 100 are to be answered within. The times are in seconds: nothing is done for
    ``cool_down_s`` after a change; what asks for more edges must last ``grow_after_s``, what allows fewer
    ``shrink_after_s``, and an edge must have been dead for ``replace_after_s`` before another takes its place.
    """

    least: int
    most: int
    requests: int
    p99_ms: float
    cool_down_s: float
    grow_after_s: float
    shrink_after_s: float
    replace_after_s: float


def parse_duration(text: str) -> float:
    """Seconds in a duration such as ``250ms``, ``90s``, ``5m`` or ``2h``; raises ``ValueError`` for anything else."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("must be a whole number with a unit, such as 250ms, 90s or 5m")
    return int(match[1]) * _SECONDS[match[2]]


def parse_a_second(text: str) -> int:
    """How often a second, from a rate such as ``400/s``; raises ``ValueError`` for anything else."""
    match = _A_SECOND.fullmatch(text)
    if match is None:
        raise ValueError("must be a whole number a second, such as 400/s")
    return int(match[1])
