"""Drills made by chance, and made again from the same seed. Pure: chance is passed in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random

from festning.proof.drills.catalog import DRILLS
from festning.proof.drills.drill import Asks, Drill, Timed
from festning.proof.faults.fault import Fault, Script
from festning.proof.faults.parts import Parts

LEFT_OUT = frozenset(
    {"blackout", "rolling-restart", "fill-disk", "clock-skew", "isolate-writer", "scale-edges", "move-edges"}
)
"""Those that touch everything, take their own time, or need a stage of their own: nothing can be combined with them."""
EARLIEST_S, LATEST_S = 0.0, 3.0
SHORTEST_S, LONGEST_S = 2.0, 8.0


def by_chance(count: int, seed: int) -> Iterator[Drill]:
    """``count`` drills of one fault or two; what is asked of them is that nothing is lost and all comes back."""
    chance = Random(seed)  # noqa: S311 (it is to be made again, not to be secret)
    singles = [drill for drill in DRILLS if drill.name not in LEFT_OUT]
    for number in range(1, count + 1):
        chosen = chance.sample(singles, chance.choice((1, 2, 2)))
        times = [
            (round(chance.uniform(EARLIEST_S, LATEST_S), 1), round(chance.uniform(SHORTEST_S, LONGEST_S), 1))
            for _ in chosen
        ]
        names = " and ".join(drill.name for drill in chosen)
        yield Drill(
            name=f"random-{seed}-{number}",
            about=names,
            faults=partial(_together, tuple(chosen), tuple(times)),
            asks=Asks(),
            lasts_s=40,
        )


def _together(
    drills: tuple[Drill, ...], times: tuple[tuple[float, float], ...], parts: Parts
) -> tuple[Timed, ...] | str:
    """The faults of several drills, each at its time. One that this fortress has no place for is left out, as is one
    that another has taken the ground of. Signs are looked for where no other fault has taken the power."""
    found: list[Timed] = []
    for drill, (at_s, hold_s) in zip(drills, times, strict=True):
        faults = drill.faults(parts)
        if isinstance(faults, str) or any(_touches(one.fault, other.fault) for one in faults for other in found):
            continue
        found += (replace(one, at_s=at_s, hold_s=hold_s) for one in faults)
    silent = frozenset[str]().union(*(one.fault.silences for one in found))
    seen = tuple(replace(one, fault=_seen_without(silent, one.fault)) for one in found)
    return seen or "none of the faults that chance chose fits this fortress"


def _seen_without(silent: frozenset[str], fault: Fault) -> Fault:
    """With the signs that somebody else can look for. Were there none, all stay, so that it counts as not seen."""
    return replace(fault, observed=tuple(sign for sign in fault.observed if sign.host not in silent) or fault.observed)


def _touches(one: Fault, other: Fault) -> bool:
    """Whether two faults would do something to the same host."""
    return bool(_ground(one) & _ground(other))


def _ground(fault: Fault) -> frozenset[str]:
    return fault.hits | {act.host for act in (*fault.inject, *fault.heal) if isinstance(act, Script)}
