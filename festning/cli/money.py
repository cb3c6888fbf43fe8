"""The verb of money: ``cost`` says what the fortress costs, elsewhere too, and what leaving takes. Touches no host."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from festning.cli.app import app, invocation


@app.command()
def cost(
    context: typer.Context,
    chart: Annotated[
        Path | None, typer.Option("--chart", help="Draw it as well, into this SVG file.", metavar="FILE.svg")
    ] = None,
) -> None:
    """Say what a month costs, by site and part, the same all in one cloud, and what leaving each vendor takes.

    Prices are the file's own, libcloud's bundled ones and published ones, each with its source and day. What is not
    known is named, and sums without it say so. Needs no root and no network.
    """
    from festning.cli import cost_table  # noqa: PLC0415 (each verb loads only what it needs)
    from festning.workflows import costing  # noqa: PLC0415

    called = invocation(context)
    found = costing.cost(called.file)
    if chart is not None:
        costing.write_chart(found, chart)
    if called.screen.as_json:
        called.screen.json(found.document())
    else:
        cost_table.show(called.screen, found)
