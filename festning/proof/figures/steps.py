"""Round numbers, for the widths of buckets and the distances of labels."""

from __future__ import annotations

from math import floor, log10


def round_up(least: float) -> float:
    """The next of … 0.1, 0.2, 0.5, 1, 2, 5, 10 … that is not smaller. ``least`` is above 0."""
    power = 10.0 ** floor(log10(least))
    return next((step * power for step in (1, 2, 5) if step * power >= least * (1 - 1e-9)), 10 * power)
