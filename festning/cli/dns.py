"""``dns``: the records of the services' names, printed; and kept at a provider, by ``dns apply``."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from festning.cli.app import app, invocation
from festning.cli.operate import EXIT_PENDING, surroundings
from festning.errors import EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from festning.workflows import repointing

dns_app = typer.Typer(help="The records of the services' names.")
app.add_typer(dns_app, name="dns")


@dns_app.callback(invoke_without_command=True)
def dns(
    context: typer.Context,
    form: Annotated[
        str, typer.Option("--format", help="zone (RFC 1035), octodns (YAML for its YamlProvider) or json.")
    ] = "zone",
    out: Annotated[Path | None, typer.Option("--out", help="File to write into.", metavar="FILE")] = None,
) -> None:
    """Print the records that the fortress needs: every service's name at the edges, or at the cores without any."""
    if context.invoked_subcommand is not None:
        return
    import json  # noqa: PLC0415 (each verb loads only what it needs)

    from festning.cli import dns_table  # noqa: PLC0415
    from festning.workflows.naming import Format, name  # noqa: PLC0415

    if form not in tuple(Format):
        raise UsageError(f"there is no format {form!r}", hint=f"one of: {', '.join(Format)}")
    called = invocation(context)
    named = name(called.file, surroundings(), lab=called.lab)
    chosen = Format.JSON if called.screen.as_json else Format(form)
    if chosen is Format.JSON:
        text = json.dumps(dns_table.document(named), indent=2, ensure_ascii=False) + "\n"
    else:
        text = named.written(chosen)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from error


@dns_app.command()
def apply(
    context: typer.Context,
    looks: Annotated[int, typer.Option("--looks", min=3, max=60, help="How often each front door is looked at.")] = 3,
    pause: Annotated[float, typer.Option("--pause", min=0, max=60, help="Seconds between looks.")] = 2.0,
    *,
    only_plan: Annotated[bool, typer.Option("--only-plan", help="Show what would change; exit code 2 if any.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove own records of names that no service has now.")
    ] = False,
) -> None:
    """Make the zone at the provider (dns.provider) lead to the front doors that are well.

    Two bad looks in a row take one out, three good ones bring it in. Where nothing is well, what is there stays.
    """
    from festning.cli import dns_table  # noqa: PLC0415 (each verb loads only what it needs)
    from festning.workflows import repointing  # noqa: PLC0415

    called = invocation(context)
    looking = repointing.Looking(looks, pause)
    with called.screen.progress() as progress:
        planned = asyncio.run(
            repointing.plan_file(
                called.file,
                surroundings(),
                looking,
                lab=called.lab,
                prune=prune,
                sleep=time.sleep,
                progress=progress,
            )
        )
    if not called.screen.as_json:
        dns_table.show_plan(called.screen, planned)
    done = None
    if not only_plan:
        with called.screen.progress() as progress:
            done = list(repointing.carry_out(planned, progress))
    if called.screen.as_json:
        called.screen.json(dns_table.applied_document(planned, done))
    elif done:
        dns_table.show_done(called.screen, done)
    raise typer.Exit(_exit_code(planned, done))


def _exit_code(planned: repointing.Planned, done: list[repointing.Done] | None) -> int:
    if planned.plan.trouble or any(one.error for one in done or ()):
        return EXIT_FAILED
    return EXIT_PENDING if done is None and planned.plan.changes else os.EX_OK
