"""Giving the writes away on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from festning.systems.galera.health.decision import Token, View
from festning.systems.galera.health.handover import CannotMoveError, hand_over

ADDRESSES = {"core1": ("10.8.0.1", 9200), "core2": ("10.8.0.2", 9200), "core3": ("10.8.0.3", 9200)}
VIEW = View(
    node="core1",
    incarnation="uuid-1",
    status="Primary",
    state="Synced",
    ready=True,
    members={"uuid-1": "core1", "uuid-2": "core2", "uuid-3": "core3"},
)


@dataclass
class Row:
    """A session whose row can be taken."""

    row: Token | None = field(default_factory=lambda: Token("core1", "uuid-1"))
    seen: View = VIEW
    refuses: bool = False

    def view(self) -> View:
        return self.seen

    def token(self) -> Token | None:
        return self.row

    def take(self, old: Token, new: Token) -> bool:
        if self.refuses or old != self.row:
            return False
        self.row = new
        return True

    def touch(self, token: Token) -> None:
        raise AssertionError

    def close(self) -> None:
        pass


def move(session: Row, synced: tuple[str, ...], to: str | None = None) -> str:
    hosts = {address: name for name, address in ADDRESSES.items()}

    def ask(address: tuple[str, int], path: str) -> bool:
        name = hosts[address]
        return name in synced if path == "/synced" else session.row is not None and session.row.holder == name

    return hand_over(session, ADDRESSES, to=to, ask=ask, sleep=lambda _: None)


def test_the_holder_hands_over_to_a_node_in_sync() -> None:
    session = Row()
    assert move(session, ("core3",)) == "the writer is core3"
    assert session.row == Token("core3", "uuid-3")


def test_whoever_is_not_the_holder_has_nothing_to_hand_over() -> None:
    session = Row(row=Token("core2", "uuid-2"))
    assert "nothing to hand over" in move(session, ("core2", "core3"))
    assert session.row == Token("core2", "uuid-2")


def test_without_another_node_in_sync_the_token_stays() -> None:
    session = Row()
    with pytest.raises(CannotMoveError, match="no other data node is in sync"):
        move(session, ())
    assert session.row == Token("core1", "uuid-1")


def test_a_node_outside_the_view_gets_nothing() -> None:
    session = Row(seen=replace(VIEW, members={"uuid-1": "core1"}))
    with pytest.raises(CannotMoveError):
        move(session, ("core2",), to="core2")


def test_any_data_node_moves_the_token_on_request() -> None:
    session = Row(row=Token("core2", "uuid-2"))
    assert move(session, ("core1",), to="core1") == "the writer is core1"
    assert "already" in move(session, ("core1",), to="core1")


@pytest.mark.parametrize(
    "session", [Row(refuses=True), Row(row=None), Row(seen=replace(VIEW, status="non-Primary", ready=False))]
)
def test_what_cannot_be_moved_says_so(session: Row) -> None:
    with pytest.raises(CannotMoveError):
        move(session, ("core2",))
