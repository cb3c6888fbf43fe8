"""Scripts are run to their end or given up, and signs are looked for until they are seen or patience ends."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from festning.engine.transport import Channel, LocalConnection
from festning.errors import UsageError
from festning.proof.faults.fault import Power, Script, Sign, SiteLink
from festning.workflows.drilling import to_its_end
from festning.workflows.hands import ActError, RemoteHands, do_script, look_for, run_script


class Here:
    """Hands on this machine."""

    def __init__(self) -> None:
        self.off: set[str] = set()

    async def start(self, host: str, argv: tuple[str, ...]) -> Channel:
        return await LocalConnection(host).start(argv)

    async def switch(self, state: Power | SiteLink) -> None:
        raise AssertionError(state)

    async def is_so(self, state: Power | SiteLink) -> bool:
        return isinstance(state, Power) and (state.host in self.off) is not state.on


def test_a_script_is_run_with_its_output_and_status() -> None:
    done = asyncio.run(run_script(Here(), Script(host="here", text="echo out; echo err >&2; exit 3\n")))
    assert (done.status, done.stdout, done.stderr) == (3, "out\n", "err\n")


def test_a_script_that_fails_says_what_it_said() -> None:
    with pytest.raises(ActError, match="here: exit 1: no such unit"):
        asyncio.run(do_script(Here(), Script(host="here", text="echo no such unit >&2; exit 1\n")))


def test_a_script_that_does_not_end_is_given_up() -> None:
    with pytest.raises(ActError, match=r"no end within 0.2 s: sleep 1"):
        asyncio.run(run_script(Here(), Script(host="here", text="set -e\nsleep 1\n", timeout_s=0.2)))


def test_a_sign_is_looked_for_until_it_is_seen(tmp_path: Path) -> None:
    sign = Sign(
        what="it is there",
        host="here",
        text=f"echo looking; test -e {tmp_path}/it || {{ touch {tmp_path}/it; exit 1; }}\n",
    )
    seen = asyncio.run(look_for(Here(), sign, itertools.count().__next__))
    assert seen.found
    assert seen.at == 3, "the look that decided, after the first one and the clock of its patience"
    assert seen.output == "looking\n(exit 0)"


def test_a_sign_that_is_never_seen_is_not_found_and_what_was_seen_is_kept() -> None:
    sign = Sign(what="it is there", host="here", text="echo nothing; exit 1\n", patience_s=3)
    seen = asyncio.run(look_for(Here(), sign, itertools.count().__next__))
    assert not seen.found
    assert seen.output == "nothing\n(exit 1)"


def test_what_only_a_provider_sees_is_asked_of_it() -> None:
    hands = Here()
    hands.off.add("core1")
    sign = Sign(what="core1 has no power", state=Power("core1", on=False))
    assert asyncio.run(look_for(hands, sign, itertools.count().__next__)).found


def test_nobody_pulls_the_plug_of_a_rented_machine() -> None:
    hands = RemoteHands(connections=None)  # type: ignore[arg-type]  # It is not asked.
    with pytest.raises(UsageError):
        asyncio.run(hands.switch(Power("core1", on=False)))


def test_what_must_be_done_is_done_before_anybody_is_cancelled() -> None:
    done = []

    async def heal() -> None:
        await asyncio.sleep(0.05)
        done.append("healed")

    async def work() -> None:
        task = asyncio.create_task(to_its_end(heal()))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    assert done == ["healed"]
