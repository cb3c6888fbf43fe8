"""How the losses look: what stops when a host, a site, an operator or a country is gone, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from festning.cli.screen import Screen
from festning.policy.losses import Kind, Loss, Outcome
from festning.workflows.judging import Judged

MOST_ROWS = 12
"""Of losses that stop nothing: more are counted, not shown."""


def show(screen: Screen, judged: Judged) -> None:
    """One row for each loss that differs: losses of the same hosts are one, and hosts that are alike."""
    if not judged.fortress.services:
        return
    rows = [*_host_rows(judged.losses), *_place_rows(judged.losses)]
    screen.table("What a loss stops", ("lost", "hosts", "stops", "why"), rows)
    screen.line("")


def document(loss: Loss) -> dict[str, Any]:
    """One loss, as ``check --json`` prints it. ``alike`` are hosts whose loss, each alone, has the same outcome."""
    return {
        "kind": loss.kind.value,
        "name": loss.name,
        "hosts": list(loss.hosts),
        "alike": list(loss.alike),
        "services": [
            {"service": one.service, "reads": one.reads, "writes": one.writes, "why": list(one.why)}
            for one in loss.outcomes
        ],
    }


def _host_rows(losses: Iterable[Loss]) -> list[tuple[str, ...]]:
    hosts = [loss for loss in losses if loss.kind is Kind.HOST]
    rows: list[tuple[str, ...]] = [(_each(loss), "1", *_stops(loss.outcomes)) for loss in hosts if loss.stopped]
    harmless = sum(1 + len(loss.alike) for loss in hosts if not loss.stopped)
    if harmless:
        name = "any one host" if not rows else "any other host"
        rows.append((name, f"1 of {harmless}", "nothing", ""))
    return rows


def _place_rows(losses: Iterable[Loss]) -> list[tuple[str, ...]]:
    together: dict[tuple[str, ...], list[Loss]] = {}
    for loss in losses:
        if loss.kind is not Kind.HOST:
            together.setdefault(tuple(sorted(loss.hosts)), []).append(loss)
    stopping = [group for group in together.values() if group[0].stopped]
    harmless = [group for group in together.values() if not group[0].stopped]
    shown = [*stopping, *harmless[:MOST_ROWS]]
    rows: list[tuple[str, ...]] = [(_names(group), few(group[0].hosts), *_stops(group[0].outcomes)) for group in shown]
    if len(harmless) > MOST_ROWS:
        rows.append((f"{len(harmless) - MOST_ROWS} others", "", "nothing", ""))
    return rows


def _names(group: Sequence[Loss]) -> str:
    return ", ".join(f"{loss.kind.value} {loss.name}" for loss in group)


def _each(loss: Loss) -> str:
    return f"host {few((loss.name, *loss.alike), 'or')}"


def _stops(outcomes: Sequence[Outcome]) -> tuple[str, str]:
    """What stops, and why: reasons that services share are told once."""
    stopped = [outcome for outcome in outcomes if not outcome.reads]
    if not stopped:
        return "nothing", ""
    reasons = dict.fromkeys(outcome.why for outcome in stopped)
    if len(reasons) == 1:
        return few([one.service for one in stopped]), "; ".join(stopped[0].why)
    why = "\n".join(f"{one.service}: {'; '.join(one.why)}" for one in stopped[:MOST_ROWS])
    return few([one.service for one in stopped]), why


def few(names: Sequence[str], word: str = "and") -> str:
    """The names, or the first of them and how many more."""
    if len(names) <= 4:
        return ", ".join(names)
    return f"{', '.join(names[:3])} {word} {len(names) - 3} more"
