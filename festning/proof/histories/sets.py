"""Set: what was added stays, nothing else is there, and who reads sees all that was acknowledged before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from festning.model.drill import Checked, Fate
from festning.proof.histories import presence
from festning.proof.histories.judging import Problems, Severity, checked
from festning.proof.histories.operation import Final, Item, ItemHistory, Operation, Seen
from festning.proof.histories.presence import clock

NAME = "set"

Read = Operation[Seen]
Known = tuple[float, tuple[str, ...]]
"""From when on it is known that a set has these items."""


def check(history: ItemHistory, finals: Final[Sequence[Item]], *, tolerance_s: float = 0.0) -> Checked:
    """Judge adds to sets, and reads of them.

    A read that lacks what was acknowledged, or read, before it was invoked is stale: that fails, though the item may be
    there later. ``tolerance_s`` is how far the clocks of those who invoke may differ.
    """
    problems = Problems()
    writes = {write.value: write for write in history.writes}
    reads = [read for read in history.reads if read.fate is Fate.OK]
    seen = {Item(read.value.key, item): read for read in reads for item in read.value.items}
    presence.compare(writes, presence.present(finals), problems, seen)
    for read in reads:
        _only_what_was_added(read, writes, tolerance_s, problems)
    known = _known(history.writes, reads)
    for key, of_key in _by_key(reads).items():
        _never_stale(of_key, known[key], tolerance_s, problems)
    return checked(NAME, len(history.writes) + len(reads), problems, presence.not_asked(finals))


def lost(history: ItemHistory, finals: Final[Sequence[Item]]) -> tuple[Item, ...]:
    """The acknowledged items that a data node does not have."""
    return presence.lost({write.value: write for write in history.writes}, presence.present(finals))


def _by_key(reads: Iterable[Read]) -> Mapping[str, list[Read]]:
    found: defaultdict[str, list[Read]] = defaultdict(list)
    for read in reads:
        found[read.value.key].append(read)
    return found


def _only_what_was_added(
    read: Read, writes: Mapping[Item, Operation[Item]], tolerance_s: float, problems: Problems
) -> None:
    key, items = read.value.key, read.value.items
    if len(set(items)) < len(items):
        problems.add(Severity.WRONG, _twice, read)
    latest = (read.completed or read.invoked) + tolerance_s
    for item in items:
        write = writes.get(Item(key, item))
        if write is None:
            problems.add(Severity.PHANTOM, _nobodys, read, item)
        elif write.fate is Fate.FAILED:
            problems.add(Severity.PHANTOM, _refused, read, write)
        elif write.invoked > latest:
            problems.add(Severity.EARLY, _early, read, write)


def _known(writes: Iterable[Operation[Item]], reads: Iterable[Read]) -> Mapping[str, list[Known]]:
    """For each set, from when on which items are known to be in it."""
    found: defaultdict[str, list[Known]] = defaultdict(list)
    for write in writes:
        found[write.value.key].append((write.acknowledged, (write.value.item,)))
    for read in reads:
        found[read.value.key].append((read.acknowledged, read.value.items))
    return found


def _never_stale(reads: list[Read], known: list[Known], tolerance_s: float, problems: Problems) -> None:
    """Go through the reads of one set by the time of their invocation, with what each must have."""
    known.sort(reverse=True)
    must: set[str] = set()
    for read in sorted(reads, key=lambda read: read.invoked):
        while known and known[-1][0] < read.invoked - tolerance_s:
            must.update(known.pop()[1])
        for item in sorted(must.difference(read.value.items)):
            problems.add(Severity.STALE, _stale, read, item)


def _twice(read: Read) -> str:
    items = read.value.items
    twice = sorted({item for item in items if items.count(item) > 1})
    return f"{_reader(read)} found {', '.join(twice)} more than once"


def _nobodys(read: Read, item: str) -> str:
    return f"{_reader(read)} found {item}, which nobody added"


def _refused(read: Read, write: Operation[Item]) -> str:
    return f"{_reader(read)} found {write.value.item}, {presence.told(write)}"


def _early(read: Read, write: Operation[Item]) -> str:
    return f"{_reader(read)} found {write.value.item}, but it was sent at {clock(write.invoked)}"


def _stale(read: Read, item: str) -> str:
    return f"stale: {_reader(read)} did not find {item}, which was acknowledged or read before"


def _reader(read: Read) -> str:
    return f"{read.process}, reading set {read.value.key} from {clock(read.invoked)},"
