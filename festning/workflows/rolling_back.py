"""``rollback``: back to an earlier generation, by the same way that an apply goes forward.

Each host's own snapshot becomes its catalog; contents are on the host already and stay there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from festning.engine.apply import ApplyResult
from festning.engine.connections import Connections
from festning.engine.kept import KeptCatalog
from festning.engine.observe import observe
from festning.engine.planner import plan_host
from festning.engine.recall import recall_generations
from festning.errors import UsageError
from festning.model.facts import Unreachable
from festning.model.history import History
from festning.model.plan import HostPlan, Plan
from festning.workflows.applying import carry_out_patiently
from festning.workflows.opening import Opened, Surroundings, open_fortress
from festning.workflows.planning import Planned
from festning.workflows.progress import Progress
from festning.workflows.remembering import recall_history


@dataclass(frozen=True, slots=True)
class RolledBack:
    """How going back to generation ``number`` went; ``result`` is ``None`` where the person said no.

    ``new`` are hosts that were not managed then, and were left as they are.
    """

    number: int
    plan: Plan
    new: tuple[str, ...]
    result: ApplyResult | None


async def roll_back(
    file: Path,
    surroundings: Surroundings,
    number: int | None,
    agreed: Callable[[int, Plan], bool],
    *,
    lab: bool,
    progress: Progress,
) -> RolledBack:
    """Go back to generation ``number``, or to the one before the last. ``agreed`` is asked when something would change.

    Raises :class:`UsageError` for a generation that is not known, or that a host has forgotten in part.
    """
    opened = open_fortress(file, surroundings, lab=lab)
    async with Connections(opened.endpoints()) as connections:
        progress.stage(f"Ask {len(opened.fortress.hosts)} hosts what they remember")
        history = await recall_history(opened, connections)
        wanted = history.target(number)
        snapshots = history.snapshots(wanted)

        async def planning() -> Planned:
            return await _plan(opened, snapshots, history, connections)

        planned = await planning()
        result = None
        if not planned.plan.changes or agreed(wanted, planned.plan):
            planned, result = await carry_out_patiently(
                planned, planning, connections, surroundings.operator, progress, rolled_back_to=wanted
            )
    new = tuple(host for host, kept in snapshots.items() if kept is None)
    return RolledBack(number=wanted, plan=planned.plan, new=new, result=result)


async def _plan(
    opened: Opened, snapshots: Mapping[str, int | None], history: History, connections: Connections
) -> Planned:
    """The difference between what every host is and what its snapshot says."""
    wanted = {host: number for host, number in snapshots.items() if number is not None}
    memories = await recall_generations(wanted, connections)
    catalogs = {host: _kept(host, memory, opened) for host, memory in memories.items() if isinstance(memory, dict)}
    facts = await observe(catalogs, connections)
    lost = {one.host: one for one in (*history.unreachable, *memories.values()) if isinstance(one, Unreachable)}
    names = [host.name for host in opened.fortress.hosts]
    plans = []
    for name in names:
        if name in catalogs:
            plans.append(plan_host(catalogs[name], facts[name]))
        elif name in lost:
            plans.append(HostPlan(host=name, reachable=False, reason=lost[name].reason, hint=lost[name].hint))
        else:
            plans.append(HostPlan(host=name))
    nothing = {name: KeptCatalog(name, {}, {}, str, ()) for name in names if name not in catalogs}
    plan = Plan(fortress=opened.fortress.name, hosts=tuple(plans))
    return Planned(plan, {**nothing, **catalogs}, tuple(core.name for core in opened.fortress.cores))


def _kept(host: str, memory: dict[str, Any], opened: Opened) -> KeptCatalog:
    number = memory["generation"]["number"]
    if memory["missing"]:
        raise UsageError(
            f"{host} no longer has what generation {number} put at {', '.join(memory['missing'][:3])}",
            hint="festning history shows what else can be come back to; festning apply goes by the file",
        )
    vault = opened.vault
    return KeptCatalog(host, memory["generation"]["systems"], memory["texts"], vault.lookup, vault.secrets())
