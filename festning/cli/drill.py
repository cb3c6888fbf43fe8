"""``drill``: failure drills under load."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from festning.cli.app import app, invocation
from festning.cli.operate import now, surroundings
from festning.errors import EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from festning.cli.drill_table import Offered
    from festning.cli.live import Live
    from festning.model.drill import DrillResult
    from festning.model.fortress import Fortress
    from festning.proof.drills.drill import Drill
    from festning.workflows.rehearsing import World

drill_app = typer.Typer(
    help="Failure drills under load: what breaks, for how long, and whether anything acknowledged is lost.",
    no_args_is_help=True,
)
app.add_typer(drill_app, name="drill")

Pages = Annotated[
    Path | None, typer.Option("--pages", metavar="DIR", help="Write a page for each drill, and an index, here.")
]


@drill_app.command("list")
def show_list(context: typer.Context) -> None:
    """List the drills: what each does, and where it may be run."""
    from festning.cli import drill_table  # noqa: PLC0415 (each verb loads only what it needs)
    from festning.workflows import rehearsing  # noqa: PLC0415

    offered = [_offered(one) for one in rehearsing.chosen(())]
    drill_table.show_list(invocation(context).screen, offered)


@drill_app.command()
def run(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Drills; see drill list.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every drill of the list.")] = False,
    pages: Pages = None,
) -> None:
    """Run drills one after another. Each fault is healed whatever happens, Ctrl-C included."""
    from festning.workflows import rehearsing  # noqa: PLC0415

    if bool(names) == everything:
        raise UsageError("name the drills to run, or say --all", hint="festning drill list shows them")
    _rehearse(context, rehearsing.chosen(names or ()), pages)


@drill_app.command("random")
def by_chance(
    context: typer.Context,
    count: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 5,
    seed: Annotated[int, typer.Option(help="The same seed makes the same drills.")] = 1,
    pages: Pages = None,
) -> None:
    """Run drills made by chance: one fault or two, at random moments. Nothing acknowledged may be lost."""
    from festning.workflows import rehearsing  # noqa: PLC0415

    _rehearse(context, rehearsing.by_chance_of(count, seed), pages)


def _rehearse(context: typer.Context, drills: Sequence[Drill], pages: Path | None) -> None:
    from festning.cli import drill_table  # noqa: PLC0415
    from festning.model.check import Verdict  # noqa: PLC0415
    from festning.workflows import rehearsing  # noqa: PLC0415

    called = invocation(context)
    with called.screen.progress() as progress:

        def heard(result: DrillResult) -> None:
            progress.pause()
            called.screen.err.print(drill_table.ended(result), markup=False)

        world = _world(progress, heard)
        fortress, results = asyncio.run(rehearsing.rehearse(called.file, drills, world, lab=called.lab))
    if pages is not None:
        _write_pages(pages, fortress.name, results)
    drill_table.show(called.screen, fortress.name, results)
    if pages is not None and not called.screen.as_json:
        called.screen.place(f"pages: {pages / 'index.html'}")
    raise typer.Exit(os.EX_OK if drill_table.overall(results) is Verdict.PASS else EXIT_FAILED)


def _world(progress: Live, heard: Callable[[DrillResult], None]) -> World:
    import secrets  # noqa: PLC0415

    from festning.workflows.rehearsing import World  # noqa: PLC0415

    return World(
        surroundings=surroundings(),
        clock=time.time,
        prefix=lambda: f"D{secrets.token_hex(4)}-",
        progress=progress,
        agreed=_agreed,
        heard=heard,
    )


def _agreed(fortress: Fortress, drills: Sequence[Drill]) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("these hosts serve people, and there is nobody to ask", hint="run it at a terminal")
    names = ", ".join(drill.name for drill in drills)
    typer.echo(f"This breaks parts of {fortress.name}, which serves people, on purpose: {names}.", err=True)
    return bool(typer.prompt("Type the name of the fortress to go on", err=True) == fortress.name)


def _offered(drill: Drill) -> Offered:
    from festning.cli.drill_table import Offered  # noqa: PLC0415

    return Offered(name=drill.name, about=drill.about, safe=drill.safe, about_s=drill.lasts_s)


def _write_pages(folder: Path, fortress: str, results: Sequence[DrillResult]) -> None:
    from festning.workflows.drill_pages import write_pages  # noqa: PLC0415

    write_pages(folder, fortress, results, now())
