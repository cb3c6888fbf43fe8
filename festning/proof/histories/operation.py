"""Histories: operations with when they were invoked and completed, as Jepsen has them, and what was there in the end.

An operation is one attempt: who tries again does another operation. Times are seconds on one clock. An operation whose
fate is ``failed`` has had no effect for certain; one that is ``unknown`` may have had its effect, may not, or may have
it later. What was read is only believed of reads that are ``ok``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Generic, NamedTuple, TypeVar

from festning.model.drill import Fate

Value = TypeVar("Value")
Written = TypeVar("Written")
Read = TypeVar("Read")


class Function(StrEnum):
    """What an operation does."""

    WRITE = "write"
    ADD = "add"
    APPEND = "append"
    TRANSFER = "transfer"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Value]):
    """One attempt. ``completed`` is ``None`` when its end was never heard; ``node`` is the data node that it was sent
    to, where that is known; ``why`` says what went wrong."""

    process: str
    function: Function
    value: Value
    invoked: float
    completed: float | None
    fate: Fate
    node: str = ""
    why: str = ""

    @property
    def acknowledged(self) -> float:
        """When it was known to have had its effect; never, unless it is ``ok``."""
        return self.completed if self.fate is Fate.OK and self.completed is not None else inf


@dataclass(frozen=True, slots=True)
class History(Generic[Written, Read]):
    """All operations of one kind of work, in any order."""

    writes: tuple[Operation[Written], ...] = ()
    reads: tuple[Operation[Read], ...] = ()


class Item(NamedTuple):
    """An item that is added to the set, or appended to the list, that has this key. Every item is new."""

    key: str
    item: str

    def __str__(self) -> str:
        return f"{self.item} in {self.key}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a set or a list was read to have. Of a list, in its order."""

    key: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transfer:
    """An amount that goes from one account to another."""

    source: str
    target: str
    amount: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row that a data node has of a write. ``at`` is when it says it was written, where it says so."""

    number: str
    at: float | None = None


NumberHistory = History[str, tuple[str, ...]]
"""Writes of unique numbers, and reads of some of them."""
ItemHistory = History[Item, Seen]
BankHistory = History[Transfer, Mapping[str, int]]
"""Transfers, and reads of every account's balance."""

Final = Mapping[str, Value | None]
"""What each data node has when all is over; ``None`` for a node that could not be asked."""
