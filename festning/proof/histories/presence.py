"""What must be there in the end, what must not, and what may be: the same for rows, sets and lists.

Acknowledged: exactly once on every data node. Failed for certain: nowhere. Unknown: once or not at all, and on all
data nodes alike. Anything else was written by nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from festning.model.drill import Fate
from festning.proof.histories.judging import Problems, Severity
from festning.proof.histories.operation import Operation

Thing = TypeVar("Thing", bound=Hashable)

Present = Mapping[str, Counter[Thing]]
"""For each data node that could be asked, how often it has each number or item."""


def present(finals: Mapping[str, Iterable[Thing] | None]) -> Present[Thing]:
    """What the data nodes that could be asked have."""
    return {node: Counter(things) for node, things in finals.items() if things is not None}


def not_asked(finals: Mapping[str, object | None]) -> tuple[str, ...]:
    """What makes a verdict unknown: data nodes that could not be asked."""
    if not finals:
        return ("no data node was asked what it has in the end",)
    return tuple(f"{node} could not be asked what it has in the end" for node, has in finals.items() if has is None)


def lost(writes: Mapping[Thing, Operation[Thing]], there: Present[Thing]) -> tuple[Thing, ...]:
    """What was acknowledged and is missing on a data node."""
    return tuple(
        thing
        for thing, write in writes.items()
        if write.fate is Fate.OK and not all(counts[thing] for counts in there.values())
    )


def compare(
    writes: Mapping[Thing, Operation[Thing]],
    there: Present[Thing],
    problems: Problems,
    seen: Mapping[Thing, Operation[Any]] | None = None,
) -> None:
    """Add a problem for whatever is lost, present without right, there twice, or not on all data nodes alike.

    ``seen`` are things that were read during the run, each with a read that had it: they must be there too.
    """
    for node, counts in there.items():
        for thing, count in counts.items():
            if count > 1:
                problems.add(Severity.WRONG, "{} has {} {} times".format, node, thing, count)
    for thing in {thing for counts in there.values() for thing in counts if thing not in writes}:
        problems.add(Severity.PHANTOM, "{} {}, which nobody wrote".format, _all(_having(thing, there)), thing)
    for write in writes.values():
        _judge(write, there, problems, seen or {})


def _judge(
    write: Operation[Thing], there: Present[Thing], problems: Problems, seen: Mapping[Thing, Operation[Any]]
) -> None:
    having = _having(write.value, there)
    missing = len(having) < len(there)
    if write.fate is Fate.OK:
        if missing:
            problems.add(Severity.LOST, _lost, write, _lacking(having, there))
    elif write.fate is Fate.FAILED:
        if having:
            problems.add(Severity.PHANTOM, _refused, write, having)
    elif missing and write.value in seen:
        problems.add(Severity.LOST, _vanished, write, _lacking(having, there), seen[write.value])
    elif missing and having:
        problems.add(Severity.DISAGREEMENT, _differs, write, having, _lacking(having, there))


def _having(thing: Thing, there: Present[Thing]) -> list[str]:
    return [node for node, counts in there.items() if counts[thing]]


def _lacking(having: list[str], there: Present[Thing]) -> list[str]:
    return [node for node in there if node not in having]


def _lost(write: Operation[Any], lacking: list[str]) -> str:
    return f"{_all(lacking)} not {write.value}, {told(write)}"


def _refused(write: Operation[Any], having: list[str]) -> str:
    return f"{_all(having)} {write.value}, {told(write)}"


def _vanished(write: Operation[Any], lacking: list[str], read: Operation[Any]) -> str:
    return f"{_all(lacking)} not {write.value}, which {read.process} had read at {clock(read.invoked)}"


def _differs(write: Operation[Any], having: list[str], lacking: list[str]) -> str:
    return f"{_all(having)} {write.value}, {_all(lacking)} not; {told(write)}"


def told(write: Operation[Any]) -> str:
    """An operation in words: who sent it, when, and what became of it."""
    ended = "" if write.completed is None else f" at {clock(write.completed)}"
    why = f" ({write.why})" if write.why else ""
    words = {
        Fate.OK: f"acknowledged{ended}",
        Fate.FAILED: f"failed for certain{ended}{why}",
        Fate.UNKNOWN: f"its outcome is not known{why}",
    }
    return f"sent by {write.process} at {clock(write.invoked)}, {words[write.fate]}"


def clock(at: float) -> str:
    """A time as people read it, UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]


def _all(nodes: list[str]) -> str:
    return f"{' and '.join(nodes)} {'has' if len(nodes) == 1 else 'have'}"
