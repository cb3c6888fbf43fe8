"""The verb ``restart``: new processes for everything that festning runs, without losing a request."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from festning.cli.app import app, invocation
from festning.cli.operate import EXIT_PENDING, exit_code, surroundings


@app.command()
def restart(
    context: typer.Context,
    only_plan: Annotated[bool, typer.Option("--plan", help="Show what would be restarted.")] = False,
    host: Annotated[list[str] | None, typer.Option("--host", help="Only on this host (may be given again).")] = None,
    system: Annotated[
        list[str] | None, typer.Option("--system", help="Only this system, such as galera (may be given again).")
    ] = None,
) -> None:
    """Restart everything that festning runs, in waves: each part is drained before, and waited for after."""
    from festning.cli import restart_table  # noqa: PLC0415 (each verb loads only what it needs)
    from festning.workflows import restarting  # noqa: PLC0415

    called = invocation(context)
    scope = restarting.Scope(frozenset(host or ()), frozenset(system or ()))
    with called.screen.progress() as progress:
        done = asyncio.run(
            restarting.restart_file(
                called.file, surroundings(), scope, lab=called.lab, only_plan=only_plan, progress=progress
            )
        )
    restart_table.show(called.screen, done)
    if done.result is None:
        raise typer.Exit(EXIT_PENDING if done.plan.changes else os.EX_OK)
    raise typer.Exit(exit_code(done.result, None))
