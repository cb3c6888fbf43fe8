"""List-append: each list grows at its end only, in an order that agrees with the order in which things happened.

The list that is there in the end tells the order of all appends to it: every read must be a beginning of it, no read
shorter than one before it, and who began after another was acknowledged comes after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import inf

from festning.model.drill import Checked, Fate
from festning.proof.histories import presence
from festning.proof.histories.judging import Problems, Severity, checked
from festning.proof.histories.operation import Final, Item, ItemHistory, Operation, Seen
from festning.proof.histories.presence import clock

NAME = "list-append"

Read = Operation[Seen]
Lists = Mapping[str, Sequence[str]]
"""Lists by their keys."""


def check(history: ItemHistory, finals: Final[Lists], *, tolerance_s: float = 0.0) -> Checked:
    """Judge appends to lists, and reads of them. ``tolerance_s``: how far the clocks of those who invoke may differ."""
    problems = Problems()
    writes = {write.value: write for write in history.writes}
    reads = [read for read in history.reads if read.fate is Fate.OK]
    presence.compare(writes, _present(finals), problems)
    for key, of_key in _by_key(reads, finals).items():
        whole = _whole(key, of_key, finals, problems)
        order = _Order(key, whole, writes, tolerance_s)
        order.agrees_with_time(problems)
        order.holds_for(of_key, problems)
    return checked(NAME, len(history.writes) + len(reads), problems, presence.not_asked(finals))


def lost(history: ItemHistory, finals: Final[Lists]) -> tuple[Item, ...]:
    """The acknowledged items that a data node does not have."""
    return presence.lost({write.value: write for write in history.writes}, _present(finals))


def _present(finals: Final[Lists]) -> presence.Present[Item]:
    return presence.present(
        {
            node: None if lists is None else [Item(key, item) for key, items in lists.items() for item in items]
            for node, lists in finals.items()
        }
    )


def _by_key(reads: Iterable[Read], finals: Final[Lists]) -> Mapping[str, list[Read]]:
    found: defaultdict[str, list[Read]] = defaultdict(list)
    for lists in finals.values():
        for key in lists or ():
            found[key] = []
    for read in reads:
        found[read.value.key].append(read)
    return found


def _whole(key: str, reads: list[Read], finals: Final[Lists], problems: Problems) -> tuple[str, ...]:
    """The list in the end; where no data node could be asked, the longest that was read."""
    asked = {node: tuple(lists.get(key, ())) for node, lists in finals.items() if lists is not None}
    if len(set(asked.values())) > 1:
        problems.add(Severity.DISAGREEMENT, _differs, key, asked)
    candidates = asked.values() if asked else (read.value.items for read in reads)
    return max(candidates, key=len, default=())


class _Order:
    """The order of the appends to one list, as the list in the end tells it."""

    def __init__(
        self, key: str, whole: tuple[str, ...], writes: Mapping[Item, Operation[Item]], tolerance_s: float
    ) -> None:
        self._whole = whole
        self._tolerance_s = tolerance_s
        self._writes = [writes.get(Item(key, item)) for item in whole]

    def agrees_with_time(self, problems: Problems) -> None:
        """No append comes before one that was acknowledged before it began."""
        first: Operation[Item] | None = None
        for write in reversed(self._writes):
            if write is None:
                continue
            if first is not None and first.acknowledged < write.invoked - self._tolerance_s:
                problems.add(Severity.WRONG, _swapped, write, first)
            if first is None or write.acknowledged < first.acknowledged:
                first = write

    def holds_for(self, reads: list[Read], problems: Problems) -> None:
        """Every read is a beginning of the list, not shorter than what was known before, nor ahead of its time."""
        began = list(accumulate((-inf if write is None else write.invoked for write in self._writes), max))
        good = [read for read in reads if self._is_beginning(read, problems)]
        known = sorted([*self._acknowledged(), *((read.acknowledged, len(read.value.items)) for read in good)])
        known.reverse()
        least = 0
        for read in sorted(good, key=lambda read: read.invoked):
            while known and known[-1][0] < read.invoked - self._tolerance_s:
                least = max(least, known.pop()[1])
            length = len(read.value.items)
            if length < least:
                problems.add(Severity.STALE, _stale, read, self._whole[least - 1])
            if length and began[length - 1] > (read.completed or read.invoked) + self._tolerance_s:
                problems.add(Severity.EARLY, _early, read)

    def _is_beginning(self, read: Read, problems: Problems) -> bool:
        items = read.value.items
        if items == self._whole[: len(items)]:
            return True
        problems.add(Severity.WRONG, _no_beginning, read, self._whole)
        return False

    def _acknowledged(self) -> Iterable[tuple[float, int]]:
        for length, write in enumerate(self._writes, start=1):
            if write is not None:
                yield write.acknowledged, length


def _differs(key: str, asked: Mapping[str, tuple[str, ...]]) -> str:
    return f"list {key} is not the same everywhere: " + "; ".join(f"{node} {_end(has)}" for node, has in asked.items())


def _swapped(write: Operation[Item], first: Operation[Item]) -> str:
    return f"{write.value}, {presence.told(write)}, comes before {first.value.item}, {presence.told(first)}"


def _stale(read: Read, item: str) -> str:
    return f"stale: {_reader(read)} did not find {item}, which was acknowledged or read before"


def _early(read: Read) -> str:
    return f"{_reader(read)} found an item that was sent after that"


def _no_beginning(read: Read, whole: tuple[str, ...]) -> str:
    items = read.value.items
    at = next((at for at, (one, other) in enumerate(zip(items, whole, strict=False)) if one != other), len(whole))
    found = whole[at] if at < len(whole) else "nothing"
    return f"{_reader(read)} found {items[at]} in place {at + 1}, where {found} is in the end"


def _end(items: tuple[str, ...]) -> str:
    return f"has {len(items)} items{f', the last {items[-1]}' if items else ''}"


def _reader(read: Read) -> str:
    return f"{read.process}, reading list {read.value.key} from {clock(read.invoked)},"
