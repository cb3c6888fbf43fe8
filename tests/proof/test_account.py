"""The account of a load: nothing that was sent is forgotten, and nothing that was acknowledged may be missing."""

from __future__ import annotations

import json

from festning.proof.load.account import Stream, account_of_session, account_of_visitors, missing

READ = Stream(door="edge1", address="192.0.2.1", host="www", method="GET", path="/", keep=True, per_second=1)
WRITE = Stream(
    door="core1",
    address="192.0.2.2",
    host="shop",
    method="POST",
    path="/{token}",
    keep=False,
    per_second=1,
    writes=True,
)


def visitors(*told: dict[str, object]):
    return account_of_visitors((READ, WRITE), [json.dumps(one) for one in told])


def outcome(stream: int, token: str, ended: float, **more: object) -> dict[str, object]:
    return {"stream": stream, "token": token, "due": ended - 0.1, "ended": ended, **more}


def test_only_good_answers_to_writes_are_acknowledged():
    account = visitors(
        outcome(0, "1", 1.0, status=200),
        outcome(1, "2", 2.0, status=201),
        outcome(1, "3", 3.0, status=503),
        outcome(1, "4", 4.0, error="cut"),
        {"sent": 4},
    )
    assert [write.number for write in account.acknowledged] == ["2"]
    assert [failure.why for failure in account.failures] == ["status 503", "cut"]


def test_a_request_without_an_outcome_has_failed():
    assert visitors(outcome(0, "1", 1.0, status=200), {"sent": 3}).failed == 2


def test_a_load_that_did_not_come_to_its_end_has_failed():
    account = visitors(outcome(0, "1", 1.0, status=200))
    assert [failure.why for failure in account.failures] == ["the load did not come to its end"]


def test_the_longest_gap_is_between_acknowledged_writes():
    account = visitors(*(outcome(1, str(at), at, status=201) for at in (4.0, 1.0, 1.5)), {"sent": 3})
    assert (account.longest_gap_s, account.gap_at_s) == (2.5, 1.5)


def test_what_a_session_made_good_is_counted_apart():
    told = [
        {"token": "1", "due": 0.0, "ended": 0.5, "failures": ["lost", "lost"], "acknowledged": True},
        {"token": "2", "due": 1.0, "ended": 61.0, "failures": ["refused"], "acknowledged": False},
        {"sent": 2},
    ]
    account = account_of_session([json.dumps(one) for one in told])
    assert (account.retries, account.failed, len(account.acknowledged)) == (2, 1, 1)


def test_rows_must_be_there_exactly_once_on_every_node():
    assert missing(["1"], {"core1": {"1": 1}, "core2": {"1": 1}}) == ()
    assert missing(["1", "2"], {"core1": {"1": 2, "2": 1}, "core2": {"1": 1}}) == (
        "core1 has 2 rows for 1",
        "core2 has 0 rows for 2",
    )
