"""What a fortress has been: the generations of all hosts, merged by number, and which one can be come back to.

Pure. Knows what hosts remember and what follows from it; leaves asking them to ``engine``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from festning.errors import UsageError
from festning.model.facts import Unreachable


class Result(StrEnum):
    """How an apply ended, on a host or altogether."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    """Some of it was done, and something failed and was put back."""
    INTERRUPTED = "interrupted"
    """It never came to an end: it was killed, or is still at work."""
    FAILED = "failed"
    """Nothing of it was left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What failed: ``system`` is empty where it was no system's; ``back`` is what was done about it."""

    system: str
    reason: str
    back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPart:
    """What an apply was on one host. ``kept``: the host has its snapshot; ``before``: the number of the one before."""

    host: str
    result: Result
    at: str
    operator: str
    changes: int = 0
    changed: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    rolled_back_to: int | None = None
    kept: bool = True
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One apply over the whole fortress; times are the hosts' own."""

    number: int
    parts: tuple[HostPart, ...]

    @property
    def at(self) -> str:
        return min(part.at for part in self.parts)

    @property
    def operator(self) -> str:
        return self.parts[0].operator

    @property
    def rolled_back_to(self) -> int | None:
        return next((part.rolled_back_to for part in self.parts if part.rolled_back_to is not None), None)

    @property
    def kept(self) -> bool:
        return any(part.kept for part in self.parts)

    @property
    def result(self) -> Result:
        """The worst that it was anywhere; what failed on some hosts and was done on others is partial."""
        found = {part.result for part in self.parts}
        if found in ({Result.COMPLETE}, {Result.FAILED}):
            return found.pop()
        return Result.INTERRUPTED if Result.INTERRUPTED in found else Result.PARTIAL

    def document(self) -> dict[str, Any]:
        """As ``history --json`` prints it."""
        return {
            "number": self.number,
            "at": self.at,
            "operator": self.operator,
            "result": self.result.value,
            "rolled_back_to": self.rolled_back_to,
            "hosts": [_part_document(part) for part in self.parts],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that the hosts remember, the newest generation first."""

    fortress: str
    generations: tuple[Generation, ...]
    unreachable: tuple[Unreachable, ...] = ()

    def document(self) -> dict[str, Any]:
        return {
            "fortress": self.fortress,
            "generations": [generation.document() for generation in self.generations],
            "unreachable": [{"host": one.host, "reason": one.reason} for one in self.unreachable],
        }

    def target(self, wanted: int | None) -> int:
        """The number to go back to: as wanted, or the one before the last. Raises :class:`UsageError`."""
        kept = [generation.number for generation in self.generations if generation.kept]
        if wanted is None:
            if len(kept) < 2:
                raise UsageError("there is no earlier generation to go back to", hint="festning history shows them")
            return kept[1]
        if wanted not in kept:
            known = f"the hosts have {', '.join(map(str, sorted(kept)))}" if kept else "the hosts have none"
            raise UsageError(f"there is no generation {wanted}: {known}", hint="festning history shows them")
        return wanted

    def snapshots(self, number: int) -> dict[str, int | None]:
        """By host that remembers any: its newest snapshot that is not after ``number``.

        ``None`` for a host that was not managed yet. Raises :class:`UsageError` for a host whose snapshot is gone.
        """
        found: dict[str, int | None] = {}
        for host, kept in self._kept().items():
            not_after = [one for one in kept if one <= number]
            first = kept[min(kept)]
            if not not_after and first.before:
                raise UsageError(
                    f"{host} does not remember generation {number} any more: its oldest is {min(kept)}",
                    hint="festning history shows what can be come back to",
                )
            found[host] = max(not_after, default=None)
        return found

    def _kept(self) -> dict[str, dict[int, HostPart]]:
        found: dict[str, dict[int, HostPart]] = {}
        for generation in self.generations:
            for part in generation.parts:
                if part.kept:
                    found.setdefault(part.host, {})[generation.number] = part
        return found


def merged(fortress: str, memories: Mapping[str, Mapping[str, Any] | Unreachable]) -> History:
    """The history of a fortress from what each host remembers (see ``engine.agent.recall``)."""
    parts: dict[int, list[HostPart]] = {}
    reached = {host: one for host, one in memories.items() if not isinstance(one, Unreachable)}
    for host, memory in reached.items():
        for number, part in _parts(host, memory):
            parts.setdefault(number, []).append(part)
    oldest = min((number for number, found in parts.items() if any(part.kept for part in found)), default=0)
    generations = (
        Generation(number=number, parts=tuple(parts[number]))
        for number in sorted(parts, reverse=True)
        if number >= oldest
    )
    unreachable = tuple(one for one in memories.values() if isinstance(one, Unreachable))
    return History(fortress=fortress, generations=tuple(generations), unreachable=unreachable)


def _parts(host: str, memory: Mapping[str, Any]) -> Iterable[tuple[int, HostPart]]:
    kept = {told["number"]: told for told in memory["generations"]}
    for number, told in kept.items():
        yield (
            number,
            HostPart(
                host=host,
                result=Result.INTERRUPTED if told["result"] == "unfinished" else Result(told["result"]),
                at=told["at"],
                operator=told["operator"],
                changes=told["changes"],
                changed=tuple(told["changed"]),
                failures=tuple(_failure(one) for one in told["failures"]),
                rolled_back_to=told["rolled_back_to"],
                before=told["before"],
            ),
        )
    attempts: dict[int, list[Mapping[str, Any]]] = {}
    for told in memory["attempts"]:
        if told.get("generation", 0) not in (0, *kept):
            attempts.setdefault(told["generation"], []).append(told)
    for number, found in attempts.items():
        yield (
            number,
            HostPart(
                host=host,
                result=Result.FAILED,
                at=found[0]["at"],
                operator=found[0]["operator"],
                failures=tuple(_failure(one) for one in found),
                kept=False,
            ),
        )


def _failure(told: Mapping[str, Any]) -> Failure:
    return Failure(system=told.get("system", ""), reason=told["reason"], back=tuple(told.get("back", ())))


def _part_document(part: HostPart) -> dict[str, Any]:
    return {
        "host": part.host,
        "result": part.result.value,
        "changes": part.changes,
        "changed": list(part.changed),
        "failures": [{"system": one.system, "reason": one.reason, "back": list(one.back)} for one in part.failures],
    }
