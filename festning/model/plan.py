"""The difference between what is desired and what is observed: operations in waves, host by host.

A plan is data and may be printed, saved and compared: it never holds a secret, only digests. Knows its own shape and
its JSON; leaves how it is made to the engine's planner and how it is carried out to the engine's agent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from festning.model.catalog import Wave
from festning.model.facts import Unreachable


class Kind(StrEnum):
    """What an operation does to its target."""

    INSTALL = "install"
    ACCOUNT = "account"
    MKDIR = "mkdir"
    WRITE = "write"
    CHMOD = "chmod"
    REMOVE = "remove"
    UNMASK = "unmask"
    ENABLE = "enable"
    DISABLE = "disable"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    RELOAD = "reload"
    STEP = "step"
    GATE = "gate"
    DRAIN = "drain"
    RESUME = "resume"


_WAITING = frozenset({Kind.GATE, Kind.DRAIN, Kind.RESUME})


ABSENT = "absent"
"""``before`` of an operation whose path did not exist when the plan was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """What is known of the last changes of an operation's target.

    ``at``, ``operator`` and ``generation`` are festning's own last change of it; ``since`` is when the host was changed
    otherwise after that, and ``by`` whoever the host can name for it. Times are ISO 8601, UTC; what is not known is
    empty or 0.
    """

    at: str = ""
    operator: str = ""
    generation: int = 0
    since: str = ""
    by: str = ""

    def document(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "operator": self.operator,
            "generation": self.generation,
            "since": self.since,
            "by": self.by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing to do on a host.

    ``why`` is one line for the reader. ``diff`` is a unified diff of a text file, digests where the file is secret,
    what a step's check told, or ``(binary)``. ``before`` and ``after`` are the SHA-256 of a file's content
    (:data:`ABSENT` where there is none); both are ``None`` where there is no content to compare. ``seen`` is what the
    plan saw at a path or of a unit, in one line: an apply refuses when a path is no longer that. ``version`` is that of
    a package that would be installed (empty: not asked, or not known).

    ``drift`` is whether it takes back what was changed on the host, and not by festning; ``last`` is what is known of
    the last changes.
    """

    wave: Wave
    system: str
    kind: Kind
    target: str
    why: str
    secret: bool = False
    diff: str | None = None
    before: str | None = None
    after: str | None = None
    seen: str | None = None
    version: str = ""
    drift: bool = False
    last: Last | None = None

    @property
    def waits(self) -> bool:
        """Whether it changes nothing: gates only wait, and what is drained is put back."""
        return self.kind in _WAITING

    def alike(self) -> Operation:
        """The same without what only tells of one host's past: equal where the same is to be done."""
        return replace(self, seen=None, last=None)

    def document(self) -> dict[str, Any]:
        """The operation as ``plan --json`` prints it."""
        return {
            "wave": self.wave.name.lower(),
            "system": self.system,
            "kind": self.kind.value,
            "target": self.target,
            "why": self.why,
            "secret": self.secret,
            "diff": self.diff,
            "before": self.before,
            "after": self.after,
            "seen": self.seen,
            "version": self.version,
            "drift": self.drift,
            "last": None if self.last is None else self.last.document(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """What is to be done on one host, in order. ``reason`` and ``hint`` say why a host could not be reached.

    ``generation`` is the number of the last apply that changed the host; 0 when there was none. ``notes`` are things
    seen on the host that are nobody's to change.
    """

    host: str
    reachable: bool = True
    operations: tuple[Operation, ...] = ()
    reason: str = ""
    hint: str = ""
    generation: int = 0
    notes: tuple[str, ...] = ()

    @classmethod
    def of_unreachable(cls, host: Unreachable) -> HostPlan:
        """Nothing can be planned where nothing is known."""
        return cls(host=host.host, reachable=False, reason=host.reason, hint=host.hint)

    @property
    def changes(self) -> int:
        """How many operations change something."""
        return sum(not operation.waits for operation in self.operations)

    def drains_in(self, wave: Wave) -> bool:
        """Whether something that serves is taken out of traffic in this wave."""
        return any(operation.kind is Kind.DRAIN for operation in self.in_wave(wave))

    def in_wave(self, wave: Wave) -> tuple[Operation, ...]:
        return tuple(operation for operation in self.operations if operation.wave is wave)

    def document(self) -> dict[str, Any]:
        return {
            "host": self.host,
            "reachable": self.reachable,
            "reason": self.reason,
            "hint": self.hint,
            "generation": self.generation,
            "notes": list(self.notes),
            "operations": [operation.document() for operation in self.operations],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The difference of a whole fortress, hosts in declared order.

    ``order`` names hosts in the order in which they go where hosts go one at a time; the others follow.
    """

    fortress: str
    hosts: tuple[HostPlan, ...]
    order: tuple[str, ...] = ()

    def in_order(self) -> tuple[HostPlan, ...]:
        """The hosts as they go where they go one at a time."""
        first = [self.of(name) for name in self.order]
        return (*first, *(host for host in self.hosts if host.host not in self.order))

    @property
    def changes(self) -> int:
        return sum(host.changes for host in self.hosts)

    @property
    def drift(self) -> int:
        """How many operations take back what was changed on a host, and not by festning."""
        return sum(operation.drift for _, operation in self.operations())

    @property
    def generation(self) -> int:
        """The number that carrying this out will have: one for the whole fortress, after the last that any host had."""
        return 1 + max((host.generation for host in self.hosts), default=0)

    @property
    def unreachable(self) -> tuple[HostPlan, ...]:
        return tuple(host for host in self.hosts if not host.reachable)

    def of(self, host: str) -> HostPlan:
        """The part of one host. Raises :class:`KeyError` for a host that the plan does not know."""
        for plan in self.hosts:
            if plan.host == host:
                return plan
        raise KeyError(host)

    def operations(self) -> Iterator[tuple[str, Operation]]:
        """Every operation with the name of its host."""
        for host in self.hosts:
            for operation in host.operations:
                yield host.host, operation

    def document(self) -> dict[str, Any]:
        """The plan as ``plan --json`` prints it. The shape is stable: keys may be added, none goes or changes.

        ``fortress``, ``changes`` (how many operations change something), ``drift`` (how many of those take back what
        was changed on a host), ``generation`` (the number that carrying it out will have), ``order`` (hosts as they go
        where they go one at a time; the others follow), and ``hosts`` in declared order: ``host``, ``reachable``,
        ``reason`` and ``hint`` (when it is not), ``generation`` (its last), ``notes``, and ``operations`` in the order
        in which they will be done. Of each: ``wave``, ``system``, ``kind``, ``target``, ``why``, ``secret``, ``diff``,
        ``before``, ``after``, ``seen``, ``version``, ``drift`` and ``last`` as in :class:`Operation` and :class:`Last`.
        """
        return {
            "fortress": self.fortress,
            "changes": self.changes,
            "drift": self.drift,
            "generation": self.generation,
            "order": list(self.order),
            "hosts": [host.document() for host in self.hosts],
        }
