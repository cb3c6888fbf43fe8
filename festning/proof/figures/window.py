"""The window of a drill: the time in which what people feel is put down to the fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from festning.model.drill import Mark, Moment, Outcome

MARGIN_S = 5.0
"""After the recovery: what recovers too early falls over again within seconds."""


@dataclass(frozen=True, slots=True)
class Window:
    """From ``begin`` to ``end``, both in seconds since the epoch."""

    begin: float
    end: float


def window_of(outcomes: Sequence[Outcome], moments: Sequence[Moment], margin_s: float = MARGIN_S) -> Window | None:
    """From the first fault to ``margin_s`` after the last recovery, and no further than requests were due.

    Without a fault it begins with the load; without a recovery after the last fault it ends with the load. ``None``
    when there was no load.
    """
    if not outcomes:
        return None
    first, last = min(one.due for one in outcomes), max(one.due for one in outcomes)
    faults = [moment.at for moment in moments if moment.mark is Mark.FAULT]
    recoveries = [moment.at for moment in moments if moment.mark is Mark.RECOVERED]
    begin = min(faults, default=first)
    if recoveries and max(recoveries) >= max(faults, default=first):
        last = min(last, max(recoveries) + margin_s)
    return Window(begin, max(begin, last))
