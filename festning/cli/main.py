"""The entry point: runs the command line and turns every error into words and an exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import typer

from festning.cli import (  # noqa: F401 (importing registers the commands)
    declare,
    dns,
    drill,
    generations,
    judge,
    lab,
    money,
    operate,
    pki,
    rent,
    rolling,
    scaling,
    watch,
)
from festning.cli.app import app
from festning.cli.arguments import globals_first
from festning.errors import EXIT_USAGE, FestningError

if TYPE_CHECKING:
    from festning.cli.screen import Screen

# What typer raises for a call that it does not understand; it exports only this subclass of it.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]
EXIT_INTERRUPTED = 128 + signal.SIGINT


def main() -> NoReturn:
    """Run ``festning`` and exit."""
    status = _run()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        status = EXIT_INTERRUPTED
    # Nothing is left to end in an orderly way; taking the interpreter apart would take another tenth of a second.
    os._exit(status)


def _run() -> int:
    with contextlib.suppress(AttributeError):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `festning … | head` ends quietly.
    try:
        status = app(globals_first(sys.argv[1:]), standalone_mode=False)
    except FestningError as error:
        _screen().error(error)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        status = EXIT_INTERRUPTED
    except _UsageError as error:
        error.show()  # type: ignore[attr-defined]
        return EXIT_USAGE
    if status == EXIT_INTERRUPTED:
        _screen().err.print("interrupted; running the same command again continues")
    return status if isinstance(status, int) else os.EX_OK


def _screen() -> Screen:
    from festning.cli.screen import Screen  # noqa: PLC0415 (what goes well may have nothing to show yet)

    return Screen(as_json=False)
