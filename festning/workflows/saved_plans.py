"""``plan --out`` and ``apply FILE``: a plan that is saved, read by people, and then applied exactly so or not at all.

An apply of a saved plan makes its own plan and compares: the file decides whether, never what. Nothing is changed
anywhere when anything differs.
"""

from __future__ import annotations

import os
from datetime import datetime
from itertools import islice
from pathlib import Path

from festning import __version__
from festning.engine.apply import ApplyResult
from festning.engine.connections import Connections
from festning.engine.fingerprint import fingerprint
from festning.errors import UsageError
from festning.model.plan import Plan
from festning.model.saved import OutdatedPlanError, SavedPlan, differences, read_saved
from festning.systems.galera.recovery.formation import Formation
from festning.workflows.applying import carry_out_patiently
from festning.workflows.compiling import Sources, read_sources
from festning.workflows.completing import complete_vault
from festning.workflows.opening import Opened, Surroundings, open_fortress
from festning.workflows.planning import Planned, explained, make_plan, seal
from festning.workflows.progress import Progress

_TOLD = 8
"""Differences that are told one by one."""
_HINT = "festning plan --out FILE makes a new one; look at it, and apply that"


async def save(file: Path, surroundings: Surroundings, out: Path, *, lab: bool, now: datetime) -> Plan:
    """Plan and save the plan at ``out`` (mode 0600). Completes the vault, so that the plan knows what it will place."""
    opened = open_fortress(file, surroundings, lab=lab)
    sources = read_sources(opened.fortress)
    complete_vault(opened, sources, now)
    async with Connections(opened.endpoints()) as connections:
        planned = await make_plan(opened, sources, connections)
        plan = await explained(planned, connections)
    saved = SavedPlan(
        plan=plan,
        made_at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        made_by=surroundings.operator,
        made_with=__version__,
        lab=lab,
        declared=_declared(opened, sources),
        aimed=_aimed(planned),
    )
    _write(out, saved.text())
    return plan


async def apply_saved(
    file: Path, surroundings: Surroundings, chosen: Path, *, lab: bool, progress: Progress
) -> tuple[Plan, ApplyResult]:
    """Carry out the plan in the file ``chosen``.

    Raises :class:`UsageError` when the file is not a plan for this fortress, and :class:`OutdatedPlanError`, with
    nothing changed anywhere, when what is declared or any host is not what the plan saw.
    """
    saved = read_saved(_read(chosen), str(chosen))
    opened = open_fortress(file, surroundings, lab=lab)
    _for_this_fortress(saved, opened, chosen, lab=lab)
    sources = read_sources(opened.fortress)
    _as_declared(saved, opened, sources)
    async with Connections(opened.endpoints()) as connections:
        progress.stage(f"Look at {len(opened.fortress.hosts)} hosts")

        async def planning() -> Planned:
            planned = await make_plan(opened, sources, connections)
            _as_seen(saved, planned)
            return planned

        operator = surroundings.operator
        first = await planning()
        planned, result = await carry_out_patiently(first, planning, connections, operator, progress, exactly=True)
    return planned.plan, result


def _for_this_fortress(saved: SavedPlan, opened: Opened, chosen: Path, *, lab: bool) -> None:
    if saved.plan.fortress != opened.fortress.name:
        raise UsageError(
            f"{chosen} is a plan for {saved.plan.fortress}, and this fortress is {opened.fortress.name}",
            hint="--file names the fortress",
        )
    if saved.lab != lab:
        raise UsageError(f"{chosen} is a plan for the {'lab' if saved.lab else 'real hosts'}", hint="see --lab")


def _as_declared(saved: SavedPlan, opened: Opened, sources: Sources) -> None:
    """Raises :class:`OutdatedPlanError` when the file, a source or the vault says something else than then."""
    now = _declared(opened, sources)
    other = [host for host in {**saved.declared, **now} if saved.declared.get(host) != now.get(host)]
    if other:
        raise OutdatedPlanError(
            f"the declaration changed since the plan was made ({_made(saved)}): the file, the services' sources or the "
            f"vault now say something else for {', '.join(other)}; nothing was changed",
            hint=_HINT,
        )


def _as_seen(saved: SavedPlan, planned: Planned) -> None:
    """Raises :class:`OutdatedPlanError` when a host moved."""
    found = differences(saved.plan, planned.plan)
    told = [*islice(found, _TOLD)]
    more = sum(1 for _ in found)
    if not told and dict(saved.aimed) != _aimed(planned):
        told = ["the database would be started in another way"]
    if told:
        lines = "".join(f"\n  {line}" for line in [*told, *([f"and {more} more"] if more else [])])
        raise OutdatedPlanError(
            f"the hosts moved since the plan was made ({_made(saved)}); nothing was changed:{lines}", hint=_HINT
        )


def _declared(opened: Opened, sources: Sources) -> dict[str, str]:
    return {name: fingerprint(sealed) for name, sealed in seal(opened, sources, Formation.running()).items()}


def _aimed(planned: Planned) -> dict[str, str]:
    return {name: fingerprint(sealed) for name, sealed in planned.catalogs.items()}


def _made(saved: SavedPlan) -> str:
    return f"{saved.made_at} by {saved.made_by}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"{path} cannot be read: {reason}", hint="festning plan --out FILE makes a plan") from error


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and for its owner only: differences of files are nobody else's."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o600)
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint="choose another --out") from error
