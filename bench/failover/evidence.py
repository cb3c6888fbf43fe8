"""Keeps what a run that did not pass left behind, before its lab is thrown away: its page, and every host's journal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from bench.failover.measured import Label
from bench.stage import RunError, Stage
from festning.errors import FestningError
from festning.model.drill import DrillResult
from festning.workflows.drill_pages import write_pages

BEFORE_S = 30.0
"""Of the journals, before the fault."""


def keep(folder: Path, label: Label, result: DrillResult, stage: Stage) -> Path:
    """Write it under the folder, in one named after the run; where it is."""
    home = folder / f"{label.stack}-{label.drill}-{label.number}"
    write_pages(home, label.stack, [result], datetime.now(UTC))
    since = min(moment.at for moment in result.moments) - BEFORE_S
    for name, journal in _journals(stage, (host.name for host in stage.fortress.hosts), since):
        (home / f"{name}.journal").write_bytes(journal)
    return home


def _journals(stage: Stage, hosts: Iterable[str], since: float) -> Iterable[tuple[str, bytes]]:
    for host in hosts:
        try:
            said = stage.on_host(host, "journalctl", "--no-pager", "--output=short-precise", f"--since=@{since:.0f}")
        except (FestningError, RunError) as error:  # No power: then that is what is to be known.
            said = f"{error}\n".encode()
        yield host, said
