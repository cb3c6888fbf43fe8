"""Everything is restarted while people use it: no request fails, and no acknowledged write is lost.

How long a write had to wait is printed and not judged: this machine runs all the others as well.
"""

from __future__ import annotations

import asyncio
import datetime
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from festning.engine.connections import Connections
from festning.workflows.loading import Load, Loaded, Volume
from festning.workflows.opening import Surroundings, open_fortress

QUIET_S = 2.0
"""Load before and after, so that what is compared is seen to be well."""


def under_load(file: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], Loaded]:
    """A call of the command line while the load runs."""

    async def work() -> tuple[subprocess.CompletedProcess[str], Loaded]:
        opened = open_fortress(file, Surroundings({}, "load@desk", None, datetime.date.today()), lab=True)  # noqa: DTZ011
        async with Connections([*opened.endpoints(), opened.client()]) as connections:
            load = Load(opened, connections, f"L{time.time_ns()}-", Volume(per_second=1.0, seconds=300))
            await load.begin()
            await asyncio.sleep(QUIET_S)
            done = await asyncio.to_thread(call, file, *arguments)
            await asyncio.sleep(QUIET_S)
            return done, await load.end()

    return asyncio.run(work())


def call(file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    from tests.conftest import Festning  # noqa: PLC0415

    return Festning(file)(*arguments)


def told(loaded: Loaded) -> str:
    accounts = [account for account in (loaded.visitors, loaded.session) if account is not None]
    lines = [
        f"{one.sent} sent, {one.failed} failed, {one.retries} tried again, longest time without a write "
        f"{one.longest_gap_s:.2f} s at {one.gap_at_s:.1f} s, slowest {one.slowest_s:.2f} s"
        for one in accounts
    ]
    return "\n".join([*lines, *(str(failure) for one in accounts for failure in one.failures[:20]), *loaded.lost[:20]])


@pytest.mark.lab
def test_a_rolling_restart_of_everything_loses_no_request_and_no_write(lab: Any) -> None:
    done, loaded = under_load(lab.file, "restart")
    print(told(loaded))
    assert done.returncode == 0, done.stdout + done.stderr
    assert loaded.visitors.sent > 100
    assert loaded.visitors.acknowledged
    assert loaded.session is not None
    assert loaded.session.acknowledged
    assert loaded.visitors.failed == 0, told(loaded)
    assert loaded.session.failed == 0, told(loaded)
    assert loaded.lost == (), told(loaded)
