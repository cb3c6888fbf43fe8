"""Whether anybody is at a front door, asked from outside. Pure: the probe, and how its answer is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from festning.model.check import CLIENT, Probe
from festning.model.fortress import Fortress, Host

MOST_NAMES = 2
"""That are asked for at each door: one that is relayed may get no answer for reasons of the cores."""


def probe(fortress: Fortress, doors: Iterable[Host]) -> Probe:
    """What to try from the vantage outside every site."""
    addresses = {door.name: str(door.address) for door in doors}
    names = [service.host for service in fortress.services][:MOST_NAMES] or [fortress.domain]
    script = _script().replace("DOORS: dict[str, str] = {}", f"DOORS: dict[str, str] = {addresses!r}", 1)
    script = script.replace("NAMES: list[str] = []", f"NAMES: list[str] = {names!r}", 1)
    return Probe(host=CLIENT, script=script, interpreter="python3", timeout_s=30.0)


def parse_greetings(printed: str | None) -> Mapping[str, bool]:
    """By host, whether somebody is at its door; what could not be tried is not in it."""
    try:
        told = json.loads(printed or "null")
    except ValueError:
        return {}
    return {str(host): bool(answers) for host, answers in told.items()} if isinstance(told, dict) else {}


@cache
def _script() -> str:
    return files("festning.systems.haproxy.probes").joinpath("greet.py").read_text(encoding="utf-8")
