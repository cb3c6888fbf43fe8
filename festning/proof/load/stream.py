"""A stream of requests, through one front door or to a name, as ``visitors`` is told to send them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Requests of one kind. ``book`` names the history of its writes, empty where a request only reads.

    ``{token}`` in ``path`` stands for a number that is new each time; with ``keep`` connections are used again. Without
    an ``address`` each new connection goes where the name ``host`` leads then.
    """

    door: str
    address: str
    host: str
    method: str
    path: str
    keep: bool
    per_second: float
    book: str = ""
    port: int = 443
