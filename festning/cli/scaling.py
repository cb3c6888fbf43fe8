"""The verbs ``scale`` and ``move``: a group of edges made larger or smaller, or taken to another vendor."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from festning.cli.app import Invocation, app, invocation
from festning.cli.operate import exit_code, new_token, now, surroundings
from festning.errors import EXIT_FAILED

if TYPE_CHECKING:
    from festning.workflows.progress import Progress
    from festning.workflows.scaling_edges import Means, Scaled

Group = Annotated[str, typer.Argument(help="A group of edges, as the file calls it.", metavar="GROUP")]
Suite = Annotated[str, typer.Option(help="The lab machines' Debian, as up made them: trixie (13) or bookworm (12).")]


@app.command()
def scale(
    context: typer.Context,
    group: Group,
    count: Annotated[int, typer.Argument(help="How many edges it is to have.", metavar="N")],
    suite: Suite = "trixie",
) -> None:
    """Give a group of edges N of them, while they serve. New ones are verified first; those that leave are drained.

    Changes the count in the file, and nothing else in it. Safe to repeat: an interrupted run goes on.
    """
    from festning.workflows import scaling_edges  # noqa: PLC0415 (each verb loads only what it needs)

    called = invocation(context)
    with called.screen.progress() as progress:
        done = scaling_edges.scale(called.file, group, count, _means(called, suite, progress))
    _end(called, done)


@app.command()
def move(
    context: typer.Context,
    group: Group,
    to: Annotated[str, typer.Option("--to", help="The site, as the file calls it.", metavar="SITE")],
    size: Annotated[str | None, typer.Option("--size", help="The machines' size, in the new provider's words.")] = None,
    image: Annotated[str | None, typer.Option("--image", help="Their image, likewise.")] = None,
    *,
    suite: Suite = "trixie",
) -> None:
    """Move a group of edges to another site, while they serve: new ones join there, then the old ones leave.

    Changes the group's site in the file. Safe to repeat: an interrupted move goes on, or with --to where it came from,
    back.
    """
    from festning.workflows import scaling_edges  # noqa: PLC0415

    called = invocation(context)
    with called.screen.progress() as progress:
        means = _means(called, suite, progress)
        done = scaling_edges.move(called.file, group, to, means, size=size, image=image)
    _end(called, done)


def _means(called: Invocation, suite: str, progress: Progress) -> Means:
    from festning.workflows import scaling_edges  # noqa: PLC0415
    from festning.workflows.laboratory import Make  # noqa: PLC0415

    make = Make(suite) if called.lab else None
    return scaling_edges.means_of(called.file, surroundings(), make=make, now=now, token=new_token, progress=progress)


def _end(called: Invocation, done: Scaled) -> None:
    from festning.cli import scaling_table  # noqa: PLC0415

    scaling_table.show(called.screen, done)
    code = exit_code(done.applied[-1][1], done.verification) if done.applied else os.EX_OK
    raise typer.Exit(code if code or done.whole else EXIT_FAILED)
