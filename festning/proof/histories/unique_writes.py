"""Unique writes: every acknowledged write is on every data node exactly once, and never before it was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from festning.model.drill import Checked, Fate
from festning.proof.histories import presence
from festning.proof.histories.judging import Problems, Severity, checked
from festning.proof.histories.operation import Final, NumberHistory, Operation, Row
from festning.proof.histories.presence import clock

NAME = "unique writes"


def check(history: NumberHistory, finals: Final[Sequence[Row]], *, tolerance_s: float, of: str = "") -> Checked:
    """Judge writes of unique numbers.

    ``tolerance_s`` is how far two machines' clocks may differ: a row's own time, and a read on another machine, are
    compared with when the number was sent. ``of`` says whose writes these are.
    """
    problems = Problems()
    writes = _by_number(history)
    presence.compare(writes, _present(finals), problems)
    for node, rows in finals.items():
        for row in rows or ():
            _never_early(row, node, writes, tolerance_s, problems)
    for read in history.reads:
        _never_seen_early(read, writes, tolerance_s, problems)
    return checked(f"{NAME}: {of}" if of else NAME, len(history.writes), problems, presence.not_asked(finals))


def lost(history: NumberHistory, finals: Final[Sequence[Row]]) -> tuple[str, ...]:
    """The acknowledged numbers that a data node does not have."""
    return presence.lost(_by_number(history), _present(finals))


def _by_number(history: NumberHistory) -> Mapping[str, Operation[str]]:
    return {write.value: write for write in history.writes}


def _present(finals: Final[Sequence[Row]]) -> presence.Present[str]:
    return presence.present(
        {node: None if rows is None else [row.number for row in rows] for node, rows in finals.items()}
    )


def _never_early(
    row: Row, node: str, writes: Mapping[str, Operation[str]], tolerance_s: float, problems: Problems
) -> None:
    write = writes.get(row.number)
    if write is not None and row.at is not None and row.at < write.invoked - tolerance_s:
        problems.add(Severity.EARLY, _early, row, row.at, node, write)


def _never_seen_early(
    read: Operation[tuple[str, ...]], writes: Mapping[str, Operation[str]], tolerance_s: float, problems: Problems
) -> None:
    if read.fate is not Fate.OK or read.completed is None:
        return
    latest = read.completed + tolerance_s
    for number in read.value:
        write = writes.get(number)
        if write is not None and write.invoked > latest:
            problems.add(Severity.EARLY, _seen_early, number, write, read, read.completed)


def _early(row: Row, at: float, node: str, write: Operation[str]) -> str:
    return f"on {node}, {row.number} says it was written at {clock(at)}, but it was sent at {clock(write.invoked)}"


def _seen_early(number: str, write: Operation[str], read: Operation[tuple[str, ...]], ended: float) -> str:
    return f"{read.process} had read {number} at {clock(ended)}, but it was sent at {clock(write.invoked)}"
