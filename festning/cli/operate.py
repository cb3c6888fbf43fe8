"""The verbs that work on hosts: ``up``, ``down``, ``plan``, ``apply``, ``verify``."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from festning.cli.app import app, invocation, operator
from festning.errors import EXIT_FAILED, EXIT_UNREACHABLE, UsageError

if TYPE_CHECKING:
    from festning.engine.apply import ApplyResult
    from festning.workflows.opening import Surroundings
    from festning.workflows.renting import Landlords
    from festning.workflows.verifying import Verification

EXIT_PENDING = 2


def now() -> datetime:
    """The time, for certificates and evidence."""
    return datetime.now(UTC)


def new_token() -> str:
    """A number that is new each time, for orders that are written as proof."""
    import secrets  # noqa: PLC0415 (each verb loads only what it needs)

    return str(secrets.randbelow(10**15)).rjust(15, "0")


def surroundings() -> Surroundings:
    """What workflows may ask of this process: its environment, its operator, and the person at its terminal."""
    from festning.workflows.opening import Surroundings  # noqa: PLC0415

    def ask(question: str) -> str:
        return str(typer.prompt(question.rstrip(": "), hide_input=True, err=True))

    environment = dict(os.environ)
    prompt = ask if sys.stdin.isatty() else None
    return Surroundings(environment, operator(), prompt, now().date(), lambda: _landlords(environment))


def _landlords(credentials: Mapping[str, str]) -> Landlords:
    """The way to the clouds, loaded only where machines are rented."""
    import random  # noqa: PLC0415
    import secrets  # noqa: PLC0415
    import time  # noqa: PLC0415

    from festning.providers.cloud.patience import Patience  # noqa: PLC0415
    from festning.workflows.renting import landlords  # noqa: PLC0415

    patience = Patience(clock=time.monotonic, sleep=time.sleep, chance=random.random)
    return landlords(credentials, patience, token=lambda: secrets.token_hex(16))


@app.command()
def up(
    context: typer.Context,
    suite: Annotated[str, typer.Option(help="The lab machines' Debian: trixie (13) or bookworm (12).")] = "trixie",
    *,
    bare: Annotated[
        bool, typer.Option("--bare", help="Lab machines with no packages but a way in: apt installs the rest.")
    ] = False,
) -> None:
    """Bring the fortress up: provision, apply, verify. Safe to repeat."""
    from festning.cli import up_table  # noqa: PLC0415
    from festning.workflows import raising  # noqa: PLC0415
    from festning.workflows.laboratory import Make  # noqa: PLC0415

    called = invocation(context)
    if bare and not called.lab:
        raise UsageError(
            "--bare is for machines that festning makes, and these hosts are what they are",
            hint="festning --lab up --bare",
        )
    with called.screen.progress() as progress:
        raised = raising.up(
            called.file,
            surroundings(),
            make=Make(suite, bare) if called.lab else None,
            now=now,
            token=new_token,
            progress=progress,
        )
    up_table.show(called.screen, raised, called.file)
    raise typer.Exit(exit_code(raised.result, raised.verification))


@app.command()
def down(context: typer.Context) -> None:
    """Take the fortress away. In the lab: machines, disks, networks, keys, without a trace. Else: what is rented."""
    called = invocation(context)
    if not called.lab:
        from festning.cli import rent  # noqa: PLC0415 (it imports this module)

        rent.take_down(called)
        return
    from festning.workflows import laboratory  # noqa: PLC0415

    with called.screen.progress() as progress:
        progress.stage("Take the lab away")
        lab = laboratory.take_down(called.file)
    if called.screen.as_json:
        called.screen.json({"fortress": lab.fortress.name, "up": False})
    else:
        called.screen.line(f"the lab of {lab.fortress.name} is gone")


@app.command()
def plan(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", help="Save the plan, for festning apply FILE to do exactly that.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Show every line of every new file and difference.")] = False,
) -> None:
    """Show what apply would change. Exit code 0: nothing; 2: changes are pending; 3: a host could not be reached."""
    called = invocation(context)
    if out is None:
        from festning.workflows import looking  # noqa: PLC0415

        looked = looking.plan(called.file, surroundings(), lab=called.lab, now=now(), meanwhile=_load_table)
        made = asyncio.run(looked)
    else:
        from festning.workflows import saved_plans  # noqa: PLC0415

        made = asyncio.run(saved_plans.save(called.file, surroundings(), out, lab=called.lab, now=now()))
    from festning.cli import plan_table  # noqa: PLC0415

    plan_table.show(called.screen, made, full=full)
    if made.unreachable:
        raise typer.Exit(EXIT_UNREACHABLE)
    raise typer.Exit(EXIT_PENDING if made.changes else os.EX_OK)


def _load_table() -> None:
    """Load what shows a plan, and what that takes in its turn."""
    from festning.cli import plan_table  # noqa: F401, PLC0415


@app.command()
def apply(
    context: typer.Context,
    plan_file: Annotated[
        Path | None,
        typer.Argument(metavar="[PLAN]", help="A plan that plan --out saved: it is applied exactly so, or refused."),
    ] = None,
) -> None:
    """Make the hosts what the file declares, wave by wave."""
    from festning.cli import apply_table  # noqa: PLC0415

    called = invocation(context)
    with called.screen.progress() as progress:
        if plan_file is None:
            from festning.workflows import applying  # noqa: PLC0415

            work = applying.apply_file(called.file, surroundings(), lab=called.lab, now=now, progress=progress)
        else:
            from festning.workflows import saved_plans  # noqa: PLC0415

            work = saved_plans.apply_saved(called.file, surroundings(), plan_file, lab=called.lab, progress=progress)
        made, result = asyncio.run(work)
    apply_table.show(called.screen, made, result)
    raise typer.Exit(exit_code(result, None))


@app.command()
def verify(context: typer.Context) -> None:
    """Run every check on the running fortress, and show each with its verdict."""
    from festning.cli import check_table  # noqa: PLC0415
    from festning.model.check import Verdict  # noqa: PLC0415
    from festning.workflows import verifying  # noqa: PLC0415

    called = invocation(context)
    with called.screen.progress() as progress:
        verification = asyncio.run(
            verifying.verify_file(
                called.file, surroundings(), lab=called.lab, now=now, token=new_token, progress=progress
            )
        )
    check_table.show(called.screen, verification)
    raise typer.Exit(os.EX_OK if verification.verdict is Verdict.PASS else EXIT_FAILED)


def exit_code(result: ApplyResult, verification: Verification | None) -> int:
    """Of an apply, and of what was verified after it."""
    from festning.engine.apply import Outcome  # noqa: PLC0415
    from festning.model.check import Verdict  # noqa: PLC0415

    if result.having(Outcome.UNREACHABLE):
        return EXIT_UNREACHABLE
    good = result.complete and (verification is None or verification.verdict is Verdict.PASS)
    return os.EX_OK if good else EXIT_FAILED
