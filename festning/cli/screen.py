"""Writes for people on standard error and standard output: progress, tables, errors.

Results go to standard output, everything else to standard error, so that ``--json`` and pipes stay clean. Colours and
moving parts appear only on a terminal.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

from festning.errors import FestningError

COLOURS = {"pass": "green", "fail": "bold red", "unknown": "yellow", "waived": "cyan"}

PLAIN_WIDTH = 160
"""Columns of tables that go into a file or a pipe, where there is no terminal to measure."""


class Screen:
    """The two streams, and whether results are wanted as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
        self.err = Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())

    def json(self, document: Any) -> None:  # noqa: ANN401 (whatever JSON can hold)
        """Print one JSON document."""
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def line(self, text: str, style: str | None = None) -> None:
        """Print one line of a result."""
        self.out.print(escape(text), style=style)

    def place(self, text: str, style: str | None = None) -> None:
        """Print one line that is never broken, so that editors find the place in it."""
        self.out.print(escape(text), style=style, soft_wrap=True)

    def indented(self, text: str, style: str | None = None, *, by: int = 4) -> None:
        """Print a paragraph that is indented as a whole; where there is no terminal, as one line."""
        if not self.out.is_terminal:
            self.place(" " * by + text)
            return
        self.out.print(Padding(Text(text), (0, 0, 0, by), expand=False), style=style)

    def parts(self, *parts: tuple[str, str]) -> None:
        """Print one line of parts, each with its style."""
        self.out.print(Text.assemble(*(part for part in parts if part[0])), soft_wrap=True)

    def table(
        self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Collection[str] = ()
    ) -> None:
        """Print a table; a cell that is a verdict gets its colour, and columns of numbers stand at their right."""
        table = Table(title=escape(title), title_justify="left", box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold", justify="right" if column in numbers else "left")
        for row in rows:
            table.add_row(*(f"[{COLOURS[c]}]{c}[/]" if c in COLOURS else escape(c) for c in row))
        self.out.print(table)

    def error(self, error: FestningError) -> None:
        """Print what went wrong and what to do about it."""
        self.err.print(f"[bold red]error:[/] {escape(error.message)}")
        if error.hint:
            self.err.print(f"[bold]hint:[/] {escape(error.hint)}")

    def progress(self) -> Live:
        """A progress display for a ``with`` statement."""
        return Live(self.err, time.monotonic)


class Live:
    """Progress: on a terminal a line that moves while a stage lasts; elsewhere one line when it begins."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._console = console
        self._clock = clock
        self._status: Status | None = None
        self._title = ""
        self._began = clock()
        self._stage_began = self._began

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end(good=kind is None)

    def stage(self, title: str) -> None:
        """Begin a part of the work, and end the one before."""
        self._end(good=True)
        self._title, self._stage_began = title, self._clock()
        if self._console.is_terminal:
            self._status = self._console.status(escape(title))
            self._status.start()
        else:
            self._console.print(f"{self._clock() - self._began:6.1f} s  {escape(title)}")

    def pause(self) -> None:
        """End the stage at hand, as a question to the person follows."""
        self._end(good=True)

    def detail(self, text: str) -> None:
        """Show what is going on, where there is a line that can change."""
        if self._status is not None:
            shown = text if len(text) <= 80 else text[:79] + "…"
            self._status.update(f"{escape(self._title)} [dim]{escape(shown)}[/]")

    def _end(self, *, good: bool) -> None:
        if self._status is None:
            return
        self._status.stop()
        self._status = None
        mark = "[green]✓[/]" if good else "[red]✗[/]"
        self._console.print(f"{mark} {escape(self._title)} [dim]{self._clock() - self._stage_began:.1f} s[/]")
