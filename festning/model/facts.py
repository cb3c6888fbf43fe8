"""The observed state of a host, as the engine saw it in one look.

Knows what a fact means (is this unit running as wanted, is this path as wanted); leaves how facts are gathered to
``engine`` and what follows from them to the planner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from festning.errors import FestningError
from festning.model.catalog import Wave


class PathKind(StrEnum):
    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFact:
    """A path that exists. ``sha256`` is set for files only.

    ``content`` is there only for a text file that is smaller than 256 KiB, differs from what was expected and is
    declared without a secret; it is never part of a representation, as people do leave passwords in files.
    ``modified`` is when the content was last written, ``changed`` when anything of it was (mode and owner as well), in
    seconds since the epoch by the host's clock; 0 where that is not known.
    """

    kind: PathKind
    mode: int
    owner: str
    group: str
    sha256: str | None = None
    content: str | None = field(default=None, repr=False)
    modified: int = 0
    changed: int = 0

    @property
    def token(self) -> str:
        """All that may not have moved between a plan and its apply, in one line. The agent makes the same line."""
        return f"{self.kind.value} {self.mode:04o} {self.owner}:{self.group} {self.sha256 or '-'}"


_ENABLED = frozenset(
    {"enabled", "enabled-runtime", "static", "indirect", "alias", "generated", "linked", "linked-runtime", "transient"}
)
_NOT_ENABLED = frozenset({"", "disabled", "static", "indirect", "alias", "generated", "transient", "masked", "bad"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFact:
    """A unit as ``systemctl show`` tells it (systemd's org.freedesktop.systemd1(5) has the values).

    ``ran`` is whether its main process was started since boot; ``condition_failed`` whether systemd looked at the
    unit's own conditions and left it alone because of them. ``since`` is when its state last changed, in seconds since
    the epoch by the host's clock; 0 when it did not since boot.
    """

    load: str
    active: str
    sub: str = ""
    file_state: str = ""
    type: str = ""
    result: str = "success"
    ran: bool = False
    remains: bool = False
    condition_failed: bool = False
    needs_daemon_reload: bool = False
    since: int = 0

    @property
    def token(self) -> str:
        """All that may not have moved between a plan and its apply, in one line. The agent makes the same line."""
        return f"{self.load} {self.active} {self.file_state or '-'}"

    @property
    def exists(self) -> bool:
        return self.load not in ("not-found", "")

    @property
    def is_running(self) -> bool:
        """Whether "running" is satisfied.

        So it is, too, for a oneshot that did its work and left, and for a unit that its own conditions keep away.
        A unit that systemd is still trying to restart is not running.
        """
        if self.active in ("active", "reloading", "refreshing"):
            return True
        done = self.type == "oneshot" and not self.remains and self.ran and self.result == "success"
        return self.active == "inactive" and (done or self.condition_failed)

    @property
    def is_stopped(self) -> bool:
        return self.active in ("inactive", "failed")

    @property
    def is_enabled(self) -> bool:
        """Whether "enabled" is satisfied; units that cannot be enabled (static and the like) satisfy it as they are."""
        return self.file_state in _ENABLED

    @property
    def is_masked(self) -> bool:
        """Whether somebody made it impossible to start."""
        return self.file_state in ("masked", "masked-runtime")

    @property
    def is_disabled(self) -> bool:
        return self.file_state in _NOT_ENABLED


NO_UNIT = UnitFact(load="not-found", active="inactive")
"""What is known of a unit that the host does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What festning last put at a path: ``sha256`` of a file's content (``None``: a directory), when, by whom.

    ``at`` is ISO 8601, UTC, by the host's clock; ``generation`` the number of that apply.
    """

    sha256: str | None
    at: str
    operator: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedSystem:
    """What an earlier apply placed on the host for one system, in the order in which it was placed."""

    system: str
    wave: Wave
    paths: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    placed: Mapping[str, Placed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """A system whose files an earlier apply changed without coming to its end.

    ``restart`` and ``reload`` are reactions that are still owed; ``temporaries`` are files that were left lying about.
    """

    system: str
    restart: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()
    temporaries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """Everything seen on a host at one time.

    ``paths`` holds only what exists; ``packages`` maps installed packages to their versions; ``foreign`` maps purged
    directories to the entries that no catalog declares; ``steps`` maps steps to whether their check succeeded, and
    ``said`` those that tell what is wrong to what they said;
    ``held`` is whether units that packages brought still wait for an apply that was interrupted;
    ``generation`` is the number of the last apply that changed the host (0: none that is known); ``time`` is the host's
    own clock in seconds since the epoch.
    """

    host: str
    paths: Mapping[str, PathFact] = field(default_factory=dict)
    units: Mapping[str, UnitFact] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    accounts: frozenset[str] = frozenset()
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    steps: Mapping[str, bool] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    held: bool = False
    managed: tuple[ManagedSystem, ...] = ()
    interrupted: tuple[Interrupted, ...] = ()
    generation: int = 0
    os_release: Mapping[str, str] = field(default_factory=dict)
    boot_id: str = ""
    time: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """A host of which nothing is known, and why."""

    host: str
    reason: str
    hint: str = ""

    @classmethod
    def because(cls, host: str, error: FestningError) -> Unreachable:
        """In the words of what went wrong."""
        return cls(host=host, reason=error.message, hint=error.hint or "")
