"""Histories by hand, each broken in one way, and the words in which a checker says so."""

from __future__ import annotations

from typing import Any

import pytest
from by_hand import add, append, operation, read, write

from festning.model.check import Verdict
from festning.model.drill import Fate
from festning.proof.histories import bank, list_append, minority, sets, unique_writes
from festning.proof.histories.minority import Cut
from festning.proof.histories.operation import Function, History, Item, Row, Transfer

OK, FAILED, UNKNOWN = Fate.OK, Fate.FAILED, Fate.UNKNOWN


def numbers(*writes: Any, core1: str = "", core2: str = "", reads: tuple[Any, ...] = (), tolerance_s: float = 0.0):
    finals = {"core1": [Row(number) for number in core1], "core2": [Row(number) for number in core2]}
    return unique_writes.check(History(writes, reads), finals, tolerance_s=tolerance_s)


def test_an_acknowledged_write_is_on_every_node():
    assert numbers(write("a", 1, 2), core1="a", core2="a").verdict is Verdict.PASS
    found = numbers(write("a", 1, 2), write("b", 2, 3), core1="a", core2="")
    assert found.verdict is Verdict.FAIL
    assert found.problems == (
        "core2 has not a, sent by core1: 3306 at 00:00:01.000, acknowledged at 00:00:02.000",
        "core1 and core2 have not b, sent by core1: 3306 at 00:00:02.000, acknowledged at 00:00:03.000",
    )


def test_a_write_is_there_once():
    assert numbers(write("a", 1, 2), core1="a", core2="aa").problems == ("core2 has a 2 times",)
    unknown = numbers(write("a", 1, None, UNKNOWN), core1="aa", core2="aa")
    assert unknown.problems == ("core1 has a 2 times", "core2 has a 2 times")


def test_a_write_that_failed_for_certain_is_nowhere():
    found = numbers(write("a", 1, 2, FAILED, why="1213"), core1="a", core2="a")
    (problem,) = found.problems
    assert (
        problem
        == "core1 and core2 have a, sent by core1: 3306 at 00:00:01.000, failed for certain at 00:00:02.000 (1213)"
    )


def test_an_unknown_write_is_on_all_nodes_or_none():
    assert numbers(write("a", 1, None, UNKNOWN), core1="a", core2="a").verdict is Verdict.PASS
    assert numbers(write("a", 1, None, UNKNOWN)).verdict is Verdict.PASS
    (problem,) = numbers(write("a", 1, None, UNKNOWN), core1="a").problems
    assert problem.startswith(
        "core1 has a, core2 has not; sent by core1: 3306 at 00:00:01.000, its outcome is not known"
    )


def test_what_nobody_wrote_is_a_problem():
    assert numbers(write("a", 1, 2), core1="ax", core2="a").problems == ("core1 has x, which nobody wrote",)


def test_a_row_is_not_older_than_its_sending_by_more_than_clocks_differ():
    history = History((write("a", 10, 11),), ())
    finals = {"core1": [Row("a", 9.8)], "core2": [Row("a", 10.5)]}
    assert unique_writes.check(history, finals, tolerance_s=0.25).verdict is Verdict.PASS
    (problem,) = unique_writes.check(history, finals, tolerance_s=0.1).problems
    assert problem == "on core1, a says it was written at 00:00:09.800, but it was sent at 00:00:10.000"


def test_a_read_does_not_see_what_is_sent_later():
    early = operation(Function.READ, ("a",), 1, 2, process="core2: 3306")
    found = numbers(write("a", 3, 4), core1="a", core2="a", reads=(early,))
    assert found.problems == ("core2: 3306 had read a at 00:00:02.000, but it was sent at 00:00:03.000",)
    assert numbers(write("a", 3, 4), core1="a", core2="a", reads=(early,), tolerance_s=1.5).verdict is Verdict.PASS


def test_a_node_that_could_not_be_asked_leaves_it_unknown_but_does_not_hide_a_loss():
    history = History((write("a", 1, 2),), ())
    unknown = unique_writes.check(history, {"core1": [Row("a")], "core2": None}, tolerance_s=0)
    assert unknown.verdict is Verdict.UNKNOWN
    assert unknown.problems == ("core2 could not be asked what it has in the end",)
    assert unique_writes.check(history, {"core1": [], "core2": None}, tolerance_s=0).verdict is Verdict.FAIL
    assert unique_writes.lost(history, {"core1": [], "core2": None}) == ("a",)


@pytest.mark.parametrize(
    "found",
    [
        unique_writes.check(History(), {"core1": []}, tolerance_s=0),
        sets.check(History(), {"core1": []}),
        list_append.check(History(), {"core1": {}}),
        bank.check(History(), {"core1": {"a": 1}}, {"a": 1}),
        minority.check([], [Cut("core1", 1, 2)]),
        unique_writes.check(History((write("a", 1, 2),), ()), {}, tolerance_s=0),
    ],
    ids=lambda found: found.checker,
)
def test_nothing_to_look_at_is_unknown(found: Any):
    assert found.verdict is Verdict.UNKNOWN
    assert found.problems


# --- Sets


def of_set(*operations: Any, core1: str = "", core2: str | None = None):
    final = {"core1": core1, "core2": core1 if core2 is None else core2}
    finals = {node: [Item("k", item) for item in items] for node, items in final.items()}
    writes = tuple(one for one in operations if one.function is not Function.READ)
    return sets.check(History(writes, tuple(one for one in operations if one.function is Function.READ)), finals)


def test_a_set_keeps_what_was_added():
    assert of_set(add("a", 1, 2), read("a", 3, 4), core1="a").verdict is Verdict.PASS
    (problem,) = of_set(add("a", 1, 2), core1="a", core2="").problems
    assert problem.startswith("core2 has not a in k, ")
    (problem,) = of_set(add("a", 1, None, UNKNOWN), read("a", 3, 4), core1="").problems
    assert problem == "core1 and core2 have not a in k, which core1: 3306 had read at 00:00:03.000"


def test_a_read_that_lacks_what_was_acknowledged_before_is_stale_though_it_comes_later():
    (problem,) = of_set(add("a", 1, 2), read("", 3, 4), read("a", 5, 6), core1="a").problems
    assert problem == (
        "stale: core1: 3306, reading set k from 00:00:03.000, did not find a, which was acknowledged or read before"
    )
    assert of_set(add("a", 1, 2), read("", 1.5, 4), core1="a").verdict is Verdict.PASS


def test_what_one_read_had_a_later_one_has():
    stale = of_set(add("a", 1, None, UNKNOWN), read("a", 2, 3), read("", 4, 5), core1="a")
    assert stale.verdict is Verdict.FAIL


def test_a_set_has_nothing_that_nobody_added_or_that_was_refused_or_twice():
    assert "b, which nobody added" in of_set(add("a", 1, 2), read("ab", 3, 4), core1="a").problems[0]
    assert "which nobody wrote" in of_set(add("a", 1, 2), core1="ab").problems[0]
    assert "failed for certain" in of_set(add("a", 1, 2, FAILED), read("a", 3, 4)).problems[0]
    assert "a more than once" in of_set(add("a", 1, 2), read("aa", 3, 4), core1="a").problems[0]
    assert of_set(add("a", 1, 2), core1="aa").problems[0] == "core1 has a in k 2 times"
    assert "but it was sent at" in of_set(add("a", 5, 6), read("a", 3, 4), core1="a").problems[0]


# --- Lists


def of_list(*operations: Any, core1: str = "", core2: str | None = None):
    finals = {"core1": {"k": tuple(core1)}, "core2": {"k": tuple(core1 if core2 is None else core2)}}
    writes = tuple(one for one in operations if one.function is not Function.READ)
    reads = tuple(one for one in operations if one.function is Function.READ)
    return list_append.check(History(writes, reads), finals)


def test_a_list_grows_at_its_end():
    good = of_list(append("a", 1, 2), append("b", 1, 3), read("b", 2, 3), read("ba", 3, 4), core1="ba")
    assert good.verdict is Verdict.PASS, good.problems
    (problem,) = of_list(append("a", 1, 2), append("b", 1, 3), read("ba", 3, 4), core1="ab").problems
    assert problem == "core1: 3306, reading list k from 00:00:03.000, found b in place 1, where a is in the end"
    (problem,) = of_list(append("a", 1, 2), append("b", 1, 9, UNKNOWN), read("ab", 3, 4), core1="a").problems
    assert problem.endswith("found b in place 2, where nothing is in the end")


def test_who_was_acknowledged_before_another_began_comes_first():
    (problem,) = of_list(append("a", 1, 2), append("b", 3, 4), core1="ba").problems
    assert problem.startswith(
        "b in k, sent by core1: 3306 at 00:00:03.000, acknowledged at 00:00:04.000, comes before a,"
    )
    assert of_list(append("a", 1, 3), append("b", 2, 4), core1="ba").verdict is Verdict.PASS
    assert of_list(append("a", 1, None, UNKNOWN), append("b", 3, 4), core1="ba").verdict is Verdict.PASS


def test_reads_of_a_list_do_not_go_back():
    appends = (append("a", 1, 2), append("b", 1, None, UNKNOWN))
    assert "stale: " in of_list(*appends, read("ab", 3, 4), read("a", 5, 6), core1="ab").problems[0]
    assert "stale: " in of_list(*appends, read("", 3, 4), core1="ab").problems[0]
    assert of_list(*appends, read("ab", 3, 5), read("a", 4, 6), core1="ab").verdict is Verdict.PASS
    assert "sent after that" in of_list(append("a", 5, 6), read("a", 3, 4), core1="a").problems[0]


def test_a_list_is_the_same_everywhere_and_has_each_item_once():
    problems = of_list(append("a", 1, 3), append("b", 1, 3), core1="ab", core2="ba").problems
    assert problems == (
        "list k is not the same everywhere: core1 has 2 items, the last b; core2 has 2 items, the last a",
    )
    assert of_list(append("a", 1, 2), core1="aa").problems[0] == "core1 has a in k 2 times"
    assert "have not b in k" in of_list(append("a", 1, 2), append("b", 1, 2), core1="a").problems[0]
    assert "failed for certain" in of_list(append("a", 1, 2, FAILED), core1="a").problems[0]
    assert "which nobody wrote" in of_list(append("a", 1, 2), core1="ax").problems[0]


# --- The bank

OPENING = {"a": 10, "b": 10}


def of_bank(*reads: dict[str, int], core1: dict[str, int], core2: dict[str, int] | None = None):
    transfer = operation(Function.TRANSFER, Transfer("a", "b", 3), 1, 2)
    history = History((transfer,), tuple(operation(Function.READ, balances, 3, 4) for balances in reads))
    return bank.check(history, {"core1": core1, "core2": core2 or core1}, OPENING)


def test_a_bank_has_the_same_total_always_and_everywhere():
    after = {"a": 7, "b": 13}
    assert of_bank(OPENING, after, core1=after).verdict is Verdict.PASS
    (problem,) = of_bank({"a": 7, "b": 10}, core1=after).problems
    assert problem == "core1: 3306 read at 00:00:03.000 a total of 17 where 20 was put in"
    assert of_bank(core1={"a": 7, "b": 14}).problems[0] == "core1 has in the end a total of 21 where 20 was put in"
    assert of_bank(core1=after, core2=OPENING).problems == ("core1 and core2 have different balances in the end",)
    assert of_bank({"a": -1, "b": 21}, core1=after).problems == ("core1: 3306 read at 00:00:03.000 -1 on account a",)
    assert of_bank({"a": 20}, core1=after).problems == ("core1: 3306 read at 00:00:03.000 the accounts a, not a, b",)


# --- The minority


def sent_to(node: str, since: float, until: float | None, fate: Fate):
    return write("a", since, until, fate, node=node)


def test_a_node_that_is_cut_off_acknowledges_nothing():
    cuts = [Cut("core1", 10, 20)]
    found = minority.check([sent_to("core1", 11, 12, OK), sent_to("core1", 13, 14, FAILED)], cuts)
    assert (found.verdict, found.looked_at) == (Verdict.FAIL, 2)
    assert found.problems == (
        "core1 acknowledged a at 00:00:12.000, sent to it at 00:00:11.000, while it was cut off from the majority",
    )
    assert minority.check([sent_to("core1", 11, 12, FAILED)], cuts).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "outside",
    [
        sent_to("core1", 9, 12, OK),
        sent_to("core1", 19, 21, OK),
        sent_to("core2", 11, 12, OK),
        sent_to("core1", 11, None, UNKNOWN),
    ],
)
def test_what_was_not_wholly_within_the_cut_says_nothing(outside: Any):
    assert minority.check([outside], [Cut("core1", 10, 20)]).verdict is Verdict.UNKNOWN
