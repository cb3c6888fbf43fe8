"""Books of what several programs told, and of what one could not tell any more."""

from __future__ import annotations

import json
from dataclasses import replace

from festning.model.check import Verdict
from festning.model.drill import Fate
from festning.proof.histories.minority import Cut
from festning.proof.histories.operation import Item, Row, Seen, Transfer
from festning.proof.load.books import InTheEnd, books_of, judged, lost, with_unheard
from festning.proof.load.hearing import Hearing
from festning.proof.load.tables import OPENING, Has

NOTHING = Has(numbers=(), items=(), lists={}, balances=dict(OPENING))


def program(host: str, *told: tuple[str, str, object, object], finished: bool = True) -> Hearing:
    """One that did these things one after the other: book, function, value and what was found."""
    hearing = Hearing(host)
    hearing.begin('{"began": 10}', 0, 20)
    for number, (book, function, value, found) in enumerate(told, start=1):
        at = 10.0 + number
        kind = "read" if function == "read" else "write"
        about = {"door": f"{host}: 3306", "kind": kind, "book": book, "function": function, "value": value}
        hearing.hear(json.dumps({"begin": number, "request": number, **about, "due": at, "at": at}))
        end = {"at": at + 0.5, "fate": "ok", "why": "", "node": "core1", "value": found, "more": False}
        hearing.hear(json.dumps({"end": number, **end}))
    if finished:
        hearing.hear('{"sent": 1}')
    return hearing


ALL = program(
    "core1",
    ("numbers", "write", "core1-1", None),
    ("numbers", "read", None, ["core1-1"]),
    ("set", "add", ["7", "core1-3"], None),
    ("set", "read", "7", ["7", ["core1-3"]]),
    ("list", "append", ["7", "core1-5"], None),
    ("list", "read", "7", ["7", ["core1-5"]]),
    ("bank", "transfer", ["account0", "account1", 3], None),
    ("bank", "read", None, {**OPENING, "account0": 97, "account1": 103}),
    ("orders: shop", "write", "p1", None),
)
HAS = Has(
    numbers=(Row("core1-1", 11.2),),
    items=(Item("7", "core1-3"),),
    lists={"7": ("core1-5",)},
    balances={**OPENING, "account0": 97, "account1": 103},
)


def end(core1: Has | None = HAS, core2: Has | None = HAS, orders: tuple[Row, ...] = (Row("p1"),)) -> InTheEnd:
    return InTheEnd(orders={"shop": {"core1": orders, "core2": orders}}, has={"core1": core1, "core2": core2})


def test_every_history_is_read_from_what_was_told():
    books = books_of([ALL])
    assert [one.value for one in books.numbers.writes] == ["core1-1"]
    assert [one.value for one in books.numbers.reads] == [("core1-1",)]
    assert [one.value for one in books.sets.writes] == [Item("7", "core1-3")]
    assert [one.value for one in books.lists.reads] == [Seen("7", ("core1-5",))]
    assert [one.value for one in books.bank.writes] == [Transfer("account0", "account1", 3)]
    assert [one.value for one in books.orders["shop"].writes] == ["p1"]
    assert {one.checker: one.verdict for one in judged(books, end())} == dict.fromkeys(
        ("unique writes: shop", "unique writes: SQL", "set", "list-append", "bank"), Verdict.PASS
    )
    assert lost(books, end()) == ()


def test_whatever_a_data_node_lacks_is_lost():
    books = books_of([ALL])
    broken = end(core2=replace(NOTHING, balances=HAS.balances), orders=())
    assert lost(books, broken) == ("p1", "core1-1", "core1-3 in 7 (set)", "core1-5 in 7 (list)")
    verdicts = {one.checker: one.verdict for one in judged(books, broken)}
    assert verdicts.pop("bank") is Verdict.PASS
    assert set(verdicts.values()) == {Verdict.FAIL}


def test_a_data_node_that_could_not_be_asked_makes_all_of_it_unknown():
    silent = InTheEnd(orders={"shop": {"core1": [Row("p1")], "core2": None}}, has={"core1": HAS, "core2": None})
    assert {one.verdict for one in judged(books_of([ALL]), silent)} == {Verdict.UNKNOWN}


def test_what_a_program_did_that_died_is_unknown_and_what_another_did_not_do_is_a_problem():
    died = program("core2", ("numbers", "write", "core2-1", None), finished=False)
    there = replace(
        HAS,
        numbers=(*HAS.numbers, Row("core2-1"), Row("core2-2")),
        items=(*HAS.items, Item("7", "core2-3")),
        lists={"7": ("core1-5", "core2-9")},
    )
    heard = [ALL, died]
    books = with_unheard(books_of(heard), end(there, there), heard)
    assert {one.value: one.fate for one in books.numbers.writes}["core2-2"] is Fate.UNKNOWN
    assert {one.verdict for one in judged(books, end(there, there))} == {Verdict.PASS}
    foreign = replace(there, numbers=(*there.numbers, Row("core1-99")))
    books = with_unheard(books_of(heard), end(foreign, foreign), heard)
    (sql,) = [one for one in judged(books, end(foreign, foreign)) if one.checker == "unique writes: SQL"]
    assert sql.problems == ("core1 and core2 have core1-99, which nobody wrote",)


def test_what_was_only_read_of_a_program_that_died_is_known_too():
    died = program("core2", finished=False)
    reader = program("core1", ("set", "read", "7", ["7", ["core2-1"]]))
    heard = [reader, died]
    books = with_unheard(books_of(heard), end(NOTHING, NOTHING), heard)
    (of_set,) = [one for one in judged(books, end(NOTHING, NOTHING)) if one.checker == "set"]
    (problem,) = of_set.problems
    assert problem.startswith("core1 and core2 have not core2-1 in 7, which core1: 3306 had read at ")


def test_a_minority_is_judged_where_there_was_one():
    books = books_of([ALL])
    assert "minority" not in {one.checker for one in judged(books, end())}
    found = {one.checker: one for one in judged(books, end(), [Cut("core1", 10, 12)])}
    assert found["minority"].verdict is Verdict.FAIL
    assert found["minority"].looked_at == 1
