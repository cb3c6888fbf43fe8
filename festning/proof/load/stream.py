"""A stream of requests, through one front door or to a name, as ``visitors`` is told to send them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Requests of one kind. ``book`` names the history of its writes, empty where a request only reads.

    ``{token}`` in ``path`` and ``header`` (a header's line, or nothing) stands for a number that is new each time. With
    ``keep`` connections are used again. Without an ``address`` each new one goes where the name ``host`` leads then.
    """

    door: str
    address: str
    host: str
    method: str
    path: str
    keep: bool
    per_second: float
    book: str = ""
    header: str = ""
    port: int = 443
