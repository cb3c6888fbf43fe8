"""The difference between what is desired and what is observed: operations in waves, host by host.

A plan is data and may be printed, saved and compared: it never holds a secret, only digests. Knows its own shape and
its JSON; leaves how it is made to the engine's planner and how it is carried out to the engine's agent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from festning.model.catalog import Wave


class Kind(StrEnum):
    """What an operation does to its target."""

    INSTALL = "install"
    ACCOUNT = "account"
    MKDIR = "mkdir"
    WRITE = "write"
    CHMOD = "chmod"
    REMOVE = "remove"
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
class Operation:
    """One thing to do on a host.

    ``why`` is one line for the reader. ``diff`` is a unified diff of a text file, digests where the file is secret, or
    ``(binary)``. ``before`` and ``after`` are the SHA-256 of a file's content (:data:`ABSENT` where there is none): an
    apply refuses when the path is no longer what the plan saw; both are ``None`` where there is no content to compare.
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
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """What is to be done on one host, in order. ``reason`` and ``hint`` say why a host could not be reached.

    ``generation`` is the number of the last apply that changed the host; 0 when there was none.
    """

    host: str
    reachable: bool = True
    operations: tuple[Operation, ...] = ()
    reason: str = ""
    hint: str = ""
    generation: int = 0

    @property
    def changes(self) -> int:
        """How many operations change something: gates only wait, and what is drained is put back."""
        return sum(operation.kind not in _WAITING for operation in self.operations)

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
            "operations": [operation.document() for operation in self.operations],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The difference of a whole fortress, hosts in declared order."""

    fortress: str
    hosts: tuple[HostPlan, ...]

    @property
    def changes(self) -> int:
        return sum(host.changes for host in self.hosts)

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
        """The plan as ``plan --json`` prints it. The shape is stable."""
        return {
            "fortress": self.fortress,
            "changes": self.changes,
            "hosts": [host.document() for host in self.hosts],
        }
