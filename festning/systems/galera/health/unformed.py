"""When the data nodes should form their group again by themselves: the server is in no primary component for too long.

Pure. A server finds its group within seconds of a start, a partition or a blackout, if the group can be found at all.
Leaves whether there is anything to form, and by whom, to the program that is asked (``recovery/attempt``).
"""

from __future__ import annotations

from .decision import View
from .stuck import LONGEST_GAP

FIRST_S = 10.0
"""Seconds without a primary component before the first attempt: longer than servers need to find each other."""
AGAIN_S = 10.0
"""Seconds between attempts."""
OFTEN_S = 600.0
"""Seconds for which attempts are made that often. After that, as with a server that a person stopped, they are rare."""
RARELY_S = 300.0


class Unformed:
    """Remembers since when there has been no primary component."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._last: float | None = None
        self._next = 0.0

    def look(self, at: float, view: View | None) -> bool:
        """Take a look into account (monotonic clock, seconds); whether to ask for an attempt now."""
        stood = self._last is not None and not 0 <= at - self._last <= LONGEST_GAP
        self._last = at
        if view is not None and view.status == "Primary":
            self._since = None
            return False
        if self._since is None or stood:
            self._since, self._next = at, at + FIRST_S
        if at < self._next:
            return False
        self._next = at + (AGAIN_S if at - self._since < OFTEN_S else RARELY_S)
        return True
