"""The verbs that look and go back in time: ``history`` and ``rollback``."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from festning.cli.app import app, invocation
from festning.cli.operate import surroundings
from festning.errors import EXIT_FAILED, EXIT_UNREACHABLE, UsageError

if TYPE_CHECKING:
    from festning.cli.screen import Screen
    from festning.model.plan import Plan


@app.command()
def history(context: typer.Context) -> None:
    """Show the generations that the hosts keep: what was applied, when, by whom, and how it ended."""
    from festning.cli import generations_table  # noqa: PLC0415 (each verb loads only what it needs)
    from festning.workflows import remembering  # noqa: PLC0415

    called = invocation(context)
    found = asyncio.run(remembering.history(called.file, surroundings(), lab=called.lab))
    generations_table.show_history(called.screen, found)
    raise typer.Exit(EXIT_UNREACHABLE if found.unreachable else os.EX_OK)


@app.command()
def rollback(
    context: typer.Context,
    generation: Annotated[
        int | None, typer.Argument(min=1, help="Its number, from history; without it: the one before the last apply.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
) -> None:
    """Go back to an earlier generation: files, units and what is enabled, as they were. Steps and packages stay."""
    from festning.cli import generations_table  # noqa: PLC0415
    from festning.engine.apply import Outcome  # noqa: PLC0415
    from festning.workflows import rolling_back  # noqa: PLC0415

    called = invocation(context)
    with called.screen.progress() as progress:

        def agreed(number: int, plan: Plan) -> bool:
            progress.pause()
            return yes or _ask(called.screen, number, plan)

        done = asyncio.run(
            rolling_back.roll_back(called.file, surroundings(), generation, agreed, lab=called.lab, progress=progress)
        )
    generations_table.show_rollback(called.screen, done)
    if done.result is None:
        raise typer.Exit(EXIT_FAILED)
    if done.result.having(Outcome.UNREACHABLE):
        raise typer.Exit(EXIT_UNREACHABLE)
    raise typer.Exit(os.EX_OK if done.result.complete else EXIT_FAILED)


def _ask(screen: Screen, number: int, plan: Plan) -> bool:
    """Show what would be done and ask the person; nobody there to ask is an error."""
    from festning.cli import plan_table  # noqa: PLC0415

    if screen.as_json or not sys.stdin.isatty():
        raise UsageError(
            f"going back to generation {number} makes {plan.changes} changes, and there is nobody to ask",
            hint="festning rollback --yes does it without asking",
        )
    plan_table.show(screen, plan)
    return typer.confirm(f"Go back to generation {number}?", err=True)
