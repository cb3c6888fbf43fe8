"""The account of a load: every request that was sent has an outcome, and every acknowledged write is there. Pure.

A request whose outcome nobody knows (its program was killed) counts as failed. Times are seconds since the load began.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Requests of one kind through one front door. ``writes`` says that an answer acknowledges its number."""

    door: str
    address: str
    host: str
    method: str
    path: str
    keep: bool
    per_second: float
    writes: bool = False

    @property
    def name(self) -> str:
        """How the account speaks of it."""
        return f"{self.door}: {self.method} {self.host}{self.path} ({'kept' if self.keep else 'new'} connections)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A request that has no good answer."""

    stream: str
    due: float
    ended: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Write:
    """A number that was acknowledged, when, and by which host name (empty where SQL acknowledged it)."""

    number: str
    at: float
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What came of a load.

    ``longest_gap_s`` is the longest time between two acknowledged writes, and ``gap_at_s`` when it began; ``retries``
    are failures that the client itself made good, as a session of the database may; ``slowest_s`` counts from the time
    at which a request was due.
    """

    sent: int
    failures: tuple[Failure, ...]
    acknowledged: tuple[Write, ...]
    slowest_s: float
    longest_gap_s: float
    gap_at_s: float
    retries: int = 0

    @property
    def failed(self) -> int:
        return len(self.failures)


def account_of_visitors(streams: Sequence[Stream], lines: Iterable[str]) -> Account:
    """The account from what ``visitors`` printed."""
    told = [json.loads(line) for line in lines]
    ended = [one for one in told if "stream" in one]
    failures = [
        Failure(stream=streams[one["stream"]].name, due=one["due"], ended=one["ended"], why=why)
        for one in ended
        if (why := _why(one))
    ]
    acknowledged = tuple(
        Write(one["token"], one["ended"], streams[one["stream"]].host)
        for one in ended
        if streams[one["stream"]].writes and not _why(one)
    )
    return _account(told, ended, failures, acknowledged)


def account_of_session(lines: Iterable[str]) -> Account:
    """The account from what ``session`` printed."""
    told = [json.loads(line) for line in lines]
    ended = [one for one in told if "token" in one]
    failures = [
        Failure(stream="SQL", due=one["due"], ended=one["ended"], why=one["failures"][-1])
        for one in ended
        if not one["acknowledged"]
    ]
    acknowledged = tuple(Write(one["token"], one["ended"]) for one in ended if one["acknowledged"])
    retries = sum(len(one["failures"]) for one in ended if one["acknowledged"])
    return _account(told, ended, failures, acknowledged, retries)


def missing(acknowledged: Iterable[str], rows: Mapping[str, Mapping[str, int]]) -> tuple[str, ...]:
    """What is wrong with the rows of each data node: acknowledged numbers that are not there exactly once."""
    numbers = tuple(acknowledged)
    return tuple(
        f"{node} has {found.get(number, 0)} rows for {number}"
        for node, found in rows.items()
        for number in numbers
        if found.get(number, 0) != 1
    )


def _account(
    told: Sequence[Mapping[str, Any]],
    ended: Sequence[Mapping[str, Any]],
    failures: Sequence[Failure],
    acknowledged: tuple[Write, ...],
    retries: int = 0,
) -> Account:
    sent = _sent(told, len(ended))
    gap, at = _longest_gap(write.at for write in acknowledged)
    return Account(
        sent=sent,
        failures=(*failures, *_unknown(sent - len(ended), told)),
        acknowledged=acknowledged,
        slowest_s=max((one["ended"] - one["due"] for one in ended), default=0.0),
        longest_gap_s=gap,
        gap_at_s=at,
        retries=retries,
    )


def _why(outcome: Mapping[str, object]) -> str:
    if "error" in outcome:
        return str(outcome["error"])
    status = int(str(outcome["status"]))
    return "" if 200 <= status < 400 else f"status {status}"


def _sent(told: Sequence[Mapping[str, object]], ended: int) -> int:
    """How many were sent: as the program says at its end, otherwise at least one more than have ended."""
    for one in told:
        if "sent" in one:
            return int(str(one["sent"]))
    return ended + 1


def _unknown(count: int, told: Sequence[Mapping[str, object]]) -> list[Failure]:
    why = "its outcome is not known" if any("sent" in one for one in told) else "the load did not come to its end"
    return [Failure(stream="", due=0.0, ended=None, why=why) for _ in range(count)]


def _longest_gap(times: Iterable[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return max(((later - earlier, earlier) for earlier, later in pairwise(ordered)), default=(0.0, 0.0))
