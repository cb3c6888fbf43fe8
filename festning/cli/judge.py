"""The verbs of the policy: ``check`` judges a file, ``explain`` says what a rule is for. Neither touches a host."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from festning.cli.app import app, invocation
from festning.errors import EXIT_FAILED


@app.command()
def check(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="The fortress, or a folder with one; else as with --file.", metavar="FILE")
    ] = None,
) -> None:
    """Check the file: its shape, what the policy finds in it, and what each loss would stop. Touches no host."""
    from festning.cli import findings_table, losses_table  # noqa: PLC0415 (each verb loads only what it needs)
    from festning.workflows import judging  # noqa: PLC0415

    called = invocation(context)
    chosen = called.file if file is None else file / "fortress.yaml" if file.is_dir() else file
    judged = judging.check(chosen, datetime.now(UTC).date())
    if called.screen.as_json:
        called.screen.json(
            {**findings_table.document(judged), "losses": [losses_table.document(loss) for loss in judged.losses]}
        )
    else:
        findings_table.show(called.screen, judged)
        losses_table.show(called.screen, judged)
        findings_table.show_verdict(called.screen, judged)
    if judged.stops:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def explain(
    context: typer.Context,
    rule: Annotated[str | None, typer.Argument(help="A rule's name; without one all are listed.")] = None,
) -> None:
    """Explain a rule of the policy: what it looks at, why, the law or the failure behind it, how to fix it."""
    from festning.cli import rules_table  # noqa: PLC0415
    from festning.workflows import explaining  # noqa: PLC0415

    screen = invocation(context).screen
    if rule is None:
        rules_table.show_all(screen, explaining.rules())
    else:
        rules_table.show(screen, *explaining.explain(rule))
