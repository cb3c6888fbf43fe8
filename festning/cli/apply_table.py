"""How the end of an apply looks: host by host, and what failed with what its program said."""

from __future__ import annotations

from typing import Any

from festning.cli.screen import Screen
from festning.engine.apply import ApplyResult, HostResult, Outcome
from festning.model.plan import Plan


def show(screen: Screen, plan: Plan, result: ApplyResult) -> None:
    """How an apply went, host by host; what failed, with what its program said."""
    if screen.as_json:
        screen.json({"fortress": plan.fortress, "complete": result.complete, "hosts": results(result)})
        return
    if result.complete and not plan.changes:
        screen.line(f"{plan.fortress}: nothing to change")
        return
    rows = [(host.host, host.outcome.value, str(host.done), host.reason) for host in result.hosts]
    screen.table(f"{plan.fortress}: applied", ("host", "outcome", "done", "reason"), rows)
    for host in result.having(Outcome.FAILED, Outcome.UNREACHABLE):
        _failure(screen, host)
    if not result.complete:
        screen.line("some hosts are not as declared; the next apply goes on from here", "yellow")


def _failure(screen: Screen, host: HostResult) -> None:
    screen.line(f"{host.host}: {host.reason}", "red")
    for line in host.output.strip().splitlines()[-12:]:
        screen.line(f"  {line}")
    for line in host.back:
        screen.line(f"  {line}")
    if host.hint:
        screen.line(f"  hint: {host.hint}")


def results(result: ApplyResult) -> list[dict[str, Any]]:
    return [
        {
            "host": host.host,
            "outcome": host.outcome.value,
            "done": host.done,
            "system": host.system,
            "reason": host.reason,
            "output": host.output,
            "back": list(host.back),
        }
        for host in result.hosts
    ]
