"""Runs the drills of a plan on one stack, in turns, and keeps each run as soon as it is there.

A stack that did not come back from a drill is thrown away and raised anew: what the next drill is to measure must be
well before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from bench.failover.ledger import Ledger
from bench.failover.measured import Label, Measured, was_run
from bench.stage import RunError
from festning.errors import FestningError
from festning.model.drill import DrillResult
from festning.proof.drills.drill import Drill

TRIES = 3
"""For a drill that does not even begin, each on a stack that is new."""


class Raised(Protocol):
    """A stack that is up."""

    def perform(self, drill: Drill) -> DrillResult:
        """Run a drill. Raises :class:`FestningError` or :class:`RunError` when it cannot begin."""

    def keep(self, result: DrillResult, label: Label) -> None:
        """Keep what is left of a run that is to be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A stack that is measured: how it is raised, and what the drills of the table are on it, by name and number.

    ``telling`` says of which runs all is kept.
    """

    name: str
    raised: Callable[[], AbstractContextManager[Raised]]
    drill: Callable[[str, int], Drill]
    telling: Callable[[Measured], bool]


def in_turns(wanted: Mapping[str, int]) -> list[tuple[str, int]]:
    """Every drill once, and so on, so that a bench that is stopped has measured all of them about as often."""
    most = max(wanted.values(), default=0)
    return [(name, number) for number in range(1, most + 1) for name, runs in wanted.items() if number <= runs]


def measure(side: Side, wanted: Mapping[str, int], ledger: Ledger, say: Callable[[Measured], None]) -> None:
    """Run what the ledger does not have yet.

    Raises :class:`RunError` when a drill does not begin on a new stack, however often.
    """
    pending = [one for one in in_turns(wanted) if not ledger.has(side.name, *one)]
    tries = 0
    while pending:
        with side.raised() as raised:
            while pending:
                name, number = pending[0]
                result, why = _performed(raised, side.drill(name, number))
                if result is None:
                    tries += 1
                    if tries == TRIES:
                        raise RunError(f"{side.name}: {name} did not begin in {TRIES} attempts; the last said: {why}")
                    break
                tries = 0
                run = Measured.of(result, _label(side.name, name, number, ledger.code))
                ledger.add(run)
                say(run)
                if side.telling(run):
                    raised.keep(result, run.label)
                pending = pending[1:]
                if run.stays_down:
                    break


def _performed(raised: Raised, drill: Drill) -> tuple[DrillResult | None, str]:
    """The result; or none, and why the drill did not begin."""
    try:
        result = raised.perform(drill)
    except (FestningError, RunError) as error:
        return None, str(error)
    return (result, "") if was_run(result) else (None, _said(result.reasons))


def _said(reasons: Sequence[str]) -> str:
    return "; ".join(reasons) or "nothing"


def _label(stack: str, drill: str, number: int, code: Mapping[str, str]) -> Label:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return Label(drill=drill, stack=stack, number=number, code=code[stack], at=at)
