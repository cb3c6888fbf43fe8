"""Runs as tests of the failover bench make them up."""

from __future__ import annotations

from typing import Any

from bench.failover.measured import Label, Measured


def run(drill: str = "kill-database", stack: str = "festning", number: int = 1, **figures: Any) -> Measured:
    """A run that went well, but for what is said."""
    well: dict[str, Any] = {
        "about": "SIGKILL",
        "verdict": "pass",
        "reasons": (),
        "fault_observed": True,
        "write_gap_s": 0.5,
        "read_gap_s": 0.2,
        "hurt_gap_s": None,
        "requests": 1000,
        "failed_reads": 0,
        "failed_writes": 0,
        "in_flight": 0,
        "unnoticed": 0,
        "hurt_failed_reads": 0,
        "acknowledged": 400,
        "lost": 0,
        "minority": None,
        "broken_checks": (),
        "open_checks": (),
        "recovered_s": 0.3,
    }
    code = figures.pop("code", "now")
    label = Label(drill=drill, stack=stack, number=number, code=code, at="2026-07-01T12:00:00+00:00")
    return Measured(label=label, **{**well, **figures})
