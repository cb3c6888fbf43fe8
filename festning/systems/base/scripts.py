"""The room's probes as text to be run on a host."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def script(name: str) -> str:
    """The source of ``probes/<name>.py``."""
    return files("festning.systems.base.probes").joinpath(f"{name}.py").read_text(encoding="utf-8")


def clock_script(addresses: tuple[str, ...]) -> str:
    """The clock probe for these addresses."""
    return script("clock").replace("ADDRESSES: list[str] = []", f"ADDRESSES: list[str] = {list(addresses)!r}", 1)
