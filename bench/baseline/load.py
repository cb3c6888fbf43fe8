"""Where the load of a measurement meets the stack of 2014, so that it is the same load as festning's. Pure.

Leaves what the load is to ``workflows.loading``.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.baseline import web
from festning.model.fortress import Fortress
from festning.proof.load.stream import Stream
from festning.workflows.loading import streams_of


@dataclass(frozen=True, slots=True)
class SessionPlace:
    """Where a session with the database is opened, and the file there that tells how."""

    host: str
    environment: str


def streams(fortress: Fortress, per_second: float) -> tuple[Stream, ...]:
    """What festning's visitors would ask at the same doors: the cores', since web nodes are none here."""
    doors = {core.name for core in fortress.cores}
    return tuple(stream for stream in streams_of(fortress, per_second) if stream.door in doors)


def session_place(fortress: Fortress) -> SessionPlace:
    """The second core, from which the database at 10.8.0.1 is another machine's as it is for every web node."""
    return SessionPlace(fortress.cores[1].name, web.ENVIRONMENT)
