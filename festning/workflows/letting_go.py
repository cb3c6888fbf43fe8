"""``orphans``, and ``down`` without a lab: which rented machines are let go of, once somebody agreed.

Only what carries the fortress's own mark is ever destroyed. Leaves finding machines to ``renting``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from festning.errors import UsageError
from festning.model.fortress import Fortress
from festning.model.load import load_fortress
from festning.providers.cloud.calls import AGAIN
from festning.providers.cloud.rented import Rented
from festning.workflows.opening import Surroundings, open_vault
from festning.workflows.progress import Progress
from festning.workflows.renting import Rental, collect
from festning.workflows.wanting import place_of

Agreed = Callable[[Fortress, Sequence[Rented]], bool]
"""Asks the person to type the fortress's name, and tells whether they did."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """Machines that are, or were, rented under a fortress's name, and whether they have been destroyed."""

    fortress: Fortress
    machines: tuple[Rented, ...]
    gone: bool


def orphans(file: Path, surroundings: Surroundings) -> LetGo:
    """What is rented and not declared: also second machines of one host. Nothing is changed."""
    rental = _rental(file, surroundings)
    return LetGo(rental.fortress, _orphans(rental), gone=False)


def remove_orphans(file: Path, surroundings: Surroundings, agreed: Agreed, progress: Progress) -> LetGo:
    """Destroy what is rented and not declared. Raises :class:`UsageError` when the person does not agree."""
    rental = _rental(file, surroundings)
    return _let_go(rental, _orphans(rental), agreed, progress)


def take_down(file: Path, surroundings: Surroundings, agreed: Agreed, progress: Progress) -> LetGo:
    """Destroy everything that is rented under the fortress's name, and what it leaves behind.

    Raises :class:`UsageError` when nothing is rented by this file, or the person does not agree.
    """
    rental = _rental(file, surroundings)
    found = rental.look()
    machines = (*found.adopt.values(), *found.twins, *found.orphans)
    return _let_go(rental, machines, agreed, progress)


def _rental(file: Path, surroundings: Surroundings) -> Rental:
    fortress = load_fortress(file)
    if not any(place_of(site) for site in fortress.sites):
        raise UsageError(
            "this is for machines that festning made, and these hosts were there before it",
            hint="festning --lab down takes the lab away",
        )
    vault = open_vault(file, fortress, surroundings, create=False)
    return Rental.of(fortress, vault, surroundings, everywhere=True)


def _orphans(rental: Rental) -> tuple[Rented, ...]:
    found = rental.look()
    return (*found.orphans, *found.twins)


def _let_go(rental: Rental, machines: tuple[Rented, ...], agreed: Agreed, progress: Progress) -> LetGo:
    if machines and not agreed(rental.fortress, machines):
        raise UsageError("nothing was done: the name typed is not the fortress's", hint=f"it is {rental.fortress.name}")
    progress.stage(f"Destroy {len(machines)} machines")
    destroy = [partial(rental.cloud(one).destroy, rental.claim, one) for one in machines]
    sweep = [partial(cloud.sweep, rental.claim) for cloud in rental.clouds.values()]
    collect([*destroy, *sweep], hint=AGAIN)
    return LetGo(rental.fortress, machines, gone=True)
