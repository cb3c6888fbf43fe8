"""``lab``: the machines of the lab, one by one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from festning.cli.app import app, invocation

if TYPE_CHECKING:
    from festning.providers.lab.lab import Lab

lab_app = typer.Typer(help="The lab's machines: list them, enter them, cut and heal them.", no_args_is_help=True)
app.add_typer(lab_app, name="lab")

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
Name = Annotated[str, typer.Argument(help="A machine; for cut and heal also a site.", metavar="HOST")]


def _lab(context: typer.Context) -> Lab:
    from festning.workflows import laboratory  # noqa: PLC0415 (each verb loads only what it needs)

    return laboratory.find_lab(invocation(context).file)


@lab_app.command("list")
def list_machines(context: typer.Context) -> None:
    """List the machines: where they are and whether they run."""
    screen = invocation(context).screen
    lab = _lab(context)
    machines = lab.list()
    doors = {door.host: door for door in lab.doors()}
    if screen.as_json:
        screen.json(
            {
                "fortress": lab.fortress.name,
                "up": lab.is_up,
                "machines": [
                    {
                        "name": machine.name,
                        "site": machine.site,
                        "address": machine.address,
                        "state": machine.state.value,
                        "site_cut": machine.site_cut,
                        "pid": machine.pid,
                        "door": doors[machine.name].port if machine.name in doors else None,
                    }
                    for machine in machines
                ],
            }
        )
        return
    screen.table(
        f"lab of {lab.fortress.name}" if lab.is_up else f"lab of {lab.fortress.name}: not up",
        ("machine", "site", "address", "state", "front door"),
        [
            (
                machine.name,
                machine.site + (" (cut)" if machine.site_cut else ""),
                machine.address,
                machine.state.value,
                f"https://127.0.0.1:{doors[machine.name].port}" if machine.name in doors else "",
            )
            for machine in machines
        ],
    )


@lab_app.command()
def boot(
    context: typer.Context,
    suite: Annotated[str, typer.Option(help="The machines' Debian: trixie (13) or bookworm (12).")] = "trixie",
    *,
    bare: Annotated[
        bool, typer.Option("--bare", help="Machines with no packages but a way in: apt installs the rest.")
    ] = False,
) -> None:
    """Boot the machines, with nothing configured: what `up` begins with."""
    from festning.cli.operate import now  # noqa: PLC0415
    from festning.workflows import laboratory  # noqa: PLC0415

    called = invocation(context)
    with called.screen.progress() as progress:
        lab = laboratory.boot(called.file, make=laboratory.Make(suite, bare), now=now(), progress=progress)
    called.screen.line(f"{len(lab.list())} machines run")


@lab_app.command(context_settings=PASS_ON)
def ssh(context: typer.Context, host: Name) -> None:
    """Enter a machine with SSH as root, or run one command there."""
    command = list(_lab(context).ssh_command(host, context.args))
    os.execvp(command[0], command)  # noqa: S606 (the session takes over this process, terminal and all)


@lab_app.command("exec", context_settings=PASS_ON)
def execute(context: typer.Context, host: Name) -> None:
    """Run a command in a machine without SSH: lab exec HOST -- COMMAND."""
    if not context.args:
        raise typer.BadParameter("name the command: lab exec HOST -- COMMAND")
    raise typer.Exit(_lab(context).exec(host, context.args))


@lab_app.command()
def cut(context: typer.Context, host: Name) -> None:
    """Cut a machine's power, or a whole site off. To its peers that is silence."""
    _lab(context).cut(host)
    invocation(context).screen.line(f"{host} is cut; festning --lab lab heal {host} brings it back")


@lab_app.command()
def heal(context: typer.Context, host: Name) -> None:
    """Give a machine its power back, with the disk that it had, or a site its network."""
    _lab(context).heal(host)
    invocation(context).screen.line(f"{host} is back")


@lab_app.command()
def down(context: typer.Context) -> None:
    """Take the lab away: machines, disks, networks, keys."""
    from festning.workflows import laboratory  # noqa: PLC0415

    lab = laboratory.take_down(invocation(context).file)
    invocation(context).screen.line(f"the lab of {lab.fortress.name} is gone")
