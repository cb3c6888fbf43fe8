"""A store that keeps its word, and the histories of whoever uses it: each operation takes effect at one moment between
its invocation and its completion; an unknown one at some moment after its invocation, or never; a failed one never.

Times are what a program on another machine would have noted, so operations overlap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from festning.model.drill import Fate
from festning.proof.histories.operation import Function, History, Item, Operation, Row, Seen, Transfer

NODES = ("core1", "core2")
OPENING = {"a": 20, "b": 20, "c": 20}


@dataclass
class Step:
    """One operation before it is told: when it was invoked, when it took effect (never: ``None``), when it ended."""

    process: str
    function: Function
    value: Any
    invoked: float
    effect: float | None
    completed: float | None
    fate: Fate
    found: Any = None

    def told(self) -> Operation[Any]:
        reads = self.function is Function.READ
        value = self.found if reads and self.fate is Fate.OK else None if reads else self.value
        return Operation(
            process=self.process,
            function=self.function,
            value=value,
            invoked=self.invoked,
            completed=self.completed,
            fate=self.fate,
        )


def steps(random: Random, count: int, values: Callable[[int], tuple[Function, Any]]) -> list[Step]:
    """Operations of a few processes, in the order in which they take effect."""
    made, now = [], 100.0
    for number in range(count):
        now += random.random() * 0.2
        function, value = values(number)
        effect: float | None = now + random.random()
        completed: float | None = effect + random.random()
        fate = random.choices((Fate.OK, Fate.FAILED, Fate.UNKNOWN), (8, 1, 2))[0]
        if fate is Fate.FAILED:
            effect = None
        elif fate is Fate.UNKNOWN:
            # Its answer was lost; it may come to pass much later, after a retry of the same thing under another number.
            effect = None if random.random() < 0.5 else now + random.random() * 3
            completed = None if random.random() < 0.5 else now + random.random()
        made.append(Step(f"core{number % 2 + 1}: 3306", function, value, now, effect, completed, fate))
    return sorted((step for step in made if step.effect is not None), key=lambda step: step.effect) + [
        step for step in made if step.effect is None
    ]


def history_of(made: list[Step]) -> History[Any, Any]:
    told = [step.told() for step in made]
    return History(
        tuple(one for one in told if one.function is not Function.READ),
        tuple(one for one in told if one.function is Function.READ),
    )


def numbers(random: Random, count: int) -> tuple[History[Any, Any], dict[str, list[Row] | None]]:
    made = steps(
        random,
        count,
        lambda number: (Function.READ, None) if number % 4 == 3 else (Function.WRITE, f"n{number}"),
    )
    rows: list[Row] = []
    for step in made:
        if step.effect is None:
            continue
        if step.function is Function.READ:
            step.found = tuple(row.number for row in rows[-5:])
        else:
            rows.append(Row(step.value, step.effect))
    return history_of(made), {node: list(rows) for node in NODES}


def items(random: Random, count: int, doing: Function, keys: int = 2) -> tuple[History[Any, Any], dict[str, list[str]]]:
    """Sets and lists alike: what there is of each key in the end, in the order in which it came."""

    def value(number: int) -> tuple[Function, Any]:
        key = f"k{random.randrange(keys)}"
        return (Function.READ, key) if number % 3 == 2 else (doing, Item(key, f"i{number}"))

    made = steps(random, count, value)
    has: dict[str, list[str]] = {}
    for step in made:
        if step.effect is None:
            continue
        if step.function is Function.READ:
            step.found = Seen(step.value, tuple(has.get(step.value, ())))
        else:
            has.setdefault(step.value.key, []).append(step.value.item)
    return history_of(made), has


def sets(random: Random, count: int) -> tuple[History[Any, Any], dict[str, list[Item] | None]]:
    history, has = items(random, count, Function.ADD)
    there = [Item(key, item) for key, of_key in has.items() for item in of_key]
    return history, {node: random.sample(there, len(there)) for node in NODES}


def lists(random: Random, count: int) -> tuple[History[Any, Any], dict[str, dict[str, tuple[str, ...]] | None]]:
    history, has = items(random, count, Function.APPEND)
    return history, {node: {key: tuple(of_key) for key, of_key in has.items()} for node in NODES}


def bank(random: Random, count: int) -> tuple[History[Any, Any], dict[str, dict[str, int] | None]]:
    def value(number: int) -> tuple[Function, Any]:
        if number % 3 == 2:
            return Function.READ, None
        source, target = random.sample(sorted(OPENING), 2)
        return Function.TRANSFER, Transfer(source, target, random.randint(1, 5))

    made = steps(random, count, value)
    has = dict(OPENING)
    for step in made:
        if step.effect is None:
            continue
        if step.function is Function.READ:
            step.found = dict(has)
        else:
            paid = min(step.value.amount, has[step.value.source])
            has[step.value.source] -= paid
            has[step.value.target] += paid
    return history_of(made), {node: dict(has) for node in NODES}
