"""Minority: a node that is cut off from the majority acknowledges no write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from festning.model.drill import Checked, Fate
from festning.proof.histories.judging import Problems, Severity, checked
from festning.proof.histories.operation import Operation
from festning.proof.histories.presence import clock

NAME = "minority"


@dataclass(frozen=True, slots=True)
class Cut:
    """A time in which a data node was cut off from the majority for certain, the ends included."""

    node: str
    since: float
    until: float


def check(writes: Iterable[Operation[Any]], cuts: Sequence[Cut]) -> Checked:
    """Judge the writes that were sent to a node, and had an end, while it was cut off.

    One that was sent before the cut, or ended after it, may have been acknowledged by the majority. Without any such
    attempt nothing is known.
    """
    problems, looked_at = Problems(), 0
    for write in writes:
        if any(_inside(write, cut) for cut in cuts):
            looked_at += 1
            if write.fate is Fate.OK:
                problems.add(Severity.WRONG, _sentence, write)
    return checked(NAME, looked_at, problems)


def _inside(write: Operation[Any], cut: Cut) -> bool:
    if write.node != cut.node or write.completed is None:
        return False
    return cut.since <= write.invoked and write.completed <= cut.until


def _sentence(write: Operation[Any]) -> str:
    ended = "" if write.completed is None else f" at {clock(write.completed)}"
    return (
        f"{write.node} acknowledged {write.value}{ended}, sent to it at {clock(write.invoked)}, while it was cut off "
        "from the majority"
    )
