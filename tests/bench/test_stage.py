"""What is put back after a measurement, and what a process took."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.stage import RunError, enough_watchers, measure


@pytest.mark.parametrize("before", [128, 4096])
def test_the_kernels_setting_goes_back_to_what_it_was(tmp_path: Path, before: int):
    setting = tmp_path / "max_user_instances"
    setting.write_text(f"{before}\n")

    def measured() -> None:
        with enough_watchers(setting, 1024):
            assert int(setting.read_text()) == max(before, 1024)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured()
    assert int(setting.read_text()) == before


def test_a_process_is_measured_with_its_children():
    burn = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); print('done')"
    run, output = measure([sys.executable, "-c", script], dict(os.environ))
    assert output == "done\n"
    assert run.cpu_s >= 0.2
    assert run.wall_s >= 0.2
    assert run.peak_mib > 1


def test_a_process_that_fails_is_told_with_what_it_said():
    with pytest.raises(RunError, match=r"exit code 3\nno luck"):
        measure([sys.executable, "-c", "print('no luck'); raise SystemExit(3)"], dict(os.environ))


ENDED = """
import asyncio, os, signal, threading
from bench.stage import ended_by_signals

async def work():
    program = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE)
    try:
        await asyncio.sleep(60)
    finally:
        program.terminate()
        await program.wait()
        print("closed")

signal.signal(signal.SIGINT, signal.SIG_IGN)  # As a shell has it for what it starts in the background.
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGNAL)).start()
try:
    with ended_by_signals():
        asyncio.run(work())
except KeyboardInterrupt:
    print("interrupted", signal.getsignal(signal.SIGINT) == signal.SIG_IGN)
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_what_runs_and_closes_what_it_has_open(name: str) -> None:
    program = ENDED.replace("signal.SIGNAL", f"signal.{name}")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.split() == ["closed", "interrupted", "True"], done.stderr
    assert done.stderr == ""
