"""The verbs that touch no host: ``init``, ``schema``, ``check``, ``render``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from festning.cli.app import app, invocation
from festning.errors import EXIT_FAILED


@app.command()
def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to write it.", metavar="DIR")] = Path(),
) -> None:
    """Write a commented example that `festning --lab up` accepts as it is."""
    from festning.workflows import example  # noqa: PLC0415 (each verb loads only what it needs)

    file = example.init(folder)
    screen = invocation(context).screen
    if screen.as_json:
        screen.json({"file": str(file)})
    else:
        screen.line(f"wrote {file}; next: festning --file {file} --lab up")


@app.command()
def schema(context: typer.Context) -> None:
    """Print the JSON Schema of fortress.yaml, for editors."""
    from festning.model.declared import FortressFile  # noqa: PLC0415

    invocation(context).screen.json(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **FortressFile.model_json_schema()}
    )


@app.command()
def check(context: typer.Context) -> None:
    """Check the file: its shape, and what the policy finds in it. Touches no host."""
    from festning.model.finding import Severity  # noqa: PLC0415
    from festning.workflows import judging  # noqa: PLC0415

    called = invocation(context)
    fortress, findings = judging.check(called.file)
    failed = any(placed.finding.severity is Severity.ERROR for placed in findings)
    if called.screen.as_json:
        called.screen.json(
            {
                "fortress": fortress.name,
                "verdict": "fail" if failed else "pass",
                "findings": [
                    {
                        "rule": placed.finding.rule,
                        "severity": placed.finding.severity.value,
                        "file": placed.file,
                        "line": placed.line,
                        "column": placed.column,
                        "path": placed.finding.key_path,
                        "message": placed.finding.message,
                        "fix": placed.finding.fix,
                    }
                    for placed in findings
                ],
            }
        )
    else:
        for placed in findings:
            finding = placed.finding
            called.screen.line(
                f"{placed.file}:{placed.line}:{placed.column}: {finding.severity.value}: {finding.key_path}: "
                f"{finding.message} [{finding.rule}]\n  fix: {finding.fix}"
            )
        count = len(findings)
        called.screen.line(
            f"{fortress.name}: {len(fortress.hosts)} hosts, {len(fortress.services)} services; "
            + (f"{count} finding{'s' * (count != 1)}" if count else "nothing found")
        )
    if failed:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def render(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="Folder to write into.", metavar="DIR")],
) -> None:
    """Write every host's files into a folder, secrets as names. Needs no root and no network."""
    from festning.workflows import rendering  # noqa: PLC0415

    called = invocation(context)
    written = rendering.render(called.file, out, lab=called.lab)
    if called.screen.as_json:
        called.screen.json({"out": str(out), "hosts": written})
        return
    for host, count in written.items():
        called.screen.line(f"{out / host}: {count} files")
