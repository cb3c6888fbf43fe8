"""Runs a program of the load on this machine, as it is run on a host, and hears it out."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from festning.engine.bundle import BOOTSTRAP
from festning.proof.load.hearing import Hearing
from festning.proof.load.programs import program


@dataclass
class Ran:
    """What a program printed, and how it ended."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    status: int | None = None

    def begun(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if "begin" in line]

    def ended(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if "end" in line]

    def heard(self) -> Hearing:
        hearing = Hearing("p")
        assert hearing.begin(json.dumps(self.lines[0]), 0, 1e12)
        for line in self.lines[1:]:
            hearing.hear(json.dumps(line))
        return hearing


async def run(name: str, orders: dict[str, Any], *, stop_after_s: float | None = None) -> Ran:
    """Start it with its orders; close its standard input after a while, or never; wait for its end."""
    pipe = asyncio.subprocess.PIPE
    text = program(name, orders).encode()
    process = await asyncio.create_subprocess_exec(
        "python3", "-I", "-u", "-c", BOOTSTRAP, stdin=pipe, stdout=pipe, limit=1 << 24
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{len(text):08x}".encode() + text)
    await process.stdin.drain()
    if stop_after_s is not None:
        asyncio.get_running_loop().call_later(stop_after_s, process.stdin.close)
    ran = Ran()
    async with asyncio.timeout(30):
        while line := await process.stdout.readline():
            ran.lines.append(json.loads(line))
        ran.status = await process.wait()
    return ran
