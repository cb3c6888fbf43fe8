"""Waits and asks again, never for ever: after answers that may be different next time, and for what takes a while.

Knows how long to wait; leaves what is worth asking again to ``failure``. Clock, sleep and chance are given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often, and how long, is waited. ``clock`` counts seconds; ``chance`` is from 0 to 1.

    The pause doubles each time, and chance takes up to half of it off: many who were refused at once do not all come
    back at once. A provider that says how long to wait is believed, up to ``longest_wait_s``.
    """

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    chance: Callable[[], float]
    tries: int = 7
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0
    longest_wait_s: float = 120.0
    look_every_s: float = 3.0

    def pause(self, tried: int, wait_s: float) -> bool:
        """Wait after so many tries in vain; returns ``False`` at once where there is no use in waiting any more."""
        if tried >= self.tries or wait_s > self.longest_wait_s:
            return False
        backoff = min(self.first_pause_s * 2.0 ** (tried - 1), self.longest_pause_s)
        self.sleep(max(wait_s, backoff * (1.0 - self.chance() / 2)))
        return True

    def until(self, look: Callable[[], Result | None], within_s: float) -> Result | None:
        """Look again and again until there is something; ``None`` when there is nothing in time."""
        end = self.clock() + within_s
        while True:
            found = look()
            if found is not None or self.clock() >= end:
                return found
            self.sleep(self.look_every_s)
