"""How a plan looks: each host's operations with their reasons and diffs."""

from __future__ import annotations

from festning.cli.screen import Screen
from festning.model.plan import HostPlan, Kind, Plan


def show(screen: Screen, plan: Plan) -> None:
    """A plan: each host's operations with their reasons and diffs."""
    if screen.as_json:
        screen.json(plan.document())
        return
    for host in plan.hosts:
        _host_plan(screen, host)
    changing = sum(1 for host in plan.hosts if host.changes)
    screen.line(
        f"{plan.fortress}: {plan.changes} changes on {changing} hosts"
        if plan.changes
        else f"{plan.fortress}: no change" + (" on the hosts that answer" if plan.unreachable else "")
    )


def _host_plan(screen: Screen, host: HostPlan) -> None:
    if not host.reachable:
        screen.line(f"{host.host}: could not be reached: {host.reason}", "yellow")
        if host.hint:
            screen.line(f"  hint: {host.hint}")
        return
    if not host.changes:
        return
    screen.line(host.host, "bold")
    for operation in host.operations:
        if operation.kind is Kind.GATE:
            continue
        screen.line(f"  {operation.wave.name.lower():9} {operation.kind.value:8} {operation.target}  ({operation.why})")
        for line in (operation.diff or "").splitlines():
            screen.line(f"      {line}", {"+": "green", "-": "red"}.get(line[:1]))
