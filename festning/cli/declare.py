"""The verbs that write what a file says, and touch no host: ``init``, ``schema``, ``render``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from festning.cli.app import app, invocation


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
def render(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="Folder to write into.", metavar="DIR")],
) -> None:
    """Write every host's files into a folder, secrets as names. Needs no root and no network."""
    from festning.cli.operate import now  # noqa: PLC0415
    from festning.workflows import rendering  # noqa: PLC0415

    called = invocation(context)
    written = rendering.render(called.file, out, lab=called.lab, today=now().date())
    if called.screen.as_json:
        called.screen.json({"out": str(out), "hosts": written})
        return
    for host, count in written.items():
        called.screen.line(f"{out / host}: {count} files")
