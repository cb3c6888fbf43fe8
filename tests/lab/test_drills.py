"""Drills on real machines: faults take hold, are healed, and cost nothing that was acknowledged.

How long a write had to wait is printed and not judged: this machine runs all the others as well.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lab

STABLE = {
    "name",
    "verdict",
    "write_gap_ms",
    "read_gap_ms",
    "requests",
    "failed_requests",
    "acknowledged_writes",
    "lost_writes",
    "fault_observed",
    "healed",
    "recovered_s",
}


def run(lab: Any, *arguments: str) -> dict[str, dict[str, Any]]:
    done = lab("--json", "drill", *arguments)
    assert done.stdout, done.stderr
    document = json.loads(done.stdout)
    assert document["fortress"]
    for drill in document["drills"]:
        assert drill.keys() >= STABLE
        figures = {key: drill[key] for key in sorted(STABLE)}
        print(json.dumps(figures), *drill["reasons"], sep="\n  ")
    return {drill["name"]: drill for drill in document["drills"]}


def assert_nothing_is_lost(drill: dict[str, Any]) -> None:
    assert drill["fault_observed"], drill["reasons"]
    assert drill["healed"], drill["reasons"]
    assert drill["recovered_s"] is not None, drill["reasons"]
    assert drill["lost_writes"] == 0
    assert drill["acknowledged_writes"] > 100
    assert {one["checker"]: one["verdict"] for one in drill["checked"] if one["verdict"] != "pass"} == {}


def test_faults_of_every_kind_take_hold_and_lose_nothing(lab: Any, tmp_path: Path) -> None:
    """A process, a partition, a site, and everything at once; the minority acknowledges nothing."""
    names = ("kill-database", "isolate-writer", "sever-abroad", "blackout")
    drills = run(lab, "run", *names, "--pages", str(tmp_path))
    assert tuple(drills) == names
    for name, drill in drills.items():
        assert drill["lost_writes"] == 0
        if drill["recovered_s"] is None:
            # Nothing was lost, but it took longer than the patience of a drill: once more, and then it must not.
            drills[name] = run(lab, "run", name, "--pages", str(tmp_path))[name]
        assert_nothing_is_lost(drills[name])
    minority = next(one for one in drills["isolate-writer"]["checked"] if one["checker"] == "minority")
    assert minority["looked_at"] > 0
    hurt = {door["door"] for door in drills["sever-abroad"]["doors"] if door["hurt"]}
    assert hurt == {"edge1", "edge2"}
    assert "http" not in (tmp_path / "blackout.html").read_text().replace("http://www.w3.org/2000/svg", "")


def test_chance_is_made_again_and_loses_nothing(lab: Any) -> None:
    (drill,) = run(lab, "random", "--count", "1", "--seed", "3").values()
    assert_nothing_is_lost(drill)


def test_who_is_interrupted_heals_first(lab: Any) -> None:
    state = "grep -h ^State: /proc/$(systemctl show --property=MainPID --value mariadb.service)/status"
    frozen = dict.fromkeys(("core1", "core2"), f"{state} | grep -c stopped || true")
    # A shell that starts the tests in the background has them ignore SIGINT, and so does what they start.
    program = ["env", "--default-signal=INT", sys.executable, "-m", "festning"]
    command = [*program, "--file", str(lab.file), "--lab", "drill", "run", "freeze-database"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        until = time.monotonic() + 120
        while not any(lab.on(host, script).strip() == "1" for host, script in frozen.items()):
            assert time.monotonic() < until
            assert process.poll() is None, process.communicate()[0]
        os.kill(process.pid, signal.SIGINT)
        printed, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, printed
    assert {lab.on(host, script).strip() for host, script in frozen.items()} == {"0"}
    timers = "systemctl list-timers --all --no-legend 'festning-drill-*' | wc -l"
    assert {lab.on(host, timers).strip() for host in frozen} == {"0"}


def test_a_drill_that_does_not_exist_is_named_with_the_nearest_one(lab: Any) -> None:
    done = lab("drill", "run", "kill-databse")
    assert done.returncode == 64
    assert "did you mean kill-database?" in done.stderr
