"""Hears what one program of a load tells, line by line: what was asked and what became of it. Pure.

What began and did not end is unknown. A program that did not come to its end (its machine died, or cannot be heard any
more) may have begun things that were never heard of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from festning.model.drill import Fate, Kind, Outcome

_NOT_HEARD = "its end was not heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """What was heard last of one kind of request at one door, in seconds since the epoch, ``None`` for never.

    ``good`` is when the last good answer came, ``bad`` when a request last ended otherwise. With ``ended`` nothing more
    will come: its program is over, or is not heard any more.
    """

    good: float | None = None
    bad: float | None = None
    ended: bool = False

    @property
    def failed_since(self) -> bool:
        """Whether a request has failed, or become unknown, after the last good answer."""
        return self.bad is not None and (self.good is None or self.bad > self.good)


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One attempt of a request: the words of ``telling``, with the times on the operator's clock."""

    request: int
    door: str
    kind: Kind
    book: str
    function: str
    value: Any
    due: float
    invoked: float
    completed: float | None = None
    fate: Fate = Fate.UNKNOWN
    why: str = _NOT_HEARD
    node: str = ""
    found: Any = None
    more: bool = False


class Hearing:
    """One program. ``broken`` says why it is not heard any more, once that is so."""

    def __init__(self, prefix: str) -> None:
        """``prefix`` begins whatever the program writes."""
        self.prefix = prefix
        self.began = 0.0
        self.finished = False
        self.broken = ""
        self._offset = 0.0
        self._attempts: dict[int, Attempt] = {}
        self._latest: dict[tuple[str, Kind], Latest] = {}

    def begin(self, line: bytes | str, asked: float, heard: float) -> bool:
        """The first line, which was ``heard`` after the program was ``asked`` for; whether it is one.

        It began between these two, so a machine's clock that says otherwise is off: its times are moved by that much.
        """
        told = _told(line)
        if told is None or "began" not in told:
            return False
        self._offset = min(max(told["began"], asked), heard) - told["began"]
        self.began = told["began"] + self._offset
        return True

    def hear(self, line: bytes | str) -> None:
        """Take in a line. One that is not whole, as the last before a machine died, says nothing."""
        told = _told(line)
        if told is None:
            return
        if "begin" in told:
            self._begun(told)
        elif "end" in told:
            self._ended(told)
        elif "sent" in told:
            self.finished = True

    def latest(self) -> Mapping[tuple[str, Kind], Latest]:
        """What was heard last, by door and kind."""
        ended = self.finished or bool(self.broken)
        return {
            key: Latest(good=latest.good, bad=latest.bad, ended=True) if ended else latest
            for key, latest in self._latest.items()
        }

    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt that was begun."""
        return tuple(self._attempts.values())

    def outcomes(self) -> Iterator[Outcome]:
        """Every request that was begun, with what came of it in the end."""
        requests: dict[int, list[Attempt]] = {}
        for attempt in self._attempts.values():
            requests.setdefault(attempt.request, []).append(attempt)
        return map(_outcome, requests.values())

    def _begun(self, told: Mapping[str, Any]) -> None:
        attempt = Attempt(
            request=told["request"],
            door=told["door"],
            kind=Kind(told["kind"]),
            book=told["book"],
            function=told["function"],
            value=told["value"],
            due=told["due"] + self._offset,
            invoked=told["at"] + self._offset,
        )
        self._attempts[told["begin"]] = attempt
        self._latest.setdefault((attempt.door, attempt.kind), Latest())

    def _ended(self, told: Mapping[str, Any]) -> None:
        attempt = self._attempts[told["end"]]
        attempt.completed = told["at"] + self._offset
        attempt.fate, attempt.why, attempt.node = Fate(told["fate"]), told["why"], told["node"]
        attempt.found, attempt.more = told["value"], told["more"]
        if not attempt.more:
            self._note(attempt, attempt.completed)

    def _note(self, attempt: Attempt, at: float) -> None:
        before = self._latest[attempt.door, attempt.kind]
        good, bad = before.good, before.bad
        if attempt.fate is Fate.OK:
            good = max(at, good or at)
        else:
            bad = max(at, bad or at)
        self._latest[attempt.door, attempt.kind] = Latest(good=good, bad=bad)


def _told(line: bytes | str) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _outcome(attempts: list[Attempt]) -> Outcome:
    """What a request came to: its last attempt's fate, or unknown where an earlier one of a write may have counted."""
    last = attempts[-1]
    fate, ended = last.fate, last.completed
    if last.more:  # Another attempt was to follow, and was not heard of.
        fate, ended = Fate.UNKNOWN, None
    elif fate is Fate.FAILED and any(attempt.fate is Fate.UNKNOWN for attempt in attempts):
        fate = Fate.UNKNOWN
    return Outcome(
        door=last.door,
        kind=last.kind,
        due=attempts[0].due,
        ended=ended,
        fate=fate,
        why=next((attempt.why for attempt in reversed(attempts) if attempt.why), ""),
        number=_number(last.value) if last.kind is Kind.WRITE else "",
        sent=attempts[0].invoked,
    )


def _number(value: object) -> str:
    """A write's own number or item; for a transfer, who pays whom."""
    return value if isinstance(value, str) else " ".join(map(str, value)) if isinstance(value, list) else ""
