"""The poller against a stand-in for the database: ages, doubt, claims that are lost, connections that break."""

from __future__ import annotations

from dataclasses import replace

from festning.systems.galera.health.decision import Token, View
from festning.systems.galera.health.poller import MAX_AGE, Poller

CORE1 = View(
    node="core1",
    incarnation="uuid-1",
    status="Primary",
    state="Synced",
    ready=True,
    members={"uuid-1": "core1", "uuid-2": "core2"},
)


class Cluster:
    """One row, one view, one clock: what a poller sees of a cluster."""

    def __init__(self, token: Token | None, view: View = CORE1) -> None:
        self.row = token
        self.seen = view
        self.now = 100.0
        self.view_takes = 0.0
        self.broken = False
        self.refuses = False
        self.connections = 0
        self.taken: list[Token] = []

    def connect(self) -> Cluster:
        if self.broken:
            raise ConnectionError("no server")
        self.connections += 1
        return self

    def view(self) -> View:
        self.now += self.view_takes
        if self.broken:
            raise ConnectionError("gone away")
        return self.seen

    def token(self) -> Token | None:
        return self.row

    def take(self, old: Token, new: Token) -> bool:
        if self.refuses or old != self.row:
            return False
        self.row = new
        self.taken.append(new)
        return True

    def close(self) -> None:
        pass

    def poller(self) -> Poller:
        return Poller(self.connect, clock=lambda: self.now, log=lambda _: None)


def test_a_holder_confirms_once_and_then_answers() -> None:
    cluster = Cluster(Token("core1", ""))
    poller = cluster.poller()
    assert not poller.current().writer
    poller.poll()
    assert poller.current().writer
    poller.poll()
    assert cluster.taken == [Token("core1", "uuid-1")]


def test_an_old_answer_counts_for_nothing() -> None:
    cluster = Cluster(Token("core1", "uuid-1"))
    poller = cluster.poller()
    poller.poll()
    assert poller.current().writer
    cluster.now += MAX_AGE + 0.01
    stale = poller.current()
    assert (stale.writer, stale.synced) == (False, False)
    assert "has not answered" in stale.reason


def test_a_slow_answer_is_old_when_it_comes_and_makes_the_next_one_confirm() -> None:
    cluster = Cluster(Token("core1", "uuid-1"))
    poller = cluster.poller()
    poller.poll()
    cluster.taken.clear()
    cluster.view_takes = 4.0
    poller.poll()
    assert not poller.current().writer, "it was made with what was true four seconds ago"
    cluster.view_takes, cluster.refuses = 0.0, True
    poller.poll()
    assert not poller.current().writer, "an evicted node cannot write, so it must not answer"
    cluster.refuses = False
    poller.poll()
    assert poller.current().writer
    assert cluster.taken == [Token("core1", "uuid-1")]


def test_an_orphaned_token_is_claimed() -> None:
    cluster = Cluster(Token("core2", "uuid-2"), replace(CORE1, members={"uuid-1": "core1"}))
    poller = cluster.poller()
    poller.poll()
    assert poller.current().writer
    assert cluster.row == Token("core1", "uuid-1")


def test_a_claim_that_another_node_won_is_no_claim() -> None:
    cluster = Cluster(Token("core2", "uuid-2"), replace(CORE1, members={"uuid-1": "core1"}))
    cluster.refuses = True
    poller = cluster.poller()
    poller.poll()
    assert not poller.current().writer


def test_a_donor_claims_only_after_it_waited() -> None:
    view = replace(CORE1, state="Donor/Desynced", members={"uuid-1": "core1"})
    cluster = Cluster(Token("core2", "uuid-2"), view)
    poller = cluster.poller()
    for _ in range(4):
        poller.poll()
        cluster.now += 0.1
    assert not poller.current().writer
    for _ in range(3):
        poller.poll()
        cluster.now += 0.1
    assert poller.current().writer


def test_a_broken_connection_is_opened_again_and_confirmed() -> None:
    cluster = Cluster(Token("core1", "uuid-1"))
    poller = cluster.poller()
    poller.poll()
    cluster.broken = True
    poller.poll()
    gone = poller.current()
    assert (gone.writer, gone.synced) == (False, False)
    assert "gone away" in gone.reason
    cluster.broken = False
    cluster.taken.clear()
    poller.poll()
    assert poller.current().writer
    assert cluster.connections == 2
    assert cluster.taken, "after a break it confirms"
