"""Who takes the writes: each case of the table in the module's docstring."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.systems.galera.health.decision import DONOR_PATIENCE, Action, Token, View, decide, orphaned

MEMBERS = {"uuid-1": "core1", "uuid-2": "core2"}
CORE1 = View(node="core1", incarnation="uuid-1", status="Primary", state="Synced", ready=True, members=MEMBERS)
CORE2 = replace(CORE1, node="core2", incarnation="uuid-2")
HELD = Token("core1", "uuid-1")
ALONE = {"uuid-2": "core2"}


def test_the_holder_takes_the_writes_and_the_other_does_not() -> None:
    assert decide(CORE1, HELD).writer
    other = decide(CORE2, HELD)
    assert (other.writer, other.synced, other.action) == (False, True, Action.NONE)
    assert "core1" in other.reason


def test_a_lost_holder_is_replaced_by_a_synced_node() -> None:
    decision = decide(replace(CORE2, members=ALONE), HELD)
    assert decision.action is Action.CLAIM
    assert not decision.writer, "only after the claim is in the row"


@pytest.mark.parametrize(
    ("status", "state", "ready"),
    [
        ("non-Primary", "Initialized", False),
        ("non-Primary", "Synced", True),
        ("Disconnected", "Initialized", True),
        ("Primary", "Joining: receiving State Transfer", True),
        ("Primary", "Joined", True),
        ("Primary", "Synced", False),
        ("", "", False),
    ],
)
def test_a_node_that_cannot_serve_neither_answers_nor_claims(status: str, state: str, ready: bool) -> None:
    view = replace(CORE1, status=status, state=state, ready=ready)
    for token in (HELD, Token("core2", "uuid-2"), Token("gone", "uuid-9"), None):
        decision = decide(view, token, orphaned_for=10)
        assert (decision.writer, decision.synced, decision.action) == (False, False, Action.NONE)


def test_the_last_data_node_goes_on_while_it_gives_a_copy() -> None:
    decision = decide(replace(CORE1, state="Donor/Desynced"), HELD)
    assert decision.writer
    assert not decision.synced


def test_a_donor_leaves_an_orphaned_token_to_a_synced_node_for_a_moment() -> None:
    donor = replace(CORE2, state="Donor/Desynced", members=ALONE)
    assert decide(donor, HELD, orphaned_for=DONOR_PATIENCE / 2).action is Action.NONE
    assert decide(donor, HELD, orphaned_for=DONOR_PATIENCE).action is Action.CLAIM


def test_a_holder_in_doubt_confirms_before_it_answers() -> None:
    decision = decide(CORE1, HELD, doubt=True)
    assert (decision.writer, decision.action) == (False, Action.CONFIRM)


def test_a_holder_that_came_back_as_another_incarnation_confirms_its_name() -> None:
    back = replace(CORE1, incarnation="uuid-3", members={"uuid-3": "core1", "uuid-2": "core2"})
    assert decide(back, HELD).action is Action.CONFIRM


def test_a_holder_that_came_back_before_anyone_claimed_can_be_replaced() -> None:
    view = replace(CORE2, members={"uuid-3": "core1", "uuid-2": "core2"})
    assert decide(view, HELD).action is Action.CLAIM


def test_the_first_token_names_no_incarnation() -> None:
    first = Token("core1", "")
    assert decide(CORE2, first).action is Action.NONE
    assert decide(CORE1, first).action is Action.CONFIRM
    assert decide(replace(CORE2, members=ALONE), first).action is Action.CLAIM


def test_nothing_is_claimed_while_the_membership_does_not_have_this_node() -> None:
    for members in ({}, {"uuid-1": "core1"}, {"uuid-2": "another name"}):
        view = replace(CORE2, members=members)
        assert not orphaned(view, Token("gone", "uuid-9"))
        assert decide(view, Token("gone", "uuid-9")).action is Action.NONE


def test_without_a_row_nothing_is_claimed() -> None:
    decision = decide(CORE1, None)
    assert (decision.writer, decision.synced, decision.action) == (False, True, Action.NONE)


def test_no_fail_back() -> None:
    assert decide(CORE1, Token("core2", "uuid-2")).action is Action.NONE


views = st.builds(
    View,
    node=st.sampled_from(["core1", "core2"]),
    incarnation=st.sampled_from(["uuid-1", "uuid-2", "uuid-3"]),
    status=st.sampled_from(["Primary", "non-Primary", "Disconnected", ""]),
    state=st.sampled_from(["Synced", "Donor/Desynced", "Joined", "Joining", "Initialized", ""]),
    ready=st.booleans(),
    members=st.dictionaries(st.sampled_from(["uuid-1", "uuid-2", "uuid-3"]), st.sampled_from(["core1", "core2"])),
)
tokens = st.none() | st.builds(
    Token, holder=st.sampled_from(["core1", "core2", "gone"]), incarnation=st.sampled_from(["", "uuid-1", "uuid-2"])
)


@given(view=views, token=tokens, doubt=st.booleans(), orphaned_for=st.floats(0, 10))
def test_whoever_answers_for_writes_is_named_by_the_row_and_serves(
    view: View, token: Token | None, doubt: bool, orphaned_for: float
) -> None:
    decision = decide(view, token, doubt=doubt, orphaned_for=orphaned_for)
    if decision.writer:
        assert token == Token(view.node, view.incarnation)
        assert view.serving
        assert not doubt
        assert decision.action is Action.NONE
    if decision.action is not Action.NONE:
        assert view.serving
        assert token is not None


@given(token=tokens, state=st.sampled_from(["Synced", "Donor/Desynced"]))
def test_with_one_view_and_one_row_at_most_one_node_answers(token: Token | None, state: str) -> None:
    answers = [decide(replace(view, state=state), token, orphaned_for=10).writer for view in (CORE1, CORE2)]
    assert sum(answers) <= 1
