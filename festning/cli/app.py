"""The command line's frame: global options, and one place where errors become words and exit codes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from festning import __version__

if TYPE_CHECKING:
    from festning.cli.screen import Screen

FILE_NAME = "fortress.yaml"


@dataclass(frozen=True)
class Invocation:
    """What the global options say."""

    chosen: Path | None
    lab: bool
    as_json: bool

    @cached_property
    def screen(self) -> Screen:
        """Where results and progress go; loaded when there is something to show."""
        from festning.cli.screen import Screen  # noqa: PLC0415

        return Screen(as_json=self.as_json)

    @property
    def file(self) -> Path:
        """The fortress file: as chosen, otherwise ``fortress.yaml`` here or in a folder above."""
        if self.chosen is not None:
            return self.chosen
        here = Path.cwd()
        found = (folder / FILE_NAME for folder in (here, *here.parents) if (folder / FILE_NAME).is_file())
        return next(found, Path(FILE_NAME))


app = typer.Typer(
    help="One YAML file in; a running, operated and proven split-stack out.",
    epilog="Exit codes: 0 fine; 1 a check, finding or action failed; 2 changes are pending (plan); "
    "3 a host could not be reached; 64 bad usage or a bad file.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"festning {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", envvar="FESTNING_FILE", help="The fortress; else fortress.yaml here or above."),
    ] = None,
    lab: Annotated[bool, typer.Option("--lab", help="Work on the lab: the hosts as machines on this box.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print results for programs.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version
    context.obj = Invocation(file, lab, as_json)


def invocation(context: typer.Context) -> Invocation:
    """The global options, as a command sees them."""
    found = context.find_object(Invocation)
    assert found is not None
    return found


def operator() -> str:
    """Who works here, for locks and journals: the login behind a sudo, and the machine."""
    name = os.environ.get("SUDO_USER") or os.environ.get("USER") or f"uid {os.getuid()}"
    return f"{name}@{os.uname().nodename}"
