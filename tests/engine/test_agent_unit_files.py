"""Whether unit files were changed since systemd read them: whatever a person, a package or an edit leaves is seen."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from festning.engine.agent.unit_files import changed_since


def now_us() -> int:
    return time.time_ns() // 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "system"
    for inner in ("web.service.d", "multi-user.target.wants", "old.service.d"):
        (made / inner).mkdir(parents=True)
    (made / "web.service").write_text("[Service]\n")
    (made / "web.service.d" / "more.conf").write_text("[Service]\n")
    (made / "alias.service").symlink_to(tmp_path / "elsewhere.service")
    (tmp_path / "elsewhere.service").write_text("[Service]\n")
    time.sleep(0.05)  # So that what a test does then is later than the clock's tick.
    return made


def edit(path: Path) -> None:
    with path.open("a") as file:
        file.write("# by hand\n")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a unit edited in place": lambda folder: edit(folder / "web.service"),
    "a drop-in edited in place": lambda folder: edit(folder / "web.service.d" / "more.conf"),
    "a drop-in more": lambda folder: (folder / "web.service.d" / "new.conf").write_text(""),
    "a drop-in less": lambda folder: (folder / "web.service.d" / "more.conf").unlink(),
    "a folder of drop-ins less": lambda folder: shutil.rmtree(folder / "old.service.d"),
    "a unit more": lambda folder: (folder / "new.service").write_text(""),
    "a unit less": lambda folder: (folder / "web.service").unlink(),
    "what an alias leads to": lambda folder: edit(folder.parent / "elsewhere.service"),
    "an edit that keeps the time": lambda folder: (
        edit(folder / "web.service"),
        os.utime(folder / "web.service", (1, 1)),
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changed_after_the_load_is_seen(folder: Path, change: Callable[[Path], object]):
    loaded = now_us()
    assert not changed_since(loaded, (str(folder),))
    change(folder)
    assert changed_since(loaded, (str(folder),))


def test_what_was_changed_right_before_the_load_is_for_systemd_to_judge(folder: Path):
    edit(folder / "web.service")
    changed = (folder / "web.service").stat().st_ctime_ns // 1000
    assert changed_since(changed + 5_000, (str(folder),))
    assert not changed_since(changed + 15_000, (str(folder),))


def test_what_is_only_enabled_needs_no_reload(folder: Path):
    loaded = now_us()
    (folder / "multi-user.target.wants" / "web.service").symlink_to(folder / "web.service")
    assert not changed_since(loaded, (str(folder),))


def test_a_change_in_the_future_is_for_systemd_to_judge(folder: Path, monkeypatch: pytest.MonkeyPatch):
    later = time.time_ns() + 3_600_000_000_000
    before = time.time_ns() - 60_000_000_000
    assert not changed_since(later // 1000, (str(folder),))
    monkeypatch.setattr(time, "time_ns", lambda: before)  # The clock was set back after the files were written.
    assert changed_since(later // 1000, (str(folder),))


def test_a_folder_that_is_not_there_has_not_changed(tmp_path: Path):
    assert not changed_since(now_us(), (str(tmp_path / "none"),))
