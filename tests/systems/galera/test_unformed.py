"""When the data nodes are asked to form their group again."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from festning.systems.galera.health.decision import View
from festning.systems.galera.health.unformed import AGAIN_S, FIRST_S, OFTEN_S, RARELY_S, Unformed

PRIMARY = View(node="core1", incarnation="a", status="Primary", state="Synced", ready=True, members={"a": "core1"})
ALONE = replace(PRIMARY, status="non-Primary", ready=False, members={})


def asked(unformed: Unformed, view: View | None, begin: int, end: int) -> list[int]:
    return [second for second in range(begin, end) if unformed.look(float(second), view)]


def test_a_while_after_the_group_was_lost_and_again_after_that() -> None:
    assert asked(Unformed(), ALONE, 0, 40) == [FIRST_S, FIRST_S + AGAIN_S, FIRST_S + 2 * AGAIN_S]


def test_a_server_that_does_not_answer_has_no_group_either() -> None:
    assert asked(Unformed(), None, 0, 20) == [FIRST_S]


def test_not_while_there_is_a_group() -> None:
    assert asked(Unformed(), PRIMARY, 0, 900) == []


def test_the_wait_begins_anew_when_the_group_was_there_in_between() -> None:
    unformed = Unformed()
    asked(unformed, ALONE, 0, 15)
    assert not unformed.look(15, PRIMARY)
    assert asked(unformed, ALONE, 16, 36) == [16 + FIRST_S]


def test_so_it_does_when_the_host_stood_still() -> None:
    unformed = Unformed()
    asked(unformed, ALONE, 0, 15)
    assert asked(unformed, ALONE, 600, 620) == [600 + FIRST_S]


def test_rarely_when_nothing_helps() -> None:
    seconds = asked(Unformed(), None, 0, 3000)
    later = [second for second in seconds if second > OFTEN_S + AGAIN_S]
    assert later
    assert all(after - before == RARELY_S for before, after in pairwise(later))
