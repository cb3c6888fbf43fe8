"""``up``: provision, apply, verify. The main job, and safe to repeat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from festning.engine.apply import ApplyResult
from festning.engine.connections import Connections
from festning.model.finding import Finding
from festning.model.fortress import Fortress
from festning.model.plan import Plan
from festning.providers.lab.doors import Door
from festning.providers.lab.lab import Lab
from festning.workflows.applying import apply
from festning.workflows.compiling import read_sources
from festning.workflows.judging import findings_of, load_judged
from festning.workflows.laboratory import Make, raise_lab
from festning.workflows.opening import Opened, Surroundings, open_fortress
from festning.workflows.progress import Progress
from festning.workflows.settling import verify_settled
from festning.workflows.verifying import Verification


@dataclass(frozen=True, slots=True)
class Raised:
    """What ``up`` did: the plan, how it was carried out, and what was verified (``None`` when apply was incomplete).

    ``doors`` are for the person who wants to open the services; only the lab has them. ``findings`` are what the policy
    has against the fortress, waived or only warned of.
    """

    fortress: Fortress
    plan: Plan
    result: ApplyResult
    verification: Verification | None
    doors: tuple[Door, ...]
    findings: tuple[Finding, ...]


def up(
    file: Path,
    surroundings: Surroundings,
    *,
    make: Make | None,
    now: Callable[[], datetime],
    token: Callable[[], str],
    progress: Progress,
) -> Raised:
    """Bring the fortress up and prove it: in the lab, its machines made as ``make`` says, or on real hosts."""
    opened = _provision(file, surroundings, make=make, now=now, progress=progress)
    return asyncio.run(_apply_and_verify(opened, surroundings, now, token, progress))


def _provision(
    file: Path, surroundings: Surroundings, *, make: Make | None, now: Callable[[], datetime], progress: Progress
) -> Opened:
    if make is None:
        fortress = load_judged(file, surroundings.today)
        if not any(host.rented for host in fortress.hosts):
            return open_fortress(file, surroundings, lab=False, create_vault=True)
        from festning.workflows.renting import raise_rented  # noqa: PLC0415 (only rented machines need it)

        return raise_rented(file, fortress, surroundings, now=now(), progress=progress)
    machines = Lab(load_judged(file, surroundings.today))
    return raise_lab(machines, read_sources(machines.fortress), make=make, now=now(), progress=progress)


async def _apply_and_verify(
    opened: Opened,
    surroundings: Surroundings,
    now: Callable[[], datetime],
    token: Callable[[], str],
    progress: Progress,
) -> Raised:
    sources = read_sources(opened.fortress)
    async with Connections([*opened.endpoints(), opened.client()]) as connections:
        plan, result = await apply(
            opened, sources, connections, operator=surroundings.operator, now=now(), progress=progress
        )
        verification = None
        if result.complete:
            verification = await verify_settled(opened, connections, now, token, progress, changed=plan.changes > 0)
    return Raised(
        fortress=opened.fortress,
        plan=plan,
        result=result,
        verification=verification,
        doors=opened.provider.doors() if isinstance(opened.provider, Lab) else (),
        findings=findings_of(opened.fortress, surroundings.today),
    )
