"""How much an edge's front door has to do, and how long what it does takes: from two readings of its HAProxy.

Requests are what it decrypts, and connections what it relays, since it cannot look into them; requests without TLS,
which it sends to TLS, are requests too. How long is until an answer begins, or until a relayed connection has been
made: what the client's own line takes is not in it. Pure; the probe is ``probes/traffic.py``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import ceil

from festning.model.check import Probe
from festning.systems.haproxy.names import ADMIN_SOCKET, DECRYPTED, PLAIN, RELAYED, UNIT

SHORTEST_S = 0.5
"""Between two readings, for a rate that means something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a host's HAProxy told. ``at`` is in seconds of the host's own clock; ``since`` is for the next probe.

    ``process`` and ``uptime`` (seconds) tell one HAProxy from the next, which counts from 0. ``requests`` and
    ``connections`` are since it began; ``took`` is how many, of those since the reading before, took how many
    milliseconds.
    """

    at: float
    since: float
    process: int
    uptime: int
    requests: int
    connections: int
    took: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Between two readings: requests and connections a second, and within how many milliseconds 99 of 100 were
    answered; ``None`` is what is not known."""

    requests: float | None = None
    p99_ms: float | None = None


def probe(host: str, since: float | None) -> Probe:
    """What to ask of a host; ``since`` is from the reading before, if there is one."""
    script = _script()
    for name, value in (('SOCKET = ""', ADMIN_SOCKET), ('UNIT = ""', UNIT), ("SINCE = 0.0", since or 0.0)):
        script = script.replace(name, f"{name.split(' ')[0]} = {value!r}", 1)
    return Probe(host=host, script=script, interpreter="python3", timeout_s=15.0)


def parse_reading(text: str) -> Reading:
    """What the probe printed. Raises ``ValueError`` for anything else."""
    try:
        told = json.loads(text)
        info, _, stat = told["told"].partition("# pxname,")
        fields = dict(line.split(": ", 1) for line in info.splitlines() if ": " in line)
        rows = list(csv.DictReader(line for line in f"pxname,{stat}".splitlines() if line))
        return Reading(
            at=float(told["at"]),
            since=float(told["since"]),
            process=int(fields["Pid"]),
            uptime=int(fields["Uptime_sec"]),
            requests=sum(int(row["req_tot"]) for row in rows if _is_door(row)),
            connections=sum(int(row["stot"]) for row in rows if _is_relay(row)),
            took={int(milliseconds): int(many) for milliseconds, many in told["took"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not what HAProxy tells: {error!r}") from None


def traffic(before: Reading | None, now: Reading) -> Traffic:
    """What went on between two readings. Nothing is known where HAProxy was begun anew: it counts from 0 again."""
    if before is None or now.process != before.process or now.uptime < before.uptime:
        return Traffic()
    seconds = now.at - before.at
    if seconds < SHORTEST_S:
        return Traffic()
    many = now.requests + now.connections - before.requests - before.connections
    return Traffic(many / seconds, p99(now.took)) if many >= 0 else Traffic()


def p99(took: Mapping[int, int]) -> float | None:
    """The milliseconds within which 99 of 100 were answered (nearest rank); ``None`` where nothing was."""
    left = ceil(0.99 * sum(took.values()))
    for milliseconds in sorted(took):
        left -= took[milliseconds]
        if left <= 0:
            return float(milliseconds)
    return None


def _is_door(row: Mapping[str, str]) -> bool:
    return row["svname"] == "FRONTEND" and row["pxname"] in (DECRYPTED, PLAIN)


def _is_relay(row: Mapping[str, str]) -> bool:
    return row["svname"] == "BACKEND" and row["pxname"].startswith(RELAYED)


@cache
def _script() -> str:
    return files("festning.systems.haproxy.probes").joinpath("traffic.py").read_text(encoding="utf-8")
