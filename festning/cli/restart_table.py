"""How a rolling restart looks: its plan or its end, and what it leaves alone."""

from __future__ import annotations

from festning.cli import apply_table, plan_table
from festning.cli.screen import Screen
from festning.workflows.restarting import Restart


def show(screen: Screen, restart: Restart) -> None:
    """The plan when it was only planned, otherwise how it went."""
    left = [{"unit": unit, "why": why} for unit, why in restart.left]
    if screen.as_json:
        ended = restart.result
        done = {} if ended is None else {"complete": ended.complete, "results": apply_table.results(ended)}
        screen.json({**restart.plan.document(), "left": left, **done})
        return
    if restart.result is None:
        plan_table.show(screen, restart.plan)
    else:
        apply_table.show(screen, restart.plan, restart.result)
    for one in left:
        screen.line(f"left alone: {one['unit']} ({one['why']})")
