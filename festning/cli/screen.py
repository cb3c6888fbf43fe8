"""Writes for people on standard error and standard output: progress, tables, errors.

Results go to standard output, everything else to standard error, so that ``--json`` and pipes stay clean. Colours and
moving parts appear only on a terminal. What draws them is loaded when there is something to draw: most plans are one
line. Leaves what moves to ``live``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from festning.errors import FestningError

if TYPE_CHECKING:
    from rich.console import Console

    from festning.cli.live import Live

COLOURS = {"pass": "green", "fail": "bold red", "unknown": "yellow", "waived": "cyan"}

PLAIN_WIDTH = 160
"""Columns of tables that go into a file or a pipe, where there is no terminal to measure."""


class Screen:
    """The two streams, and whether results are wanted as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    @cached_property
    def out(self) -> Console:
        """Standard output, drawn."""
        from rich.console import Console  # noqa: PLC0415

        return Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)

    @cached_property
    def err(self) -> Console:
        """Standard error, drawn."""
        from rich.console import Console  # noqa: PLC0415

        return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())

    def json(self, document: Any) -> None:  # noqa: ANN401 (whatever JSON can hold)
        """Print one JSON document."""
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def line(self, text: str, style: str | None = None) -> None:
        """Print one line of a result."""
        if style is None and "out" not in self.__dict__:  # Nothing has been drawn so far, and this need not be.
            sys.stdout.write(f"{text}\n")
            return
        from rich.text import Text  # noqa: PLC0415

        self.out.print(Text(text), style=style)

    def place(self, text: str, style: str | None = None) -> None:
        """Print one line that is never broken, so that editors find the place in it."""
        from rich.text import Text  # noqa: PLC0415

        self.out.print(Text(text), style=style, soft_wrap=True)

    def indented(self, text: str, style: str | None = None, *, by: int = 4) -> None:
        """Print a paragraph that is indented as a whole; where there is no terminal, as one line."""
        if not self.out.is_terminal:
            self.place(" " * by + text)
            return
        from rich.padding import Padding  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        self.out.print(Padding(Text(text), (0, 0, 0, by), expand=False), style=style)

    def parts(self, *parts: tuple[str, str]) -> None:
        """Print one line of parts, each with its style."""
        from rich.text import Text  # noqa: PLC0415

        self.out.print(Text.assemble(*(part for part in parts if part[0])), soft_wrap=True)

    def table(
        self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Collection[str] = ()
    ) -> None:
        """Print a table; a cell that is a verdict gets its colour, and columns of numbers stand at their right."""
        from rich.markup import escape  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415

        table = Table(title=escape(title), title_justify="left", box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold", justify="right" if column in numbers else "left")
        for row in rows:
            table.add_row(*(f"[{COLOURS[c]}]{c}[/]" if c in COLOURS else escape(c) for c in row))
        self.out.print(table)

    def error(self, error: FestningError) -> None:
        """Print what went wrong and what to do about it."""
        from rich.markup import escape  # noqa: PLC0415

        self.err.print(f"[bold red]error:[/] {escape(error.message)}")
        if error.hint:
            self.err.print(f"[bold]hint:[/] {escape(error.hint)}")

    def progress(self) -> Live:
        """A progress display for a ``with`` statement."""
        from festning.cli.live import Live  # noqa: PLC0415

        return Live(self.err, time.monotonic)
