"""Progress that is written while work goes on: a line that moves on a terminal, a line for each stage elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.status import Status


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
