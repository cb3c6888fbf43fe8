"""The books of a load: what its programs told, as histories; with what the data nodes have in the end, judged. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from festning.model.drill import Checked, Fate, Kind
from festning.proof.histories import bank, list_append, minority, sets, unique_writes
from festning.proof.histories.judging import judge
from festning.proof.histories.minority import Cut
from festning.proof.histories.operation import (
    BankHistory,
    Final,
    Function,
    History,
    Item,
    ItemHistory,
    NumberHistory,
    Operation,
    Row,
    Seen,
    Transfer,
)
from festning.proof.load.hearing import Attempt, Hearing
from festning.proof.load.tables import OPENING, Has

ORDERS = "orders: "
"""Begins the name of a book that a service's orders are in; the service's name follows."""
CLOCKS_S = 0.5
"""How far the clocks of two machines may differ: what ``verify`` allows (``base.clock-offset``)."""
ONE_CLOCK_S = 0.01
"""The same where all machines have one clock, as the lab's have: it may still be set while a load runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All histories of a load: ``orders`` by service."""

    orders: Mapping[str, NumberHistory]
    numbers: NumberHistory
    sets: ItemHistory
    lists: ItemHistory
    bank: BankHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class InTheEnd:
    """What each data node has when all is over: each service's orders, and the load's own tables."""

    orders: Mapping[str, Final[Sequence[Row]]]
    has: Mapping[str, Has | None]

    def numbers(self) -> Final[Sequence[Row]]:
        return {node: None if has is None else has.numbers for node, has in self.has.items()}

    def items(self) -> Final[Sequence[Item]]:
        return {node: None if has is None else has.items for node, has in self.has.items()}

    def lists(self) -> Final[Mapping[str, Sequence[str]]]:
        return {node: None if has is None else has.lists for node, has in self.has.items()}

    def balances(self) -> Final[Mapping[str, int]]:
        return {node: None if has is None else has.balances for node, has in self.has.items()}


def books_of(hearings: Iterable[Hearing]) -> Books:
    """The histories of what was heard."""
    found: dict[str, tuple[list[Operation[Any]], list[Operation[Any]]]] = {}
    for hearing in hearings:
        for attempt in hearing.attempts():
            writes, reads = found.setdefault(attempt.book, ([], []))
            (reads if attempt.kind is Kind.READ else writes).append(_operation(attempt))
    histories: dict[str, History[Any, Any]] = {
        book: History(tuple(writes), tuple(reads)) for book, (writes, reads) in found.items()
    }
    orders = {book.removeprefix(ORDERS): of for book, of in histories.items() if book.startswith(ORDERS)}
    empty: History[Any, Any] = History()
    return Books(
        orders=orders,
        numbers=histories.get("numbers", empty),
        sets=histories.get("set", empty),
        lists=histories.get("list", empty),
        bank=histories.get("bank", empty),
    )


def judged(books: Books, end: InTheEnd, cuts: Sequence[Cut] = (), *, clocks_s: float = CLOCKS_S) -> tuple[Checked, ...]:
    """What every checker says, with clocks that may differ by ``clocks_s``. Of minorities only when there were some."""
    checkers: list[tuple[str, Callable[[], Checked]]] = [
        (
            f"{unique_writes.NAME}: {service}",
            partial(unique_writes.check, history, end.orders[service], tolerance_s=clocks_s, of=service),
        )
        for service, history in books.orders.items()
    ]
    if end.has:
        numbers = partial(unique_writes.check, books.numbers, end.numbers(), tolerance_s=clocks_s, of="SQL")
        checkers += [
            (f"{unique_writes.NAME}: SQL", numbers),
            (sets.NAME, partial(sets.check, books.sets, end.items(), tolerance_s=clocks_s)),
            (list_append.NAME, partial(list_append.check, books.lists, end.lists(), tolerance_s=clocks_s)),
            (bank.NAME, partial(bank.check, books.bank, end.balances(), OPENING)),
        ]
    if cuts:
        checkers.append((minority.NAME, partial(minority.check, _writes(books), cuts)))
    return judge(checkers)


def lost(books: Books, end: InTheEnd) -> tuple[str, ...]:
    """Every acknowledged number or item that a data node does not have, of those that could be asked."""
    orders = (unique_writes.lost(history, end.orders[service]) for service, history in books.orders.items())
    return (
        *(number for each in orders for number in each),
        *unique_writes.lost(books.numbers, end.numbers()),
        *(f"{item} (set)" for item in sets.lost(books.sets, end.items())),
        *(f"{item} (list)" for item in list_append.lost(books.lists, end.lists())),
    )


def with_unheard(books: Books, end: InTheEnd, hearings: Iterable[Hearing]) -> Books:
    """The same, with what a program that did not come to its end must have done unheard: its outcome is unknown.

    Its last lines may have been lost with its machine, while what they told about is there.
    """
    since = {hearing.prefix: hearing.began for hearing in hearings if not hearing.finished}
    numbers = {row.number for rows in end.numbers().values() for row in rows or ()}
    items = {item for found in end.items().values() for item in found or ()}
    listed = {
        Item(key, item) for lists in end.lists().values() for key, of_key in (lists or {}).items() for item in of_key
    }
    return Books(
        orders=books.orders,
        numbers=_with(books.numbers, numbers | _read(books.numbers.reads, _numbers_in), since, lambda number: number),
        sets=_with(books.sets, items | _read(books.sets.reads, _items_in), since, lambda item: item.item),
        lists=_with(books.lists, listed | _read(books.lists.reads, _items_in), since, lambda item: item.item),
        bank=books.bank,
    )


def _with(
    history: History[Any, Any], found: set[Any], since: Mapping[str, float], name_of: Callable[[Any], str]
) -> History[Any, Any]:
    known = {write.value for write in history.writes}
    unheard = tuple(
        Operation(
            process=prefix,
            function=Function.WRITE,
            value=thing,
            invoked=since[prefix],
            completed=None,
            fate=Fate.UNKNOWN,
            why="it was not heard of",
        )
        for thing in sorted(found - known)
        if (prefix := name_of(thing).rpartition("-")[0]) in since
    )
    return History((*history.writes, *unheard), history.reads)


def _read(reads: Iterable[Operation[Any]], things_in: Callable[[Any], Iterable[Any]]) -> set[Any]:
    return {thing for read in reads if read.fate is Fate.OK for thing in things_in(read.value)}


def _numbers_in(numbers: tuple[str, ...]) -> Iterable[str]:
    return numbers


def _items_in(seen: Seen) -> Iterable[Item]:
    return (Item(seen.key, item) for item in seen.items)


def _writes(books: Books) -> Iterator[Operation[Any]]:
    for history in (books.numbers, books.sets, books.lists, books.bank):
        yield from history.writes


def _operation(attempt: Attempt) -> Operation[Any]:
    good = attempt.fate is Fate.OK
    reads = attempt.kind is Kind.READ
    return Operation(
        process=attempt.door,
        function=Function(attempt.function),
        value=_found(attempt) if reads and good else None if reads else _written(attempt),
        invoked=attempt.invoked,
        completed=attempt.completed,
        fate=attempt.fate,
        node=attempt.node,
        why=attempt.why,
    )


def _written(attempt: Attempt) -> object:
    if attempt.function in (Function.ADD, Function.APPEND):
        return Item(*attempt.value)
    return Transfer(*attempt.value) if attempt.function == Function.TRANSFER else attempt.value


def _found(attempt: Attempt) -> object:
    if attempt.book in ("set", "list"):
        key, items = attempt.found
        return Seen(key, tuple(items))
    return tuple(attempt.found) if attempt.book == "numbers" else attempt.found
