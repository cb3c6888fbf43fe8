"""``watch``: look at the edges, decide, act, and go on; whatever goes wrong on the way is told and does not end it.

Looks and acts take turns: while something is changed nobody measures, and what was not measured never takes an edge
away. Nothing is kept but in memory: a watch that begins knows nothing of before, and so begins by waiting. Knows
neither how edges are measured (``measuring``) nor what an act does (``following``): those, clock and sleep are passed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, TypeVar

from festning.engine.apply import LockedError
from festning.errors import FestningError, UsageError
from festning.scaling.deciding import Decision, Kind, decide
from festning.scaling.measured import Moment, Seen, Window
from festning.scaling.presence import Memory, Sight, believe
from festning.workflows.measuring import Group

LOCKED_S = 20.0
"""After which an act is tried again that found somebody else at work."""
LONGEST_S = 3600.0
"""After which an act that keeps failing is tried again at the latest."""
UNFINISHED = "some of its edges have been on their way out, by somebody else's hand or one that was interrupted"
_NUMBER = re.compile(r"\b[0-9]+(\.[0-9]+)?\b")
T = TypeVar("T")


class View(Protocol):
    """The edges, as they can be looked at until the file changes."""

    @property
    def groups(self) -> Mapping[str, Group]: ...

    async def look(self) -> tuple[Sight, ...]:
        """All edges of all groups as they are now."""

    def outdated(self) -> bool:
        """Whether the fortress must be opened anew."""


@dataclass(frozen=True, slots=True)
class Acts:
    """What can be done to a group of edges. Both block until it is done, and give back what came of it, in words.

    They raise :class:`FestningError` for what failed; the same act then goes on where it ended.
    """

    resize: Callable[[str, int], str]
    """A group, and how many edges it is to have."""
    replace: Callable[[str], str]
    """An edge that is to get a new machine."""


@dataclass(frozen=True, slots=True)
class Surface:
    """What the watch has of the world: how the fortress is opened, acts, time, and how a coroutine is run to its end.

    ``clock`` is in seconds and never goes back.
    """

    open: Callable[[], AbstractAsyncContextManager[View]]
    acts: Acts
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    run: Callable[[Coroutine[object, object, Wanted | None]], Wanted | None]


class Said(StrEnum):
    DECIDED = "decided"
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    LOCKED = "locked"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the watch has to say.

    Of a look: what was seen, notes on edges that do not answer, and the decision; ``fresh`` when it is not what was
    said before. Of an act: how long it took and what came of it, or why it failed and in how many seconds it is tried
    again. ``TROUBLE`` is what keeps it from looking at all.
    """

    said: Said
    group: str = ""
    decision: Decision | None = None
    seen: tuple[Seen, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = True
    seconds: float | None = None
    again_s: float | None = None
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A decision that asks for an act."""

    group: str
    decision: Decision
    cool_down: float


@dataclass(slots=True)
class _Kept:
    """What is remembered of one group."""

    moments: list[Moment] = field(default_factory=list)
    changed_at: float | None = None
    half_made_since: float | None = None
    owed: Wanted | None = None
    failures: int = 0
    again_at: float = 0.0
    told: str = ""


class Watch:
    """A watch over all groups of a view. Use :meth:`watch`; :attr:`acting` tells what is under way."""

    def __init__(self, surface: Surface, tell: Callable[[Word], None], *, every_s: float, dry_run: bool) -> None:
        self._surface = surface
        self._tell = tell
        self._every_s = every_s
        self._dry_run = dry_run
        self._groups: dict[str, _Kept] = {}
        self._memory = Memory()
        self._opened = False
        self._trouble = ""
        self.acting: Wanted | None = None

    def watch(self, *, once: bool = False) -> None:
        """Watch until somebody ends it, or, with ``once``, for one look and what it asks for.

        Raises :class:`FestningError` where the fortress cannot be opened at the very beginning; later that is told.
        """
        while True:
            wanted = self._surface.run(self._look_until_wanted(once=once))
            if wanted is not None:
                self._act(wanted)
            if once or wanted is None:
                return

    async def _look_until_wanted(self, *, once: bool) -> Wanted | None:
        while True:
            try:
                async with self._surface.open() as view:
                    if not self._opened and not once:  # One look has no pace.
                        self._check_pace(view.groups)
                    self._opened, self._trouble = True, ""
                    wanted = await self._look_while_true(view, once=once)
                    if once or wanted is not None:
                        return wanted
            except (FestningError, OSError) as error:
                if not self._opened:
                    raise
                self._complain(error)
                # A change that failed half-way may be just why: then doing it again is the way out.
                owed = self._owed(self._surface.clock())
                if owed is not None:
                    return owed
                await self._surface.sleep(self._every_s)

    def _check_pace(self, groups: Mapping[str, Group]) -> None:
        """Raise :class:`UsageError` where looks are too far apart to tell what lasts from what does not."""
        for name, group in groups.items():
            shortest = min(group.bounds.up, group.bounds.dead)
            if self._every_s * 2 > shortest:
                raise UsageError(
                    f"a look every {self._every_s:g} s cannot tell what lasts {shortest:g} s, as {name} declares",
                    hint=f"--every {int(shortest / 2)}s or less, or a longer grow_after and replace_after",
                )

    async def _look_while_true(self, view: View, *, once: bool) -> Wanted | None:
        """Look at what was opened, as long as it is what the file says."""
        due = self._surface.clock()
        while not view.outdated():
            due += self._every_s
            await self._surface.sleep(max(0.0, due - self._surface.clock()))
            due = max(due, self._surface.clock())
            wanted = self._decided(view.groups, self._surface.clock(), await view.look())
            if once or wanted is not None:
                return wanted
        return None

    def _decided(self, groups: Mapping[str, Group], at: float, sights: Iterable[Sight]) -> Wanted | None:
        """Decide for every group, tell it, and give back the first act that is asked for."""
        belief = believe(sights, self._memory, at)
        self._memory = belief.memory
        seen = {one.edge: one for one in belief.seen}
        found: Wanted | None = None
        for name, group in groups.items():
            kept = self._groups.setdefault(name, _Kept())
            mine = tuple(seen[edge] for edge in group.edges)
            longest = group.bounds.down + group.bounds.up + self._every_s
            kept.moments = [moment for moment in kept.moments if at - moment.at <= longest] + [Moment(at, mine)]
            notes = {edge: note for edge, note in belief.notes.items() if edge in group.edges}
            decision = _mended(group, kept, mine, notes, at) or decide(
                group.bounds, Window(tuple(kept.moments), kept.changed_at)
            )
            self._tell_decision(name, kept, mine, decision, notes)
            wanted = decision.kind is not Kind.KEEP and not self._dry_run and at >= kept.again_at
            if wanted and found is None:
                found = Wanted(name, decision, group.bounds.cool_down)
        return found or self._owed(at)

    def _owed(self, at: float) -> Wanted | None:
        """An act that failed, once it is time to do it again: it may be half done, and no figure may ask for it."""
        return next((kept.owed for kept in self._groups.values() if kept.owed and at >= kept.again_at), None)

    def _tell_decision(
        self, group: str, kept: _Kept, seen: tuple[Seen, ...], decision: Decision, notes: Mapping[str, str]
    ) -> None:
        """Numbers change from look to look; what is said anew is another decision, or one for another reason."""
        about = _NUMBER.sub("", f"{decision.kind} {decision.reason} {notes}") + f" to {decision.count}"
        fresh, kept.told = about != kept.told, about
        self._tell(Word(said=Said.DECIDED, group=group, decision=decision, seen=seen, notes=notes, fresh=fresh))

    def _act(self, wanted: Wanted) -> None:
        """Do what is wanted. What goes wrong is told; an act is safe to do again, and is, after a while."""
        kept, decision = self._groups[wanted.group], wanted.decision
        began = self._surface.clock()
        self._tell(Word(said=Said.BEGUN, group=wanted.group, decision=decision))
        self.acting = wanted
        try:
            if decision.kind is Kind.REPLACE and decision.edge is not None:
                came = self._surface.acts.replace(decision.edge)
            else:
                came = self._surface.acts.resize(wanted.group, decision.count)
        except LockedError as error:
            self._put_off(Said.LOCKED, wanted, LOCKED_S, error.message)
        except FestningError as error:
            self._failed(wanted, error.message, error.hint or "")
        except Exception as error:  # noqa: BLE001  Whatever an act trips over, somebody must go on watching.
            self._failed(wanted, f"{type(error).__name__}: {error}", "")
        else:
            now = self._surface.clock()
            kept.half_made_since = None
            kept.changed_at, kept.owed, kept.failures, kept.again_at = now, None, 0, 0.0
            word = Word(said=Said.DONE, group=wanted.group, decision=decision, seconds=now - began, message=came)
            self._tell(word)
        if decision.edge is not None:
            self._memory = self._memory.without(
                decision.edge
            )  # Another machine: how long the old one was dead is over.
        self.acting = None

    def _failed(self, wanted: Wanted, message: str, hint: str) -> None:
        kept = self._groups[wanted.group]
        kept.failures += 1
        self._put_off(
            Said.FAILED, wanted, min(LONGEST_S, wanted.cool_down * 2.0 ** min(kept.failures - 1, 20)), message, hint
        )

    def _put_off(self, said: Said, wanted: Wanted, seconds: float, message: str, hint: str = "") -> None:
        kept, owed = self._groups[wanted.group], wanted
        if wanted.decision.kind is Kind.REPLACE:
            # What is measured asks again for an edge that is still dead. What failed half-way is only made whole, so
            # that nothing is destroyed which came back meanwhile.
            owed = replace(wanted, decision=replace(wanted.decision, kind=Kind.MEND, edge=None))
        kept.owed, kept.again_at = owed, self._surface.clock() + seconds
        self._tell(
            Word(said=said, group=wanted.group, decision=wanted.decision, again_s=seconds, message=message, hint=hint)
        )

    def _complain(self, error: FestningError | OSError) -> None:
        """Tell what keeps it from looking, once until it is something else."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            hint = error.hint if isinstance(error, FestningError) else None
            self._tell(Word(said=Said.TROUBLE, message=str(error), hint=hint or ""))


def _mended(group: Group, kept: _Kept, seen: Iterable[Seen], notes: Mapping[str, str], at: float) -> Decision | None:
    """What to do with a group that is half made, as by an interrupted act: wait for whoever is at it, then mend it.

    ``None`` for a group that is whole, and for one whose edges that do tell of themselves are enough to decide by.
    """
    mute = [one.edge for one in seen if one.alive_since is not None and one.edge in notes]
    if kept.owed is not None or not (group.unfinished or mute):
        kept.half_made_since = None
        return None
    since = kept.half_made_since = at if kept.half_made_since is None else kept.half_made_since
    if group.patience_s is not None and at - since >= group.patience_s:
        what = UNFINISHED if group.unfinished else f"{', '.join(mute)} cannot be measured, as if half made"
        return Decision(Kind.MEND, len(group.edges), f"for {at - since:.0f} s {what}")
    return Decision(Kind.KEEP, len(group.edges), f"{UNFINISHED}: that is waited for") if group.unfinished else None
