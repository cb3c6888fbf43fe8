"""The hands that carry out a drill's acts on a fortress, and look for its signs.

In the lab they reach into machines without a network, since that may be what is cut; elsewhere they come by SSH. Power
and whole sites are the lab's alone. What the acts are is ``proof``'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from festning.engine.bundle import BOOTSTRAP
from festning.engine.connections import Connections
from festning.engine.transport import Channel, LocalConnection
from festning.errors import FestningError, HostUnreachableError, UsageError
from festning.model.check import Output
from festning.proof.faults.fault import Power, Script, Sign, SiteLink

if TYPE_CHECKING:
    from festning.providers.lab.lab import Lab

LOOK_EVERY_S = 0.1
PYTHON = ("python3", "-I", "-u", "-c", BOOTSTRAP)


class ActError(FestningError):
    """Something could not be done to a host."""


class Hands(Protocol):
    """What a drill needs of the place where the fortress is."""

    async def start(self, host: str, argv: tuple[str, ...]) -> Channel:
        """Start a program on a host. Raises :class:`FestningError` where it cannot be reached."""

    async def switch(self, state: Power | SiteLink) -> None:
        """Bring a machine's power or a site's network into a state. Raises :class:`FestningError`."""

    async def is_so(self, state: Power | SiteLink) -> bool:
        """Whether it is in that state."""


class LabHands:
    """Hands in the lab."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    async def start(self, host: str, argv: tuple[str, ...]) -> Channel:
        return await LocalConnection(host).start(tuple(self._lab.exec_command(host, argv)))

    async def switch(self, state: Power | SiteLink) -> None:
        on = state.on if isinstance(state, Power) else state.up
        name = state.host if isinstance(state, Power) else f"site:{state.site}"
        await asyncio.to_thread(self._lab.heal if on else self._lab.cut, name)

    async def is_so(self, state: Power | SiteLink) -> bool:
        from festning.providers.lab.lab import MachineState  # noqa: PLC0415 (only the lab needs it)

        machines = await asyncio.to_thread(self._lab.list)
        if isinstance(state, Power):
            return all((one.state is MachineState.RUNNING) == state.on for one in machines if one.name == state.host)
        return all(one.site_cut != state.up for one in machines if one.site == state.site)


class RemoteHands:
    """Hands on hosts that are not the lab's."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def start(self, host: str, argv: tuple[str, ...]) -> Channel:
        return await (await self._connections.to(host)).start(argv)

    async def switch(self, state: Power | SiteLink) -> None:
        raise UsageError(f"nobody can do that to hosts outside the lab: {state}", hint="festning --lab drill run")

    async def is_so(self, state: Power | SiteLink) -> bool:
        raise UsageError(f"nobody can see that of hosts outside the lab: {state}", hint="festning --lab drill run")


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of looking for a sign. ``at`` is when the look that decided began."""

    sign: Sign
    found: bool
    at: float
    command: str
    output: str


async def run_script(hands: Hands, script: Script) -> Output:
    """Run shell on a host to its end. Raises :class:`FestningError` where that is not possible in its time."""
    try:
        async with asyncio.timeout(script.timeout_s):
            return await _run(hands, script)
    except TimeoutError:
        raise ActError(f"{script.host}: no end within {script.timeout_s:g} s: {_first_line(script.text)}") from None


async def do_script(hands: Hands, script: Script) -> None:
    """Run shell on a host, which must end well. Raises :class:`FestningError`."""
    done = await run_script(hands, script)
    if done.status != 0:
        said = (done.stderr or done.stdout).strip()[-300:]
        raise ActError(f"{script.host}: exit {done.status}: {said or _first_line(script.text)}")


async def look_for(hands: Hands, sign: Sign, clock: Callable[[], float]) -> Seen:
    """Look until the sign is seen or its patience ends."""
    until = clock() + sign.patience_s
    while True:
        seen = await _look(hands, sign, clock())
        if seen.found or clock() > until:
            return seen
        await asyncio.sleep(LOOK_EVERY_S)


async def start_program(hands: Hands, host: str, source: str) -> Channel:
    """Start a Python program on a host. Raises :class:`FestningError`."""
    channel = await hands.start(host, PYTHON)
    data = source.encode()
    await channel.write(f"{len(data):08x}".encode() + data)
    return channel


async def _look(hands: Hands, sign: Sign, at: float) -> Seen:
    if sign.state is not None:
        found = await hands.is_so(sign.state)
        return Seen(sign, found, at, "the provider's list of machines", sign.what if found else f"not so: {sign.what}")
    try:
        done = await run_script(hands, Script(host=sign.host, text=sign.text, timeout_s=10))
    except FestningError as error:
        return Seen(sign, found=False, at=at, command=f"{sign.host}: {sign.text}", output=error.message)
    printed = f"{done.stdout}{done.stderr}".strip()
    return Seen(sign, done.status == 0, at, f"{sign.host}: {sign.text}", f"{printed}\n(exit {done.status})".strip())


async def _run(hands: Hands, script: Script) -> Output:
    began = asyncio.get_running_loop().time()
    channel = await hands.start(script.host, ("sh",))
    try:
        await channel.write(script.text.encode())
        await channel.end()
        lines = []
        while line := await channel.readline():
            lines.append(line.decode("utf-8", "replace"))
        status, stderr = await channel.wait()
    finally:
        await channel.close()
    if status is None:
        raise HostUnreachableError(script.host, "went away in the middle")
    seconds = asyncio.get_running_loop().time() - began
    return Output(status=status, stdout="".join(lines), stderr=stderr, seconds=seconds)


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line and not line.startswith("set ")), "")
