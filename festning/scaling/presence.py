"""From what one look showed of every edge to what is believed of it: whether it answers, is dead, or nobody knows.

Who looks from one place sees one place's view. So an edge that cannot be come to is dead only when others say so too:
its front door does not answer, and a core that can be asked does not hear it over the bridge. Even then, where all
edges are silent at once the way there is suspected before them, and none is called dead. Pure: leaves looking to
others, and deciding to ``deciding``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from festning.scaling.measured import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One edge as one look showed it.

    ``reached`` is whether its own answer came. Otherwise ``door`` is whether its front door answered, and ``heard``
    which cores hear it over the bridge; ``None`` stands for what could not be asked. ``requests`` are per second.
    ``trouble`` is what kept the answer, or a part of it, from coming.
    """

    edge: str
    reached: bool
    door: bool | None = None
    heard: Mapping[str, bool | None] = field(default_factory=dict)
    requests: float | None = None
    p99_ms: float | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered from one look to the next: since when edges answer, and since when they are dead."""

    alive: Mapping[str, float] = field(default_factory=dict)
    dead: Mapping[str, float] = field(default_factory=dict)

    def without(self, edge: str) -> Memory:
        """The same without an edge, as after it was given another machine."""
        return Memory(
            {name: since for name, since in self.alive.items() if name != edge},
            {name: since for name, since in self.dead.items() if name != edge},
        )


@dataclass(frozen=True, slots=True)
class Belief:
    """All edges of a look, what to remember, and what a person should know of each that does not answer."""

    seen: tuple[Seen, ...]
    memory: Memory
    notes: Mapping[str, str]


def believe(sights: Iterable[Sight], memory: Memory, at: float) -> Belief:
    """What to believe now. ``sights`` are of all edges that are looked at, each of them once."""
    sights = tuple(sights)
    alive: dict[str, float] = {}
    dead: dict[str, float] = {}
    notes: dict[str, str] = {}
    suspicious = len(sights) > 1 and not any(sight.reached for sight in sights)
    for sight in sights:
        edge = sight.edge
        if sight.reached:
            alive[edge] = memory.alive.get(edge, at)
            if sight.trouble:
                notes[edge] = sight.trouble
            continue
        doubt = _doubt(sight)
        if not doubt and suspicious and edge not in memory.dead:
            doubt = "all edges are silent at once, which rather is the way there: none is taken for dead"
        if not doubt:
            dead[edge] = memory.dead.get(edge, at)
        notes[edge] = doubt or f"neither it nor its front door answers, and {_deaf(sight)} not hear it"
    # Where others cannot be asked, what was known before is not forgotten; where they see the edge, it is.
    kept = {
        sight.edge: memory.dead[sight.edge]
        for sight in sights
        if sight.edge in memory.dead and not sight.reached and not _there(sight)
    }
    return Belief(
        seen=tuple(
            Seen(
                edge=sight.edge,
                requests=sight.requests,
                p99_ms=sight.p99_ms,
                alive_since=alive.get(sight.edge),
                dead_since=dead.get(sight.edge),
            )
            for sight in sights
        ),
        memory=Memory(alive, kept | dead),
        notes=notes,
    )


def _there(sight: Sight) -> bool:
    """Whether somebody else sees the edge."""
    return sight.door is True or any(sight.heard.values())


def _doubt(sight: Sight) -> str:
    """Why an edge that cannot be come to may live all the same; nothing where all say that it does not."""
    hearing = [core for core, hears in sight.heard.items() if hears]
    if sight.door:
        return "it cannot be come to, but its front door answers"
    if hearing:
        return f"it cannot be come to, but {' and '.join(hearing)} {_do(hearing, 'hear', 'hears')} it over the bridge"
    if sight.door is None:
        return "it cannot be come to, and nobody could try its front door"
    if not any(hears is False for hears in sight.heard.values()):
        return "it cannot be come to, and no core could be asked whether it hears it"
    return ""


def _deaf(sight: Sight) -> str:
    deaf = [core for core, hears in sight.heard.items() if hears is False]
    return f"{' and '.join(deaf)} {_do(deaf, 'do', 'does')}"


def _do(subjects: list[str], many: str, one: str) -> str:
    return many if len(subjects) > 1 else one
