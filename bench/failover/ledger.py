"""Keeps what was measured, run by run, in a file: a bench that was stopped goes on where it was.

Runs of another code are kept, and not counted: a table of two festnings would be of neither.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from bench.failover.measured import Measured

SOURCES = ("*.py", "*.j2", "*.toml", "*.yaml", "*.php")


class Ledger:
    """All runs. ``code`` is what each stack is now, by its name; without a ``file`` nothing outlives the process."""

    def __init__(self, file: Path | None, code: Mapping[str, str]) -> None:
        """Raise :class:`ValueError` for a file that is no ledger."""
        self._file = file
        self.code = code
        self._runs = _read(file) if file is not None and file.exists() else []

    def of(self, stack: str, drill: str) -> tuple[Measured, ...]:
        """The runs of a drill on a stack, as the stack is now, by their numbers."""
        found = [one for one in self._runs if (one.label.stack, one.label.drill) == (stack, drill)]
        current = [one for one in found if one.label.code == self.code.get(stack)]
        return tuple(sorted(current, key=lambda one: one.label.number))

    def has(self, stack: str, drill: str, number: int) -> bool:
        return any(one.label.number == number for one in self.of(stack, drill))

    @property
    def left_out(self) -> int:
        """How many runs there are of another code."""
        return sum(one.label.code != self.code.get(one.label.stack) for one in self._runs)

    def add(self, run: Measured) -> None:
        """Keep a run, at once: whoever stops us now loses nothing."""
        self._runs.append(run)
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        beside = self._file.with_name(f"{self._file.name}.new")
        beside.write_text(json.dumps({"runs": [one.document() for one in self._runs]}, indent=1) + "\n")
        beside.replace(self._file)


def code_of(folders: Iterable[Path], *settings: object) -> str:
    """A short name for what all sources in the folders say now, and for the settings of a measurement."""
    digest = hashlib.sha256(repr(settings).encode())
    for folder in folders:
        for file in sorted(file for pattern in SOURCES for file in folder.rglob(pattern)):
            digest.update(f"\0{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _read(file: Path) -> list[Measured]:
    try:
        return [Measured.read(run) for run in json.loads(file.read_text())["runs"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file} has no runs of this bench: {error!r}") from error
