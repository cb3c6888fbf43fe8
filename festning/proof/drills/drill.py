"""What a drill is: a fault, how long it is left, and what is asked of the fortress meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from festning.proof.faults.fault import Fault
from festning.proof.faults.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What is asked besides what is asked of every drill: nothing acknowledged is lost, and all is well again.

    Gaps are in milliseconds. ``write_gap_ms`` and ``read_gap_ms`` hold at every door that the fault does not hit,
    ``hurt_gap_ms`` at those that it hits. ``failed_reads`` and ``failed_writes`` are how many may fail at doors
    that it does not hit; ``in_flight`` leaves those out of the count that were on their way when it was noticed.
    ``recovered_s`` counts from the heal.
    """

    write_gap_ms: float | None = None
    read_gap_ms: float | None = None
    hurt_gap_ms: float | None = None
    failed_reads: int | None = None
    failed_writes: int | None = None
    in_flight: bool = False
    same_writer: bool = False
    minority_refuses: bool = False
    recovered_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Timed:
    """A fault that begins some seconds after the drill does, and is healed some seconds after it was seen."""

    fault: Fault
    at_s: float
    hold_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A drill as it is listed. ``safe`` says that it may be run on hosts that serve real people.

    ``faults`` makes its faults for a running fortress, or says in a sentence why this fortress has no place for it.
    With ``by_name`` people come by the services' names, wherever these lead, and not to each front door by itself.
    """

    name: str
    about: str
    faults: Callable[[Parts], tuple[Timed, ...] | str]
    asks: Asks
    safe: bool = False
    lasts_s: float = 25.0
    isolates_writer: bool = False
    by_name: bool = False
