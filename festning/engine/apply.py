"""Carrying out a plan over many hosts: waves in order, hosts side by side or one at a time, nobody blocked by the dead.

Every host that will change is locked before any host is changed, and stays locked until its last wave. A host that
fails or goes away is left out of later waves; where hosts go one at a time (data nodes, and wherever something that
serves is drained), those behind it are not attempted either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from festning.engine.bundle import Verb
from festning.engine.confirm import NOBODY_CAME, PUT_BACK, confirm, decided
from festning.engine.connections import Connections
from festning.engine.conversation import RUN_DIRECTORY, STATE_DIRECTORY, AgentError, Conversation, begin
from festning.engine.orders import Introduction, begin_request, wave_order
from festning.engine.sealed import SealedCatalog
from festning.errors import FestningError, HostUnreachableError
from festning.model.catalog import Wave
from festning.model.plan import HostPlan, Plan
from festning.model.saved import OutdatedPlanError

STAY_INTERVAL_S = 10.0
"""How often a host that waits for others is told that somebody is still there."""


class Outcome(StrEnum):
    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostResult:
    """How it went on one host.

    ``reason`` is one line, ``output`` what the program that refused has said (secrets blacked out), ``back`` what was
    done about it. ``system`` is the one that failed.
    """

    host: str
    outcome: Outcome
    reason: str = ""
    hint: str = ""
    system: str = ""
    output: str = ""
    back: tuple[str, ...] = ()
    done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """How it went on every host of the plan, in the plan's order."""

    hosts: tuple[HostResult, ...]

    def having(self, *outcomes: Outcome) -> tuple[HostResult, ...]:
        return tuple(result for result in self.hosts if result.outcome in outcomes)

    @property
    def complete(self) -> bool:
        """Whether every host is now as its catalog says."""
        return not self.having(Outcome.FAILED, Outcome.UNREACHABLE, Outcome.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Something that just happened on a host; ``event`` is ``start`` or ``done``."""

    host: str
    wave: Wave
    event: str
    kind: str
    target: str


class LockedError(FestningError):
    """Somebody else is changing a host right now."""

    def __init__(self, host: str, operator: str, since: str) -> None:
        super().__init__(
            f"{host}: {operator} has been changing this host since {since}",
            hint="wait until that apply has ended; its lock goes with it, even if it crashed",
        )
        self.host = host
        self.operator = operator
        self.since = since


def _nobody_watches(_: Progress) -> None:
    """The default audience."""


async def apply(
    plan: Plan,
    catalogs: Mapping[str, SealedCatalog],
    connections: Connections,
    *,
    operator: str,
    serial_order: Sequence[str] = (),
    rolled_back_to: int | None = None,
    exactly: bool = False,
    progress: Callable[[Progress], None] = _nobody_watches,
    state_directory: str = STATE_DIRECTORY,
    run_directory: str = RUN_DIRECTORY,
) -> ApplyResult:
    """Make it so.

    ``operator`` is who does it, for the hosts' journals and for the next one who finds the lock taken. ``serial_order``
    is the order of hosts in waves that go one at a time; hosts that it leaves out follow in the plan's order.
    ``rolled_back_to`` is the generation that the plan goes back to, for the hosts' records. With ``exactly``, all hosts
    that the plan could reach must be there and as the plan saw them. Raises :class:`LockedError`, with nothing changed
    anywhere, when somebody else is changing one of the hosts, and :class:`OutdatedPlanError` when one moved.
    """
    order = [*serial_order, *(host.host for host in plan.hosts if host.host not in serial_order)]
    turns = [
        _HostApply(host, catalogs[host.host], connections, progress, state_directory)
        for host in sorted(plan.hosts, key=lambda host: order.index(host.host))
    ]
    introduction = Introduction(
        operator=operator,
        fortress=plan.fortress,
        state_directory=state_directory,
        run_directory=run_directory,
        generation=plan.generation,
        rolled_back_to=rolled_back_to,
        exactly=exactly,
    )
    try:
        await _all(turn.begin(introduction) for turn in turns)
        if exactly:
            _refuse_what_moved(turns)
        for wave in Wave:
            await _carry_out(wave, [turn for turn in turns if turn.has_work_in(wave)])
        await _all(turn.finish() for turn in turns)
    finally:
        await _all(turn.leave() for turn in turns)
    results = {turn.host: turn.result() for turn in turns}
    return ApplyResult(hosts=tuple(results[host.host] for host in plan.hosts))


def _refuse_what_moved(turns: Iterable[_HostApply]) -> None:
    moved = [turn.result() for turn in turns if turn.planned and not turn.going]
    if moved:
        lines = "".join(f"\n  {one.host}: {one.reason}" for one in moved)
        raise OutdatedPlanError(
            f"the hosts moved since the plan was made; nothing was changed:{lines}", hint=moved[0].hint
        )


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Everything at once and to its end, then the first error if there was one."""
    results = await asyncio.gather(*works, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _carry_out(wave: Wave, turns: list[_HostApply]) -> None:
    """Hosts that interrupt nothing at once, then the others one by one: what they drain stands in for each other."""
    if not wave.serial:
        await _all(turn.carry_out(wave) for turn in turns if not turn.drains_in(wave))
        turns = [turn for turn in turns if turn.drains_in(wave)]
    for at, turn in enumerate(turns):
        await turn.carry_out(wave)
        if not turn.going:
            for later in turns[at + 1 :]:
                later.skip(f"not attempted in wave {wave.name.lower()}, as {turn.host} did not come through it")
            return


class _HostApply:
    """One host's way through the waves."""

    def __init__(
        self,
        plan: HostPlan,
        sealed: SealedCatalog,
        connections: Connections,
        progress: Callable[[Progress], None],
        state_directory: str,
    ) -> None:
        self.host = plan.host
        self._state_directory = state_directory
        self._plan = plan
        self._orders = {wave: wave_order(plan, sealed, wave) for wave in Wave}
        self._sealed = sealed
        self._redact = sealed.redact
        self._connections = connections
        self._progress = progress
        self._conversation: Conversation | None = None
        self._staying: asyncio.Task[None] | None = None
        self._ending: HostResult | None = None
        self._done = 0

    @property
    def planned(self) -> bool:
        """Whether the plan could reach the host."""
        return self._plan.reachable

    @property
    def going(self) -> bool:
        return self._ending is None

    def has_work_in(self, wave: Wave) -> bool:
        return self.going and self._orders.get(wave) is not None

    def drains_in(self, wave: Wave) -> bool:
        return self._plan.drains_in(wave)

    async def begin(self, introduction: Introduction) -> None:
        """Take the lock. Raises :class:`LockedError` when somebody else has it."""
        if not self._plan.reachable:
            self._end(Outcome.UNREACHABLE, reason=self._plan.reason, hint=self._plan.hint)
        elif self._plan.operations:
            await self._guarded(self._begin(introduction))

    async def carry_out(self, wave: Wave) -> None:
        order = self._orders.get(wave)
        if order is not None and self.going:
            carry_out = self._carry_out_guarded if "watchdog" in order else self._carry_out
            await self._guarded(carry_out(wave, order))

    async def finish(self) -> None:
        """Let the agent end by itself, so that its records are whole and the lock is free when the apply is over."""
        skipped = self._ending is not None and self._ending.outcome is Outcome.SKIPPED
        if self._conversation is not None and (self.going or skipped):
            await self._stop_staying()
            await self._guarded(self._finish(self._conversation))

    async def _finish(self, conversation: Conversation) -> None:
        if self._ending is None:
            await conversation.say({"complete": True})
            await conversation.hear()
        else:
            await conversation.say({"incomplete": self._ending.reason})
        await conversation.finish()

    async def leave(self) -> None:
        await self._stop_staying()
        if self._conversation is not None:
            await self._conversation.leave()

    def skip(self, reason: str) -> None:
        self._end(Outcome.SKIPPED, reason=reason)

    def result(self) -> HostResult:
        if self._ending is not None:
            return self._ending
        return HostResult(host=self.host, outcome=Outcome.CHANGED if self._done else Outcome.OK, done=self._done)

    async def _begin(self, introduction: Introduction) -> None:
        connection = await self._connections.to(self.host)
        request = begin_request(self._plan, self._sealed, introduction)
        conversation = self._conversation = await begin(self.host, connection, Verb.APPLY, request)
        answer = await conversation.hear()
        if "locked" in answer:
            raise LockedError(self.host, answer["locked"]["operator"], answer["locked"]["since"])
        if "moved" in answer:
            reason = f"changed since the plan was made: {', '.join(answer['moved'])}"
            self._end(Outcome.FAILED, reason=reason, hint="plan again and look at the difference")
            return
        self._staying = asyncio.create_task(_stay(conversation))

    async def _carry_out(self, wave: Wave, order: dict[str, Any]) -> None:
        if self._conversation is None:
            return
        await self._conversation.say(order)
        while "result" not in (answer := await self._conversation.hear()):
            if "confirm" in answer:
                await self._confirm(self._conversation)
                continue
            self._done += answer["event"] == "done"
            self._progress(
                Progress(host=self.host, wave=wave, event=answer["event"], kind=answer["kind"], target=answer["target"])
            )
        if answer["result"] != "ok":
            self._end(
                Outcome.FAILED,
                reason=self._redact(answer["reason"]),
                system=answer.get("system", ""),
                output=self._redact(answer["output"]),
                back=tuple(self._redact(line) for line in answer["back"]),
            )

    async def _confirm(self, conversation: Conversation) -> None:
        """Prove that one can still get in; otherwise have the change put back."""
        if not await confirm(self.host, self._connections, self._state_directory):
            await conversation.say({"revert": True})

    async def _carry_out_guarded(self, wave: Wave, order: dict[str, Any]) -> None:
        """Where even the old connection is lost, the host puts the change back by itself, and lets one in again."""
        try:
            await self._carry_out(wave, order)
        except HostUnreachableError:
            if await decided(self.host, self._connections, self._state_directory) != "reverted":
                raise
            self._end(Outcome.FAILED, reason=NOBODY_CAME, back=(PUT_BACK,))

    async def _guarded(self, work: Awaitable[None]) -> None:
        """What goes wrong with one host ends that host's way and nobody else's."""
        try:
            await work
        except HostUnreachableError as error:
            self._end(Outcome.UNREACHABLE, reason=error.message, hint=error.hint or "")
        except AgentError as error:
            self._end(Outcome.FAILED, reason=self._redact(error.message), hint=error.hint or "")

    async def _stop_staying(self) -> None:
        if self._staying is not None:
            self._staying.cancel()
            await asyncio.wait([self._staying])
            self._staying = None

    def _end(
        self,
        outcome: Outcome,
        *,
        reason: str,
        hint: str = "",
        system: str = "",
        output: str = "",
        back: tuple[str, ...] = (),
    ) -> None:
        self._ending = HostResult(
            host=self.host,
            outcome=outcome,
            reason=reason,
            hint=hint,
            system=system,
            output=output,
            back=back,
            done=self._done,
        )


async def _stay(conversation: Conversation) -> None:
    """Tell an agent that waits for its next wave, while other hosts are at theirs, that it is not forgotten."""
    while True:
        await asyncio.sleep(STAY_INTERVAL_S)
        try:
            await conversation.say({"stay": True})
        except HostUnreachableError:
            return  # Whoever talks to the host next finds out, and reports it.
