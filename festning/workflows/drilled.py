"""The stack that is drilled: where its parts are, how one sees that it is well, and how all of it is restarted.

A drill knows nothing else of what it breaks. So a stack that is not festning's, but stands on the hosts of a fortress,
can be put through the same drills and be measured beside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from festning.engine.connections import Connections
from festning.model.drill import Sight
from festning.model.fortress import Fortress
from festning.proof.faults.fault import Operation
from festning.proof.faults.parts import Parts
from festning.workflows.drill_parts import parts_of, writer_of
from festning.workflows.hands import Hands
from festning.workflows.loading import Places, places_by_name, places_of
from festning.workflows.opening import Opened
from festning.workflows.watching import Watch


class Watching(Protocol):
    """Eyes on a stack: what they saw, and what is not as it is to be now."""

    @property
    def sights(self) -> Sequence[Sight]: ...

    def trouble(self) -> tuple[str, ...]: ...


class Stack(Protocol):
    """A stack that is up, on the hosts of :attr:`fortress`."""

    @property
    def fortress(self) -> Fortress: ...

    def places(self, per_second: float) -> Places:
        """Where a load goes in, with so many requests a second in each stream."""

    def watch(self) -> AbstractAsyncContextManager[Watching]:
        """Watch its parts while the context is open."""

    async def parts(self) -> Parts:
        """What its parts are called, as they are now. Raises :class:`FestningError` when it cannot be drilled."""

    async def writer(self) -> str | None:
        """The data node that takes the writes now, if that is known."""

    def places_by_name(self, per_second: float) -> Places:
        """The same for people who come by the services' names. Raises :class:`FestningError` where there are none."""

    async def operate(self, operation: Operation) -> str:
        """Do what its operator would, and say what was done. Raises :class:`FestningError` for what did not work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FestningStack:
    """The stack that festning compiles. ``operating`` does an operator's work on it and says what it did."""

    opened: Opened
    connections: Connections
    hands: Hands
    clock: Callable[[], float]
    operating: Callable[[Operation], Awaitable[str]]

    @property
    def fortress(self) -> Fortress:
        return self.opened.fortress

    def places(self, per_second: float) -> Places:
        return places_of(self.opened, per_second)

    def watch(self) -> Watch:
        return Watch(self.fortress, self.hands, self.clock)

    async def parts(self) -> Parts:
        return await parts_of(self.opened, self.connections, datetime.fromtimestamp(self.clock(), UTC))

    async def writer(self) -> str | None:
        return await writer_of(self.fortress, self.connections)

    def places_by_name(self, per_second: float) -> Places:
        return places_by_name(self.opened, per_second)

    async def operate(self, operation: Operation) -> str:
        return await self.operating(operation)
