"""Quickly out, slowly in: looks in a row, by hand and for all sequences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.dns.standing import Look, Patience, stands

LETTERS = {"w": Look.WELL, "d": Look.DEAD, "?": Look.UNKNOWN}
LOOKS = st.lists(st.sampled_from(Look))


@pytest.mark.parametrize(
    ("stood", "looks", "after"),
    [
        (True, "", True),
        (False, "", False),
        (True, "d", True),
        (True, "dd", False),
        (True, "dwd", True),
        (True, "d?d", True),
        (True, "???", True),
        (False, "ww", False),
        (False, "www", True),
        (False, "wwdw", False),
        (False, "ww?w", False),
        (False, "???", False),
        (True, "ddwww", True),
        (False, "wwwdd", False),
        (True, "ddww", False),
    ],
)
def test_looks_in_a_row(stood: bool, looks: str, after: bool) -> None:
    assert stands(stood, [LETTERS[letter] for letter in looks]) is after


@given(st.booleans(), LOOKS)
def test_looks_may_come_in_any_portions_that_end_with_a_turn(stood: bool, looks: list[Look]) -> None:
    now = stood
    for end in range(1, len(looks) + 1):
        after = stands(stood, looks[:end])
        if after is not now:
            assert stands(after, looks[end:]) is stands(stood, looks), "nothing from before a turn is remembered"
            now = after


@given(st.booleans(), LOOKS, st.integers(1, 5), st.integers(1, 5))
def test_a_turn_takes_its_number_of_looks_and_unknown_ones_never_turn(
    stood: bool, looks: list[Look], leave: int, back: int
) -> None:
    patience = Patience(leave, back)
    if stands(stood, looks, patience) is not stood:
        assert len(looks) >= (leave if stood else back)
        assert (Look.DEAD if stood else Look.WELL) in looks
    assert stands(stood, [Look.UNKNOWN] * len(looks), patience) is stood
