"""``watch``: measure the edges, and keep as many of them as their traffic needs."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated

import typer

from festning.cli.app import app, invocation
from festning.cli.operate import new_token, now, surroundings
from festning.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from festning.workflows.opening import Surroundings

SHORTEST_S = 2.0


@app.command()
def watch(
    context: typer.Context,
    group: Annotated[str | None, typer.Option("--group", help="Only this group of edges.")] = None,
    every: Annotated[str, typer.Option("--every", help="How often the edges are looked at.")] = "10s",
    suite: Annotated[
        str, typer.Option(help="The lab machines' Debian, as up made them: trixie (13) or bookworm (12).")
    ] = "trixie",
    *,
    once: Annotated[bool, typer.Option("--once", help="One look, what it asks for, and no more.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide and tell, and change nothing.")] = False,
    unit: Annotated[
        bool, typer.Option("--unit", help="Print a systemd unit that runs this, and do nothing else.")
    ] = False,
) -> None:
    """Follow the traffic: more edges, fewer, or another for one that stays dead, within what autoscale declares.

    Tells each decision that is another one than before; with --json every look, a document on a line.
    """
    from festning.cli import watch_lines  # noqa: PLC0415 (each verb loads only what it needs)
    from festning.workflows import autoscaling, following, measuring  # noqa: PLC0415
    from festning.workflows.laboratory import Make  # noqa: PLC0415

    called = invocation(context)
    every_s = _seconds(every)
    if unit:
        typer.echo(watch_lines.unit(called.file.resolve(), lab=called.lab, group=group, every=every), nl=False)
        return
    asked = _asked_once()
    view = partial(measuring.view, called.file, asked, lab=called.lab, group=group)
    acts = following.acts(
        called.file,
        asked,
        make=Make(suite) if called.lab else None,
        now=now,
        token=new_token,
        progress=called.screen.progress,
    )
    surface = autoscaling.Surface(open=view, acts=acts, clock=time.monotonic, sleep=asyncio.sleep, run=asyncio.run)
    tell = watch_lines.teller(called.screen, now, dry_run=dry_run)
    watching = autoscaling.Watch(surface, tell, every_s=every_s, dry_run=dry_run)
    # A service manager's word means the same as Ctrl-C, to asyncio as well: it hears SIGINT alone.
    signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    try:
        watching.watch(once=once)
    except KeyboardInterrupt:
        if watching.acting is not None:
            raise
        called.screen.err.print("stopped; nothing was under way")


def _seconds(text: str) -> float:
    from festning.model.autoscale import parse_duration  # noqa: PLC0415

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--every {text}: {error}") from None
    if seconds < SHORTEST_S:
        raise UsageError(f"--every {text} is too often for figures that mean something", hint="--every 10s")
    return seconds


def _asked_once() -> Callable[[], Surroundings]:
    """The surroundings as they are each time; what a person was asked for is remembered as long as the watch lasts."""
    prompt = surroundings().prompt
    remembered = None if prompt is None else cache(prompt)
    return lambda: replace(surroundings(), prompt=remembered)
