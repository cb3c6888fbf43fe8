"""The entry point: runs the command line and turns every error into words and an exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

import typer

from festning.cli import declare, generations, judge, lab, operate, pki, rolling  # noqa: F401 (importing registers the commands)
from festning.cli.app import app
from festning.cli.arguments import globals_first
from festning.cli.screen import Screen
from festning.errors import EXIT_USAGE, FestningError

# What typer raises for a call that it does not understand; it exports only this subclass of it.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]
EXIT_INTERRUPTED = 128 + signal.SIGINT


def main() -> None:
    """Run ``festning`` and exit."""
    with contextlib.suppress(AttributeError):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `festning … | head` ends quietly.
    try:
        status = app(globals_first(sys.argv[1:]), standalone_mode=False)
    except FestningError as error:
        Screen(as_json=False).error(error)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        status = EXIT_INTERRUPTED
    except _UsageError as error:
        error.show()  # type: ignore[attr-defined]
        sys.exit(EXIT_USAGE)
    if status == EXIT_INTERRUPTED:
        Screen(as_json=False).err.print("interrupted; running the same command again continues")
    sys.stdout.flush()
    sys.exit(status if isinstance(status, int) else os.EX_OK)
