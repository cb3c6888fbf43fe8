"""The copy of the image in which tests run programs: writable, gone afterwards, and the image as it was."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.programs import CopyError, ImageCopy


@pytest.fixture
def own_copy(image_copy: ImageCopy, tmp_path: Path) -> Iterator[ImageCopy]:
    copy = ImageCopy(image_copy.image, tmp_path)
    yield copy
    copy.close()


def test_what_is_written_in_a_copy_is_in_no_other_and_not_in_the_image(
    image_copy: ImageCopy, own_copy: ImageCopy
) -> None:
    script = "echo changed >/etc/hostname; rm /etc/os-release; cat /etc/hostname"
    done = subprocess.run([*own_copy.command("sh"), "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "changed\n"
    assert (image_copy.image / "etc/os-release").exists()
    assert not (image_copy.image / "etc/hostname").exists()
    subprocess.run([*image_copy.command("sh"), "-c", "test -e /etc/os-release && test ! -e /etc/hostname"], check=True)


def test_only_the_one_folder_of_the_machine_is_there(own_copy: ImageCopy, tmp_path: Path) -> None:
    (tmp_path / "asked").write_text("here\n")
    script = f"cat {tmp_path}/asked; echo answer >{tmp_path}/answered; ls {Path(__file__).parent}"
    done = subprocess.run([*own_copy.command("sh"), "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "here\n")
    assert (tmp_path / "answered").read_text() == "answer\n"


def test_nothing_of_a_copy_is_seen_outside_of_it(own_copy: ImageCopy) -> None:
    assert str(own_copy.image) not in Path("/proc/self/mounts").read_text()
    assert list(own_copy.place.iterdir()) == []


def test_an_image_that_is_not_there_is_told(image_copy: ImageCopy, tmp_path: Path) -> None:
    with pytest.raises(CopyError, match="mount"):
        ImageCopy(image_copy.image / "nowhere", tmp_path)
