"""The look at the kernel's settings, run here for settings of this machine's kernel."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from festning.systems.base.kernel import settings_in_force

HOSTNAME = "kernel.ostype"
PIDS = "kernel.pid_max"


def value(key: str) -> str:
    return Path("/proc/sys", key.replace(".", "/")).read_text().strip()


def look(content: str) -> tuple[int, str]:
    step = settings_in_force("/etc/sysctl.d/x.conf", content)
    done = subprocess.run(["sh"], input=step.check, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_settings_that_are_as_declared_say_nothing():
    content = f"# A comment = with a sign\n\n{HOSTNAME} = {value(HOSTNAME)}\n{PIDS} = {value(PIDS)}\n"
    assert look(content) == (0, "")


def test_a_setting_that_is_another_is_told_whole():
    assert look(f"{PIDS} = 7\n") == (1, f"-{PIDS} = {value(PIDS)}\n+{PIDS} = 7\n")


@pytest.mark.parametrize(("key", "status"), [("-kernel.nonsense", 0), ("kernel.nonsense", 1)])
def test_only_what_may_be_missing_may_be_missing(key: str, status: int):
    assert look(f"{key} = 1\n")[0] == status
