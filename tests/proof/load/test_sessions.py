"""The SQL load against a database on this machine: every attempt has its own outcome, and the books add up."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from database_here import TABLES, Database, ServerError, Wrong

from festning.model.check import Verdict
from festning.model.drill import Fate, Kind
from festning.proof.load import minority, sessions
from festning.proof.load.books import InTheEnd, books_of, judged
from festning.proof.load.hearing import Attempt, Hearing
from festning.proof.load.sessions import Sessions, settings
from festning.proof.load.statements import CERTAIN, Session
from festning.proof.load.tables import ACCOUNTS


class Told:
    """What a program would have printed."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = [{"began": 1.0}]

    def tell(self, document: dict[str, Any]) -> None:
        self.lines.append(json.loads(json.dumps(document)))

    def heard(self) -> Hearing:
        hearing = Hearing("core1")
        assert hearing.begin(json.dumps(self.lines[0]), 0, 1)
        for line in self.lines[1:]:
            hearing.hear(json.dumps(line))
        return hearing


def load(database: Database, connect: Callable[[], Session] | None = None, **more: Any) -> tuple[Hearing, int]:
    orders = {"door": "core1: 3306", "prefix": "core1", "tables": TABLES, "accounts": list(ACCOUNTS)}
    bounds = {"per_second": 60, "seconds": 0.5, "most": 1000, "patience_s": 10.0}
    told = Told()
    sent = Sessions({**orders, **bounds, **more}, told, connect or database.connect).run(threading.Event())
    return told.heard(), sent


def attempts(hearing: Hearing, function: str) -> list[Attempt]:
    return [one for one in hearing.attempts() if one.function == function]


def verdicts(hearing: Hearing, database: Database) -> dict[str, Verdict]:
    found = judged(books_of([hearing]), InTheEnd(orders={}, has=dict.fromkeys(("core1", "core2"), database.has())))
    return {one.checker: one.verdict for one in found}


def test_pauses_grow_to_an_end_and_never_let_a_crowd_march_in_step() -> None:
    crowd = [list(islice(sessions.pauses(random.Random(seed)), 12)) for seed in range(50)]
    assert max(map(max, crowd)) <= sessions.LONGEST_PAUSE_S
    assert min(map(min, crowd)) >= sessions.SHORTEST_PAUSE_S / 2
    assert median(pauses[0] for pauses in crowd) <= sessions.SHORTEST_PAUSE_S
    assert median(pauses[-1] for pauses in crowd) >= sessions.LONGEST_PAUSE_S / 4
    assert len({pauses[-1] for pauses in crowd}) == len(crowd)


ALL_WELL = dict.fromkeys(("unique writes: SQL", "set", "list-append", "bank"), Verdict.PASS)


def test_the_books_of_a_load_add_up(tmp_path: Path) -> None:
    database = Database(tmp_path)
    hearing, sent = load(database)
    outcomes = list(hearing.outcomes())
    assert len(outcomes) == sent == sum(len(turn) for turn in sessions.TURNS) * 5
    assert {one.fate for one in outcomes} == {Fate.OK}
    assert {one.kind for one in outcomes} == {Kind.READ, Kind.WRITE}
    assert {one.node for one in hearing.attempts() if one.fate is Fate.OK} == {"core1"}
    assert verdicts(hearing, database) == ALL_WELL
    assert database.opened < 20, "sessions are used again"


def test_the_books_add_up_though_answers_are_lost(tmp_path: Path) -> None:
    """Every third commit is done and not answered, every fourth neither; every fifth is refused."""
    counting = count(1)

    def wrong(statement: str) -> Wrong | None:
        if statement.startswith(("SELECT", "BEGIN", "UPDATE")):
            return None
        number = next(counting)
        for every, how in ((3, Wrong(2013, done=True)), (4, Wrong(2013)), (5, Wrong(1213))):
            if number % every == 0:
                return how
        return None

    database = Database(tmp_path, wrong)
    hearing, _ = load(database, seconds=1.5)
    assert {one.fate for one in attempts(hearing, "write")} == {Fate.OK, Fate.FAILED, Fate.UNKNOWN}
    assert {one.fate for one in hearing.outcomes()} == {Fate.OK}, "each was made good by a later attempt"
    written = [one.value for one in attempts(hearing, "write")]
    assert len(set(written)) == len(written), "an attempt never writes what another one wrote"
    assert verdicts(hearing, database) == ALL_WELL


@pytest.mark.parametrize("code", [1020, 1047, 1053, 1062, 1180, 1205, 1213, 1317, 1927, 2006, 2013])
def test_only_some_errors_say_that_nothing_was_done(tmp_path: Path, code: int) -> None:
    database = Database(tmp_path, lambda statement: Wrong(code) if statement.startswith("INSERT INTO n") else None)
    hearing, _ = load(database, seconds=0.02, patience_s=0.1)
    assert {one.fate for one in attempts(hearing, "write")} == {Fate.FAILED if code in CERTAIN else Fate.UNKNOWN}


@pytest.mark.parametrize(("code", "opened"), [(1020, 1), (1062, 1), (1205, 1), (1213, 1), (1047, 4), (2013, 4)])
def test_a_session_outlives_what_is_wrong_with_a_row_only(tmp_path: Path, code: int, opened: int) -> None:
    counting = count()

    def wrong(statement: str) -> Wrong | None:
        return Wrong(code) if statement.startswith("INSERT INTO n") and next(counting) < 3 else None

    database = Database(tmp_path, wrong)
    hearing, _ = load(database, most=1)
    assert [one.fate is Fate.OK for one in attempts(hearing, "write")] == [False, False, False, True]
    assert database.opened == opened


def test_a_session_that_cannot_be_rolled_back_is_closed(tmp_path: Path) -> None:
    wrongs = {"COMMIT": Wrong(1213), "ROLLBACK": Wrong(2013)}
    database = Database(tmp_path, wrongs.get)
    hearing, _ = load(database, seconds=0.08, patience_s=0.1)
    tried = attempts(hearing, "transfer")
    assert {one.fate for one in tried} == {Fate.FAILED}
    assert database.opened >= len(tried)


def test_what_breaks_before_the_commit_has_failed_for_certain(tmp_path: Path) -> None:
    database = Database(tmp_path, lambda statement: Wrong(2013) if statement.startswith("UPDATE") else None)
    hearing, _ = load(database, seconds=0.1, patience_s=0.2)
    assert {one.fate for one in attempts(hearing, "transfer")} == {Fate.FAILED}
    assert verdicts(hearing, database)["bank"] is Verdict.UNKNOWN, "no transfer was acknowledged"
    (tmp_path / "other").mkdir()
    lost = Database(tmp_path / "other", lambda statement: Wrong(2013) if statement == "COMMIT" else None)
    hearing, _ = load(lost, seconds=0.1, patience_s=0.2)
    fates = {one.fate for one in attempts(hearing, "transfer") if "2013" in one.why}
    assert fates == {Fate.UNKNOWN}


def test_without_a_session_nothing_was_done(tmp_path: Path) -> None:
    def refuse() -> Session:
        raise ServerError(2003, "nobody is there")

    hearing, sent = load(Database(tmp_path), refuse, seconds=0.05, patience_s=0.2)
    outcomes = list(hearing.outcomes())
    assert len(outcomes) == sent
    assert {one.fate for one in outcomes} == {Fate.FAILED}
    assert {one.why for one in outcomes} == {"ServerError: 2003 nobody is there"}
    assert len(hearing.attempts()) > 2 * sent, "it tried again"


def test_turns_begin_at_their_time_though_the_database_hangs_and_it_ends_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "STATEMENT_S", 0.2)
    database = Database(tmp_path, lambda _statement: Wrong(0, hangs=True))
    began = time.monotonic()
    hearing, sent = load(database, patience_s=0.3)
    assert time.monotonic() - began < 3
    assert len(hearing.attempts()) == sent == 60
    assert all(one.invoked - one.due < 2 for one in hearing.attempts())
    assert {one.fate for one in hearing.outcomes()} == {Fate.UNKNOWN}


def test_a_session_that_ended_while_it_was_idle_is_not_used(tmp_path: Path) -> None:
    database = Database(tmp_path)
    opened: list[Session] = []

    def connect() -> Session:
        opened.append(database.connect())
        return opened[-1]

    session = connect()
    assert session.alive()
    session._connection._other_end.close()
    assert not session.alive()


def test_it_ends_when_its_tables_are_gone(tmp_path: Path) -> None:
    over = threading.Event()
    database = Database(tmp_path, lambda _statement: Wrong(1146) if over.is_set() else None)
    threading.Timer(0.3, over.set).start()
    began = time.monotonic()
    load(database, seconds=60, patience_s=30)
    assert time.monotonic() - began < 5


def test_the_number_of_requests_is_bounded(tmp_path: Path) -> None:
    hearing, sent = load(Database(tmp_path), most=7, seconds=60)
    assert len(list(hearing.outcomes())) == sent == 7


def test_a_minority_says_what_it_refused_and_what_it_acknowledged(tmp_path: Path) -> None:
    cut = iter([*[None] * 3, *[Wrong(1047)] * 2, Wrong(1180), *[None] * 3])

    def wrong(_statement: str) -> Wrong | None:
        return next(cut)

    told = Told()
    orders = {"host": "core1", "table": "n", "prefix": "core1:direct", "per_second": 30, "seconds": 0.3}
    assert minority.insist(orders, told, Database(tmp_path, wrong).connect) == 9
    found = [(one.fate, one.node, one.why) for one in told.heard().attempts()]
    assert found == [
        *[(Fate.OK, "core1", "")] * 3,
        *[(Fate.FAILED, "core1", "ServerError: 1047 as told")] * 2,
        (Fate.UNKNOWN, "core1", "ServerError: 1180 as told"),
        *[(Fate.OK, "core1", "")] * 3,
    ]


def test_the_environment_file_is_read_as_systemd_reads_it(tmp_path: Path) -> None:
    (tmp_path / "env").write_text('# a comment\nDATABASE_HOST="127.0.0.1"\nDATABASE_PASSWORD=a=b\n\n')
    assert settings(str(tmp_path / "env")) == {"DATABASE_HOST": "127.0.0.1", "DATABASE_PASSWORD": "a=b"}
