"""Putting paths in place, and taking it all back byte for byte."""

from __future__ import annotations

import base64
import getpass
import grp
import os
import stat
from pathlib import Path

import pytest

from festning.engine.agent.swap import Swap

MINE = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}


def write(path: Path, text: str, mode: int = 0o644) -> dict[str, object]:
    return {"kind": "write", "target": str(path), "text": text, "mode": mode, **MINE}


def mkdir(path: Path, mode: int = 0o755) -> dict[str, object]:
    return {"kind": "mkdir", "target": str(path), "mode": mode, **MINE}


def remove(path: Path, *, only_if_empty: bool = False) -> dict[str, object]:
    return {"kind": "remove", "target": str(path), "only_if_empty": only_if_empty}


def tree(root: Path) -> dict[str, tuple[int, bytes | str | None]]:
    """Everything below ``root``: mode, and content or link target."""
    found: dict[str, tuple[int, bytes | str | None]] = {}
    for path in sorted(root.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_symlink():
            found[str(path)] = (mode, str(path.readlink()))
        else:
            found[str(path)] = (mode, path.read_bytes() if path.is_file() else None)
    return found


def test_files_directories_and_missing_parents_are_made(tmp_path: Path):
    binary = {
        "kind": "write",
        "target": str(tmp_path / "b"),
        "base64": base64.b64encode(b"\xff").decode(),
        "mode": 0o600,
    }
    Swap().apply([write(tmp_path / "x/y/a", "one\n"), mkdir(tmp_path / "d", 0o700), {**binary, **MINE}])
    assert (tmp_path / "x/y/a").read_text() == "one\n"
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o700
    assert (tmp_path / "b").read_bytes() == b"\xff"
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600


def test_everything_comes_back_as_it_was(tmp_path: Path):
    (tmp_path / "kept").write_text("old\n")
    (tmp_path / "kept").chmod(0o640)
    (tmp_path / "stray").mkdir(mode=0o711)
    (tmp_path / "stray/deep").mkdir()
    (tmp_path / "stray/deep/file").write_bytes(b"\0\1")
    (tmp_path / "link").symlink_to("kept")
    (tmp_path / "mode").write_text("")
    before = tree(tmp_path)
    swap = Swap()
    swap.apply(
        [
            write(tmp_path / "kept", "new\n"),
            write(tmp_path / "new/deep/file", "x"),
            write(tmp_path / "link", "no longer a link"),
            mkdir(tmp_path / "made"),
            {"kind": "chmod", "target": str(tmp_path / "mode"), "mode": 0o600, **MINE},
            remove(tmp_path / "stray"),
        ]
    )
    assert (tmp_path / "kept").read_text() == "new\n"
    assert not (tmp_path / "stray").exists()
    assert not (tmp_path / "link").is_symlink()
    swap.back()
    assert tree(tmp_path) == before


def test_a_link_is_replaced_and_what_it_led_to_is_untouched(tmp_path: Path):
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    Swap().apply([write(tmp_path / "link", "new")])
    assert (tmp_path / "elsewhere").read_text() == "precious"
    assert not (tmp_path / "link").is_symlink()


def test_a_directory_with_somebodys_data_is_left(tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/precious").write_text("x")
    (tmp_path / "empty").mkdir()
    Swap().apply([remove(tmp_path / "data", only_if_empty=True), remove(tmp_path / "empty", only_if_empty=True)])
    assert (tmp_path / "data/precious").exists()
    assert not (tmp_path / "empty").exists()


def test_an_unknown_owner_changes_nothing(tmp_path: Path):
    (tmp_path / "a").write_text("old")
    before = tree(tmp_path)
    swap = Swap()
    with pytest.raises(OSError, match="no-such-user"):
        swap.apply([write(tmp_path / "a", "new"), {**write(tmp_path / "b", "x"), "owner": "no-such-user"}])
    assert (tmp_path / "a").read_text() == "old"
    swap.back()
    assert tree(tmp_path) == before


def test_a_directory_in_the_place_of_a_file_is_refused(tmp_path: Path):
    (tmp_path / "a").mkdir()
    swap = Swap()
    with pytest.raises(IsADirectoryError):
        swap.apply([write(tmp_path / "a", "x")])
    swap.back()
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
