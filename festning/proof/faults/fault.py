"""What a fault is: acts that inject it, acts that heal it, and signs that tell which of the two is the case."""

from __future__ import annotations

from dataclasses import dataclass

DEAD_MAN_S = 180
"""A fault that holds a host heals itself after this time, even when nobody is left to heal it."""
FOLDER = "/run/festning-drill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Shell, run as root on a host's own ground: it must get there even when the host's network is cut."""

    host: str
    text: str
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Power:
    """A machine loses its power, silently, or gets it back with the disk that it had."""

    host: str
    on: bool


@dataclass(frozen=True, slots=True)
class SiteLink:
    """A whole site loses its network, silently, or gets it back."""

    site: str
    up: bool


@dataclass(frozen=True, slots=True)
class RollingRestart:
    """Everything is restarted in waves, as ``festning restart`` does."""


@dataclass(frozen=True, slots=True)
class TellNames:
    """Whoever asks for a service's name is told who answers for it now."""


@dataclass(frozen=True, slots=True)
class Rescale:
    """A group of edges gets another count, as ``festning scale`` does it."""

    group: str
    count: int


@dataclass(frozen=True, slots=True)
class Relocate:
    """A group of edges moves to another site, as ``festning move`` does it."""

    group: str
    site: str


Operation = RollingRestart | TellNames | Rescale | Relocate
"""What an operator does on purpose: no fault, and yet nothing may be lost in it."""
Act = Script | Power | SiteLink | Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A look that ends with status 0 when it is so. What it prints is the evidence.

    ``host`` is where ``text`` runs; a sign of :class:`Power` or :class:`SiteLink` is looked at by the provider.
    """

    what: str
    host: str = ""
    text: str = ""
    state: Power | SiteLink | None = None
    patience_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault with its heal.

    ``hits`` are the hosts that it hits: what is felt at their front doors, and by programs on them, is no surprise.
    ``silences`` are those that cannot be looked at while it lasts, not even by :class:`Script`: they have no power.
    ``prepare`` and ``restore`` surround it where it needs a stage of its own. One that ``heals_itself`` is left to the
    fortress; its ``heal`` is only for when that fails. One that is ``planned`` is an operator's work, which takes its
    time: no safety limit cuts it short.
    """

    name: str
    what: str
    inject: tuple[Act, ...]
    observed: tuple[Sign, ...]
    heal: tuple[Act, ...] = ()
    gone: tuple[Sign, ...] = ()
    hits: frozenset[str] = frozenset()
    silences: frozenset[str] = frozenset()
    prepare: tuple[Act, ...] = ()
    restore: tuple[Act, ...] = ()
    heals_itself: bool = False
    planned: bool = False


def lasting(name: str, host: str, *, inject: str, heal: str) -> tuple[Script, Script]:
    """A state that a host is put into, and the way out of it, which the host takes by itself after a while."""
    unit = f"festning-drill-{name}"
    begin = f"""set -eu
mkdir -p {FOLDER}
cat >{FOLDER}/{name}.heal <<'HEAL'
{heal.rstrip()}
HEAL
systemctl stop {unit}.timer 2>/dev/null || true
systemd-run --quiet --collect --unit={unit} --on-active={DEAD_MAN_S} sh {FOLDER}/{name}.heal
{inject.rstrip()}
"""
    end = f"""systemctl stop {unit}.timer 2>/dev/null || true
{heal.rstrip()}
rm -f {FOLDER}/{name}.heal
"""
    return Script(host=host, text=begin), Script(host=host, text=end)
