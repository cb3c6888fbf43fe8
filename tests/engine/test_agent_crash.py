"""Crashes injected before every single change that the agent makes to the filesystem.

After each, every file is whole (old or new), and the next apply completes the work and leaves nothing lying about.
"""

from __future__ import annotations

import getpass
import grp
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from festning.engine.agent import observe as agent_observe
from festning.engine.agent.apply import Session
from festning.engine.agent.wire import Inbox
from festning.engine.observe import facts_from
from festning.engine.orders import Introduction, begin_request, observe_request, wave_order
from festning.engine.planner import plan_host
from festning.engine.sealed import SealedCatalog
from festning.model.catalog import Directory, File, HostCatalog, Item, SystemCatalog, Wave

OWNER = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}
CHANGES = ("chmod", "chown", "fchmod", "fchown", "fsync", "mkdir", "open", "rename", "rmdir", "symlink", "unlink")
CRASHED = 77
OLD, NEW = "old\n" * 500, "new\n" * 900


def folder(path: Path, **more: Any) -> Directory:
    return Directory(path=str(path), **OWNER, **more)


def file(path: Path, content: str) -> File:
    return File(path=str(path), content=content, **OWNER)


def before(etc: Path) -> tuple[SystemCatalog, ...]:
    first: tuple[Item, ...] = (folder(etc), file(etc / "a", OLD), file(etc / "b", OLD), file(etc / "leaves/c", OLD))
    return (
        SystemCatalog(system="first", wave=Wave.GROUND, items=first),
        SystemCatalog(system="departs", wave=Wave.GROUND, items=(folder(etc / "gone"), file(etc / "gone/d", OLD))),
    )


def after(etc: Path) -> tuple[SystemCatalog, ...]:
    first: tuple[Item, ...] = (folder(etc), file(etc / "a", NEW), file(etc / "b", NEW), file(etc / "new/e", NEW))
    second = (folder(etc / "purged", purge=True, mode=0o700), file(etc / "purged/f", NEW))
    return (
        SystemCatalog(system="first", wave=Wave.GROUND, items=first),
        SystemCatalog(system="second", wave=Wave.GROUND, items=second),
    )


class Host:
    """A host below one directory, whose agent runs in a child process that can be made to die."""

    def __init__(self, root: Path) -> None:
        self.etc = root / "etc"
        self.state, self.run = str(root / "state"), str(root / "run")
        os.makedirs(self.run)  # noqa: PTH103

    def converge(self, systems: tuple[SystemCatalog, ...], crash_at: int | None = None) -> bool:
        """Whether the apply came to its end."""
        sealed = SealedCatalog(HostCatalog("alpha", systems), str)
        facts = facts_from("alpha", agent_observe.observe(observe_request(sealed, self.state)))
        plan = plan_host(sealed, facts)
        me = Introduction(operator="kari", fortress="t", state_directory=self.state, run_directory=self.run)
        order = wave_order(plan, sealed, Wave.GROUND)
        if order is None:
            return True

        def work() -> None:
            session = Session(begin_request(plan, sealed, me), Inbox(os.pipe()[0]))
            assert session.wave(order)["result"] == "ok"
            session.complete()

        return in_child(work, crash_at)

    def changes(self, systems: tuple[SystemCatalog, ...]) -> int:
        sealed = SealedCatalog(HostCatalog("alpha", systems), str)
        facts = facts_from("alpha", agent_observe.observe(observe_request(sealed, self.state)))
        return plan_host(sealed, facts).changes

    def contents(self) -> dict[str, str]:
        found = (path for path in sorted(self.etc.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.etc)): path.read_text() for path in found}


def in_child(work: Callable[[], None], crash_at: int | None) -> bool:
    """Run in a child that ends, as by SIGKILL, right before its ``crash_at``-th change; whether it did not."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if crash_at is not None:
            inject(crash_at)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, CRASHED)
    return status == 0


def inject(crash_at: int) -> None:
    left = [crash_at]

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if left[0] == 0:
                os._exit(CRASHED)
            left[0] -= 1
            return original(*arguments, **options)

        return call

    for name in CHANGES:
        setattr(os, name, counted(getattr(os, name)))


def prepared(root: Path) -> Host:
    root.mkdir()
    host = Host(root)
    assert host.converge(before(host.etc))
    (host.etc / "purged").mkdir()
    (host.etc / "purged/stray").write_text(OLD)
    return host


def test_a_crash_at_any_point_leaves_whole_files_and_the_next_apply_completes(tmp_path: Path):
    expected = {"a": NEW, "b": NEW, "new/e": NEW, "purged/f": NEW}
    points, halfway = 0, 0
    while True:
        host = prepared(tmp_path / str(points))
        ended = host.converge(after(host.etc), crash_at=points)
        found = host.contents()
        visible = {name: text for name, text in found.items() if not Path(name).name.startswith(".")}
        assert set(visible.values()) <= {OLD, NEW}, points
        assert {"a", "b"} <= set(visible), points
        halfway += OLD in visible.values() and NEW in visible.values()
        assert host.converge(after(host.etc)), points
        assert host.contents() == expected, points
        assert host.changes(after(host.etc)) == 0, points
        manifest = json.loads(Path(host.state, "manifest.json").read_text())
        assert not any(owed["restart"] + owed["reload"] for owed in manifest["interrupted"].values()), points
        assert {"first", "second"} <= set(manifest["systems"]) <= {"first", "second", "departs"}, points
        assert not (host.etc / "gone").exists(), points
        if ended:
            break
        points += 1
    assert points > 100
    assert halfway > 10


@pytest.mark.parametrize("crash_at", range(0, 130, 10))
def test_a_crash_while_taking_back_leaves_whole_files_too(tmp_path: Path, crash_at: int):
    host = prepared(tmp_path / "host")
    host.converge(after(host.etc), crash_at=crash_at)
    host.converge(before(host.etc), crash_at=crash_at // 2)
    assert set(host.contents()) >= {"a", "b"}
    assert host.converge(before(host.etc))
    assert host.changes(before(host.etc)) == 0
    assert {name: text for name, text in host.contents().items() if not name.startswith("purged/")} == {
        "a": OLD,
        "b": OLD,
        "leaves/c": OLD,
        "gone/d": OLD,
    }
