"""The poller against a stand-in for the database: ages, doubt, claims that are lost, connections that break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from festning.systems.galera.health.database import READ_TIMEOUT, HangsError
from festning.systems.galera.health.decision import Pulse, Token, View
from festning.systems.galera.health.poller import MAX_AGE, Poller
from festning.systems.galera.health.stuck import PATIENCE, SUSPICION, Reason
from festning.systems.galera.health.trial import Trial

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
        self.hangs: set[str] = set()
        self.trials: list[Callable[[], None]] = []
        self.touched: list[Token] = []
        self.requests: list[Reason] = []
        self.attempts = 0

    def connect(self) -> Cluster:
        if self.broken:
            raise ConnectionError("no server")
        self.connections += 1
        return self

    def view(self) -> View:
        self.now += self.view_takes
        if self.broken:
            raise ConnectionError("gone away")
        self._hang("view")
        return self.seen

    def token(self) -> Token | None:
        self._hang("token")
        return self.row

    def take(self, old: Token, new: Token) -> bool:
        self._hang("take")
        if self.refuses or old != self.row:
            return False
        self.row = new
        self.taken.append(new)
        return True

    def touch(self, token: Token) -> None:
        self.touched.append(token)

    def close(self) -> None:
        pass

    def _hang(self, statement: str) -> None:
        if statement in self.hangs:
            self.now += READ_TIMEOUT
            raise HangsError("timed out")

    def poller(self) -> Poller:
        trial = Trial(self.connect, self.trials.append)
        return Poller(self.connect, trial, self.requests.append, self.form, clock=lambda: self.now, log=lambda _: None)

    def form(self) -> None:
        self.attempts += 1

    def watched(self, poller: Poller, seconds: float) -> None:
        """Poll for a while. A write that is tried hangs until the test runs it."""
        until = self.now + seconds
        while self.now < until:
            poller.poll()
            self.now += 0.1


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


def test_a_writer_whose_confirmation_never_comes_back_is_ended_and_says_no_until_then() -> None:
    cluster = Cluster(Token("core1", "uuid-1"))
    cluster.hangs = {"take"}
    poller = cluster.poller()
    cluster.watched(poller, PATIENCE[Reason.WRITES])
    assert cluster.requests == []
    answer = poller.current()
    assert (answer.writer, answer.synced) == (False, False)
    assert "has not come back" in answer.reason
    cluster.watched(poller, 2)
    assert cluster.requests == [Reason.WRITES]


def test_while_a_write_hangs_no_other_takes_a_connection_of_the_servers() -> None:
    cluster = Cluster(Token("core1", "uuid-1"))
    cluster.hangs = {"take"}
    poller = cluster.poller()
    cluster.watched(poller, 60)
    assert len(cluster.trials) == 1
    assert cluster.connections == 2, "the one that was given up, and the one that looks"


def test_a_write_that_comes_back_late_lets_the_writer_go_on() -> None:
    cluster = Cluster(Token("core1", "uuid-1"))
    cluster.hangs = {"take"}
    poller = cluster.poller()
    cluster.watched(poller, PATIENCE[Reason.WRITES] - 2)
    cluster.hangs = set()
    cluster.trials.pop()()
    assert cluster.touched == [Token("core1", "uuid-1")]
    cluster.watched(poller, PATIENCE[Reason.WRITES])
    assert poller.current().writer
    assert cluster.requests == []


def test_a_survivor_whose_claim_hangs_is_ended_as_well() -> None:
    cluster = Cluster(Token("core2", "uuid-2"), replace(CORE1, members={"uuid-1": "core1"}))
    cluster.hangs = {"take"}
    cluster.watched(cluster.poller(), PATIENCE[Reason.WRITES] + 2)
    assert cluster.requests == [Reason.WRITES]


def test_a_writer_without_doubt_tries_a_write_when_others_hang_and_keeps_its_readers_meanwhile() -> None:
    cluster = Cluster(Token("core1", "uuid-1"))
    poller = cluster.poller()
    poller.poll()
    cluster.seen = replace(CORE1, writing=4)
    cluster.watched(poller, SUSPICION + PATIENCE[Reason.WRITES] - 1)
    assert poller.current().writer
    assert (len(cluster.trials), cluster.requests) == (1, [])
    cluster.watched(poller, 2)
    assert cluster.requests == [Reason.WRITES]


def test_a_long_transaction_alone_costs_a_write_now_and_then() -> None:
    cluster = Cluster(Token("core1", "uuid-1"))
    poller = cluster.poller()
    poller.poll()
    cluster.seen = replace(CORE1, writing=1)
    for number in range(600):
        cluster.watched(poller, 0.1)
        if cluster.trials:
            cluster.trials.pop()()
            cluster.seen = replace(CORE1, writing=1, pulse=Pulse(committed=number))
    assert len(cluster.touched) in range(8, 13)
    assert cluster.requests == []


def test_a_refused_write_is_an_answer() -> None:
    cluster = Cluster(Token("core1", "uuid-1"))
    cluster.hangs = {"take"}
    poller = cluster.poller()
    cluster.watched(poller, 1)
    cluster.broken = True
    cluster.trials.pop()()
    cluster.broken, cluster.hangs = False, set()
    cluster.watched(poller, 1)
    assert poller.current().writer


def test_a_server_that_answers_no_question_is_ended_and_one_that_opens_no_session_is_not() -> None:
    for statement in ("view", "token"):
        cluster = Cluster(Token("core1", "uuid-1"))
        cluster.hangs = {statement}
        cluster.watched(cluster.poller(), PATIENCE[Reason.SILENT] + 2)
        assert cluster.requests == [Reason.SILENT], statement
    cluster = Cluster(Token("core1", "uuid-1"))
    cluster.broken = True
    cluster.watched(cluster.poller(), 100)
    assert cluster.requests == []


def test_a_server_that_lost_the_group_is_ended_and_one_that_waits_for_quorum_is_not() -> None:
    waiting = replace(CORE1, status="non-Primary", state="Initialized", ready=False, members={})
    cluster = Cluster(Token("core1", "uuid-1"), waiting)
    poller = cluster.poller()
    cluster.watched(poller, 100)
    assert cluster.requests == []
    cluster.seen = replace(waiting, status="Disconnected", pulse=Pulse(connected=False))
    cluster.watched(poller, PATIENCE[Reason.DISCONNECTED] + 1)
    assert cluster.requests == [Reason.DISCONNECTED]


def test_a_request_that_cannot_be_left_is_told_and_looking_goes_on() -> None:
    cluster = Cluster(Token("core1", "uuid-1"))
    cluster.hangs = {"view"}
    lines: list[str] = []

    def refuse(_: Reason) -> None:
        raise PermissionError("no such luck")

    trial = Trial(cluster.connect)
    poller = Poller(cluster.connect, trial, refuse, cluster.form, clock=lambda: cluster.now, log=lines.append)
    cluster.watched(poller, PATIENCE[Reason.SILENT] + 2)
    assert any("no such luck" in line for line in lines)
    cluster.hangs = set()
    poller.poll()
    assert poller.current().writer


def test_a_server_without_a_group_has_it_formed_again() -> None:
    cluster = Cluster(Token("core1", "uuid-1"), replace(CORE1, status="non-Primary", ready=False, members={}))
    cluster.watched(cluster.poller(), 11)
    assert cluster.attempts == 1


def test_so_has_one_that_ends_in_its_start_again_and_again() -> None:
    cluster = Cluster(Token("core1", "uuid-1"))
    cluster.broken = True
    cluster.watched(cluster.poller(), 21)
    assert cluster.attempts == 2
