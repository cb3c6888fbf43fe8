"""Runs checkers, and makes a verdict of what they find. The one place where a checker that crashes becomes unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial

from festning.model.check import Verdict
from festning.model.drill import Checked

SHOWN = 20
"""Problems of one checker that are put into words; more of them are counted."""


class Severity(IntEnum):
    """How bad a problem is: the order in which they are told."""

    LOST = 0
    """What was acknowledged is not there."""
    PHANTOM = 1
    """What nobody did, or what was refused, is there."""
    WRONG = 2
    """It is there, but not as it should be: twice, in another order, another sum."""
    DISAGREEMENT = 3
    """Data nodes do not have the same."""
    STALE = 4
    """A read did not have what had been acknowledged before."""
    EARLY = 5
    """It was there before it was sent."""


@dataclass(slots=True)
class Problems:
    """What a checker found so far. Sentences are made of those only that will be shown."""

    found: dict[Severity, list[Callable[[], str]]] = field(default_factory=dict)

    def add(self, severity: Severity, sentence: Callable[..., str], *about: object) -> None:
        """Note a problem; ``sentence`` puts what it is ``about`` into words when it is among those that are shown."""
        self.found.setdefault(severity, []).append(partial(sentence, *about))

    def told(self) -> tuple[str, ...]:
        """The worst first, shortened."""
        ordered = [sentence for severity in sorted(self.found) for sentence in self.found[severity]]
        shown = tuple(sentence() for sentence in ordered[:SHOWN])
        left = len(ordered) - len(shown)
        return (*shown, f"and {left} more") if left else shown


def checked(checker: str, looked_at: int, problems: Problems, not_known: Sequence[str] = ()) -> Checked:
    """The verdict: problems make it fail; what is ``not_known``, or nothing to look at, makes it unknown."""
    told = problems.told()
    if told:
        return Checked(checker=checker, verdict=Verdict.FAIL, looked_at=looked_at, problems=(*told, *not_known))
    if not looked_at and not not_known:
        not_known = (*not_known, "there was nothing to look at")
    verdict = Verdict.UNKNOWN if not_known else Verdict.PASS
    return Checked(checker=checker, verdict=verdict, looked_at=looked_at, problems=tuple(not_known))


def judge(checkers: Iterable[tuple[str, Callable[[], Checked]]]) -> tuple[Checked, ...]:
    """Run each checker, by its name. One that crashes is unknown: never a pass, and no reason to stop the others."""
    return tuple(_guarded(name, check) for name, check in checkers)


def _guarded(name: str, check: Callable[[], Checked]) -> Checked:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 (whatever it is, the checker has said nothing about the history)
        said = f"the checker itself crashed: {type(error).__name__}: {error}"
        return Checked(checker=name, verdict=Verdict.UNKNOWN, looked_at=0, problems=(said,))
