"""Gaps: how long nothing was answered well.

A door is asked by several streams at once (over kept and over new connections). They are taken together: while any of
them is served, the door serves. That one stream stands still shows in the latency of its requests and in those that
fail, which are figures of their own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf, nextafter

from festning.model.drill import Fate, Kind, Outcome
from festning.proof.figures.window import Window


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without a good answer. ``answered`` is false where none came any more: it lasted at least so long."""

    begin: float
    end: float
    answered: bool = True

    @property
    def ms(self) -> float:
        return (self.end - self.begin) * 1000


def longest_gap(outcomes: Iterable[Outcome], kind: Kind, window: Window) -> Gap | None:
    """The longest time in which no request of the kind that was due in it was answered well.

    It begins with a good answer (the last one before the window, or any one in it) and ends with the first good answer
    to a request that was due after that. So the late answer to a request from before does not end a gap in which all
    others wait. The interval at which requests are sent is part of it: what was not asked was not answered.
    ``None`` when nothing of the kind was due in the window.
    """
    answers = _Answers.of(outcomes, kind, window)
    return answers.longest(answers.to_later_requests) if answers else None


def longest_silence(outcomes: Iterable[Outcome], kind: Kind, window: Window) -> Gap | None:
    """The longest time from one good answer to the next, whenever what they answer was due.

    This is the unavailability that failover benchmarks and Jepsen's latency plots speak of: from the last success
    before the fault to the first one after it. It is never longer than :func:`longest_gap`.
    """
    answers = _Answers.of(outcomes, kind, window)
    return answers.longest(answers.next_answer) if answers else None


@dataclass(frozen=True, slots=True)
class _Answers:
    """Good answers in two orders: as their requests were due, with the earliest answer from each on; as they came."""

    window: Window
    dues: Sequence[float]
    earliest: Sequence[float]
    came: Sequence[float]

    @classmethod
    def of(cls, outcomes: Iterable[Outcome], kind: Kind, window: Window) -> _Answers | None:
        asked = False
        good: list[tuple[float, float]] = []
        for one in outcomes:
            if one.kind is kind:
                asked = asked or window.begin <= one.due <= window.end
                if one.fate is Fate.OK and one.ended is not None:
                    good.append((one.due, one.ended))
        if not asked:
            return None
        good.sort()
        earliest = list(accumulate((ended for _, ended in reversed(good)), min))[::-1]
        return cls(window, [due for due, _ in good], earliest, sorted(ended for _, ended in good))

    def to_later_requests(self, at: float) -> float | None:
        index = bisect_right(self.dues, at)
        return self.earliest[index] if index < len(self.earliest) else None

    def next_answer(self, at: float) -> float | None:
        index = bisect_right(self.came, at)
        return self.came[index] if index < len(self.came) else None

    def longest(self, following: Callable[[float], float | None]) -> Gap:
        """The longest time from a beginning to what follows it; the first of equals."""
        found = Gap(self.window.begin, self.window.begin)
        for begin, after in self._beginnings():
            end = following(after)
            gap = Gap(begin, self._at_least(after), answered=False) if end is None else Gap(begin, end)
            if gap.ms > found.ms:
                found = gap
        return found

    def _at_least(self, after: float) -> float:
        """The end of a gap that nothing ended: of the window, or later, where an older request was answered later."""
        late = self.next_answer(after)
        return max(after, self.window.end, after if late is None else late)

    def _beginnings(self) -> Iterable[tuple[float, float]]:
        """Where a gap may begin, and the time that what ends it must be later than."""
        before = bisect_left(self.came, self.window.begin)
        if before:
            yield self.came[before - 1], self.came[before - 1]
        else:
            # No answer, so that a request which was due at this very time is one of the gap's.
            yield self.window.begin, nextafter(self.window.begin, -inf)
        yield from ((at, at) for at in self.came[before : bisect_right(self.came, self.window.end)])
