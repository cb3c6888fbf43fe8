"""Crashes injected before every single change that the agent makes to the filesystem, and whoever undoes its work.

After each, every file is whole (old or new), what is not confirmed can be put back byte for byte, and the next apply
completes the work, leaves nothing lying about, and leaves records that tell of it.
"""

from __future__ import annotations

import getpass
import grp
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from festning.engine.agent import guard, recall
from festning.engine.agent import observe as agent_observe
from festning.engine.agent.apply import Session
from festning.engine.agent.pending import NOBODY_CAME, Pending
from festning.engine.agent.wire import Inbox
from festning.engine.observe import facts_from
from festning.engine.orders import Introduction, begin_request, observe_request, wave_order
from festning.engine.planner import plan_host
from festning.engine.sealed import SealedCatalog
from festning.model.catalog import Directory, File, HostCatalog, Item, SystemCatalog, Wave
from festning.model.plan import HostPlan

OWNER = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}
CHANGES = ("chmod", "chown", "fchmod", "fchown", "fsync", "mkdir", "open", "rename", "rmdir", "symlink", "unlink")
CRASHED = 77
OLD, NEW = "old\n" * 500, "new\n" * 900


def folder(path: Path, **more: Any) -> Directory:
    return Directory(path=str(path), **OWNER, **more)


def file(path: Path, content: str) -> File:
    return File(path=str(path), content=content, **OWNER)


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A directory in memory, where there is one: thousands of fsyncs are waited for otherwise."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def no_systemd(monkeypatch: pytest.MonkeyPatch, scratch: Path) -> None:
    """Its units lie in the scratch directory, and the watchdog is whatever the test does in its place."""
    monkeypatch.setattr(guard, "UNITS", str(scratch / "units"))
    monkeypatch.setattr(guard, "RUN_UNITS", str(scratch / "run-units"))
    monkeypatch.setattr(guard, "_systemctl", lambda verb: None)
    monkeypatch.setattr(Session, "_decided", lambda session: guard.stand_down(session._pending))
    (scratch / "units").mkdir()


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

    def __init__(self, root: Path, *, guarded: bool = False) -> None:
        self.root, self.etc, self.guarded = root, root / "etc", guarded
        self.state, self.run = str(root / "state"), str(root / "run")
        self.pending = Pending(self.state)
        os.makedirs(self.run)  # noqa: PTH103

    def converge(self, systems: tuple[SystemCatalog, ...], crash_at: int | None = None) -> bool:
        """Whether the apply came to its end."""
        sealed, plan = self.plan(systems)
        me = Introduction(
            operator="kari",
            fortress="t",
            state_directory=self.state,
            run_directory=self.run,
            generation=plan.generation + 1,
        )
        order = wave_order(plan, sealed, Wave.GROUND)
        if order is None:
            return True

        def work() -> None:
            guard.left_over(self.pending)
            session = Session(begin_request(plan, sealed, me), Inbox(os.pipe()[0]))
            assert session.wave(order)["result"] == "ok"
            session.complete()

        return in_child(work, crash_at)

    def put_back(self, crash_at: int | None = None) -> bool:
        """As the watchdog does; whether it came to its end."""
        return in_child(lambda: guard.put_back(self.pending, NOBODY_CAME), crash_at)  # type: ignore[arg-type, return-value]

    def plan(self, systems: tuple[SystemCatalog, ...]) -> tuple[SealedCatalog, HostPlan]:
        systems = tuple(replace(one, guarded=self.guarded) for one in systems)
        sealed = SealedCatalog(HostCatalog("alpha", systems), str)
        facts = facts_from("alpha", agent_observe.observe(observe_request(sealed, self.state)))
        return sealed, plan_host(sealed, facts)

    def changes(self, systems: tuple[SystemCatalog, ...]) -> int:
        return self.plan(systems)[1].changes

    def contents(self) -> dict[str, str]:
        found = (path for path in sorted(self.etc.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.etc)): path.read_text() for path in found}

    def tree(self) -> dict[str, tuple[int, int, int, str]]:
        """All that can be put back of everything: mode, owner and content."""
        return {
            str(path): (status.st_mode, status.st_uid, status.st_gid, path.read_text() if path.is_file() else "")
            for path in sorted(self.etc.rglob("*"))
            for status in [path.lstat()]
        }

    def systems(self) -> Any:
        return json.loads(Path(self.state, "manifest.json").read_text())["systems"]

    def generations(self) -> list[dict[str, Any]]:
        """Every one of them readable, with all contents, and nothing that none of them needs."""
        told: list[dict[str, Any]] = recall.history(self.state)["generations"]
        whole = [recall.generation(self.state, one["number"]) for one in told]
        assert not any(one["missing"] for one in whole)
        return told


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


def prepared(root: Path, *, guarded: bool = False) -> Host:
    root.mkdir()
    host = Host(root, guarded=guarded)
    assert host.converge(before(host.etc))
    (host.etc / "purged").mkdir()
    (host.etc / "purged/stray").write_text(OLD)
    return host


EXPECTED = {"a": NEW, "b": NEW, "new/e": NEW, "purged/f": NEW}


@pytest.mark.parametrize("guarded", [False, True], ids=["settled", "guarded"])
def test_a_crash_at_any_point_leaves_whole_files_and_the_next_apply_completes(scratch: Path, guarded: bool):
    host = prepared(scratch / "host", guarded=guarded)
    shutil.copytree(host.root, scratch / "prepared", symlinks=True)
    was, known = host.tree(), host.systems()
    points, halfway, undone = 0, 0, 0
    while True:
        ended = host.converge(after(host.etc), crash_at=points)
        visible = {name: text for name, text in host.contents().items() if not Path(name).name.startswith(".")}
        assert set(visible.values()) <= {OLD, NEW}, points
        assert {"a", "b"} <= set(visible), points
        halfway += OLD in visible.values() and NEW in visible.values()
        assert host.generations()[0]["result"] == "complete", points
        if host.pending.armed:
            assert guarded
            host.put_back(crash_at=points % 37)  # The watchdog is killed as well, and started again.
            assert host.put_back(), points
            assert host.tree() == was, points
            assert host.systems() == known, points
            undone += 1
        assert host.converge(after(host.etc)), points
        assert_complete(host, points)
        if ended:
            break
        points += 1
        shutil.rmtree(host.root)
        shutil.copytree(scratch / "prepared", host.root, symlinks=True)
    print(f"{points} crash points, {halfway} with old and new files, {undone} put back")
    assert points > (200 if guarded else 140)
    assert halfway > 10
    assert undone > 50 if guarded else undone == 0


def assert_complete(host: Host, point: int) -> None:
    assert host.contents() == EXPECTED, point
    assert host.changes(after(host.etc)) == 0, point
    manifest = json.loads(Path(host.state, "manifest.json").read_text())
    assert not any(owed["restart"] + owed["reload"] for owed in manifest["interrupted"].values()), point
    assert {"first", "second"} <= set(manifest["systems"]) <= {"first", "second", "departs"}, point
    assert not (host.etc / "gone").exists(), point
    assert not host.pending.armed, point
    assert guard.left_over(host.pending) is None, point  # As every apply begins.
    assert not Path(guard.UNITS, "sysinit.target.wants", guard.NEXT_BOOT).exists(), point
    last = recall.generation(host.state, host.generations()[-1]["number"])["generation"]
    assert last["result"] == "unfinished" or set(last["systems"]) == {"first", "second"}, point


@pytest.mark.parametrize("crash_at", range(0, 200, 20))
def test_a_crash_while_taking_back_leaves_whole_files_too(scratch: Path, crash_at: int):
    host = prepared(scratch / "host")
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
