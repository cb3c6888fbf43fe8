"""Damaged files through the command line itself: one of the promised exit codes, and words in place of a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import EXAMPLE, Festning

WHOLE = (EXAMPLE / "fortress.yaml").read_bytes()
DAMAGED = {
    "empty": b"",
    "cut in the middle of a word": WHOLE[: len(WHOLE) // 2],
    "another encoding": WHOLE.decode().encode("utf-16"),
    "a tab": WHOLE.replace(b"  core1:", b"\tcore1:"),
    "an alias that bites its tail": b"fortress: &a [*a]\n",
    "lists without end": b"[" * 100_000,
    "a site that is not there": WHOLE.replace(b"site: oslo", b"site: osla"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_refused_in_words(damage: str, tmp_path: Path) -> None:
    file = tmp_path / "fortress.yaml"
    file.write_bytes(DAMAGED[damage])
    done = Festning(file, lab=False)("check")
    assert (done.returncode, done.stdout) == (64, "")
    assert "fortress.yaml" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) < 50


def test_a_file_with_a_mark_of_its_encoding_and_ends_of_line_from_elsewhere_is_read(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "fortress.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace(b"\n", b"\r\n"))
    done = Festning(file, lab=False)("check")
    assert (done.returncode, done.stderr) == (0, "")
