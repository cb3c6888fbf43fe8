"""Short ways to write a history down: an operation from its times and what became of it."""

from __future__ import annotations

from typing import Any

from festning.model.drill import Fate
from festning.proof.histories.operation import Function, Item, Operation, Seen


def operation(function: Function, value: Any, since: float, until: float | None, fate: Fate = Fate.OK, **more: Any):
    told = {"process": "core1: 3306", **more}
    return Operation(function=function, value=value, invoked=since, completed=until, fate=fate, **told)


def write(number: str, since: float, until: float | None, fate: Fate = Fate.OK, **more: Any):
    return operation(Function.WRITE, number, since, until, fate, **more)


def add(item: str, since: float, until: float | None, fate: Fate = Fate.OK, **more: Any):
    return operation(Function.ADD, Item("k", item), since, until, fate, **more)


def append(item: str, since: float, until: float | None, fate: Fate = Fate.OK, **more: Any):
    return operation(Function.APPEND, Item("k", item), since, until, fate, **more)


def read(items: str, since: float, until: float | None, **more: Any):
    """Of a set or list: its items are the letters."""
    return operation(Function.READ, Seen("k", tuple(items)), since, until, **more)
