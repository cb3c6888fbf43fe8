"""The verbs for rented machines: ``orphans``, and what ``down`` does where there is no lab."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from festning.cli.app import Invocation, app, invocation
from festning.cli.operate import surroundings
from festning.errors import UsageError

if TYPE_CHECKING:
    from festning.cli.live import Live
    from festning.model.fortress import Fortress
    from festning.providers.cloud.rented import Rented


@app.command()
def orphans(
    context: typer.Context,
    *,
    remove: Annotated[
        bool, typer.Option("--remove", help="Destroy them, once you have typed the fortress's name.")
    ] = False,
) -> None:
    """List the machines that are rented under this fortress's name at its sites' providers, and not declared."""
    from festning.cli import rented_table  # noqa: PLC0415 (each verb loads only what it needs)
    from festning.workflows import letting_go  # noqa: PLC0415

    called = invocation(context)
    if called.lab:
        raise UsageError("nothing of the lab is rented", hint="festning orphans, without --lab")
    with called.screen.progress() as progress:
        if remove:
            found = letting_go.remove_orphans(called.file, surroundings(), agreement(called, progress), progress)
        else:
            found = letting_go.orphans(called.file, surroundings())
    rented_table.show_orphans(called.screen, found)


def take_down(called: Invocation) -> None:
    """``down`` without a lab: destroy everything that is rented under the fortress's name."""
    from festning.cli import rented_table  # noqa: PLC0415
    from festning.workflows import letting_go  # noqa: PLC0415

    with called.screen.progress() as progress:
        gone = letting_go.take_down(called.file, surroundings(), agreement(called, progress), progress)
    rented_table.show_down(called.screen, gone)


def agreement(called: Invocation, progress: Live) -> Callable[[Fortress, Sequence[Rented]], bool]:
    """Asks for the fortress's name before machines are destroyed; without anybody to ask it is an error."""

    def agreed(fortress: Fortress, machines: Sequence[Rented]) -> bool:
        from festning.cli import rented_table  # noqa: PLC0415

        if not sys.stdin.isatty():
            raise UsageError(
                f"{len(machines)} machines would be destroyed, and there is nobody to ask", hint="run it at a terminal"
            )
        progress.pause()
        names = ", ".join(rented_table.described(machine) for machine in machines)
        called.screen.err.print(f"This destroys, with all that is on them: {names}.", markup=False)
        return bool(typer.prompt("Type the name of the fortress to go on", err=True) == fortress.name)

    return agreed
