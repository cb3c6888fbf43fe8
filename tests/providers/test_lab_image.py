"""The cache of base images: what is complete stays, what is half built goes, what cannot be built is told."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from festning.errors import ProviderError, UsageError
from festning.providers.lab import image as images
from festning.providers.lab.image import ensure_image
from festning.providers.lab.recipe import Recipe


@pytest.fixture
def builds(monkeypatch):
    """Stand in for mmdebstrap: the names of the folders that were built."""
    built: list[str] = []

    def build(_recipe, tree, _progress):
        time.sleep(0.05)
        built.append(tree.name)
        tree.mkdir()

    monkeypatch.setattr(images, "_build", build)
    return built


def test_an_image_is_built_once(builds, tmp_path):
    first, second = ensure_image(Recipe(), images=tmp_path), ensure_image(Recipe(), images=tmp_path)
    assert first == second
    assert first.tree == tmp_path / Recipe().digest
    assert len(builds) == 1
    ensure_image(Recipe(["nginx"]), images=tmp_path)
    assert len(builds) == 2


def test_those_who_ask_at_once_share_one_build(builds, tmp_path):
    said: list[str] = []
    askers = [
        threading.Thread(target=ensure_image, args=(Recipe(),), kwargs={"progress": said.append, "images": tmp_path})
        for _ in range(3)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(builds) == 1
    assert any("waiting for another" in line for line in said)


def test_what_is_half_built_is_removed(builds, tmp_path):
    leftover = tmp_path / f"{Recipe().digest}.building-1"
    (leftover / "usr").mkdir(parents=True)
    ensure_image(Recipe(), images=tmp_path)
    assert not leftover.exists()
    assert builds


def test_a_build_that_fails_leaves_nothing_that_looks_complete(monkeypatch, tmp_path):
    command = ["sh", "-c", "mkdir $0; echo E: no such package: nginxx; exit 25"]
    monkeypatch.setattr(Recipe, "mmdebstrap", lambda _self, target: [*command, target])
    with pytest.raises(ProviderError, match=r"exit code 25(.|\n)*no such package: nginxx"):
        ensure_image(Recipe(), images=tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [".lock"]


def test_a_build_is_followed_step_by_step(monkeypatch, tmp_path):
    said: list[str] = []
    command = ["sh", "-c", "mkdir $0; echo noise; echo I: installing packages...; exit 1"]
    monkeypatch.setattr(Recipe, "mmdebstrap", lambda _self, target: [*command, target])
    with pytest.raises(ProviderError):
        ensure_image(Recipe(), said.append, tmp_path)
    assert said[1:] == ["installing packages..."]


def test_a_full_disk_is_told_before_anything_is_built(builds, monkeypatch, tmp_path):
    monkeypatch.setattr(images, "NEEDED_BYTES", 1 << 60)
    with pytest.raises(UsageError, match=r"has .* GiB free; .* needs 1073741824\.0 GiB"):
        ensure_image(Recipe(), images=tmp_path)
    assert not builds


def test_missing_archive_keys_are_told(builds, monkeypatch, tmp_path):
    monkeypatch.setattr(images, "KEYRING", tmp_path / "debian-archive-keyring.gpg")
    with pytest.raises(UsageError, match="archive keys of Debian trixie") as missing:
        ensure_image(Recipe(), images=tmp_path)
    assert "debian-archive-keyring" in missing.value.hint
    assert not builds


def made_before(tmp_path, monkeypatch, *ages_in_days):
    """Images of other recipes that were asked for so long ago; their digests."""
    monkeypatch.setattr(images, "_check_keyring", lambda _recipe: None)
    for number, days in enumerate(ages_in_days):
        tree = tmp_path / "images" / f"recipe{number}"
        (tree / "usr").mkdir(parents=True)
        os.utime(tree, (time.time() - days * 86400,) * 2)
    return [f"recipe{number}" for number in range(len(ages_in_days))]


def kept(tmp_path, recipe):
    """What the cache has after another image was made."""
    ensure_image(recipe, images=tmp_path / "images", layers=tmp_path / "layers")
    return {entry.name for entry in (tmp_path / "images").iterdir()} - {".lock", recipe.digest}


def test_images_not_asked_for_in_a_month_go_when_a_new_one_is_made(builds, monkeypatch, tmp_path):
    last_week, _ = made_before(tmp_path, monkeypatch, 7, 31)
    assert kept(tmp_path, Recipe()) == {last_week}
    assert builds


def test_the_four_that_were_asked_for_last_stay(builds, monkeypatch, tmp_path):
    made = made_before(tmp_path, monkeypatch, 5, 1, 4, 2, 3)
    assert kept(tmp_path, Recipe()) == {made[1], made[3], made[4]}


def test_to_ask_for_an_image_keeps_it(builds, monkeypatch, tmp_path):
    made_before(tmp_path, monkeypatch, 1, 2, 3)
    first = Recipe(["nginx"])
    (tmp_path / "images" / first.digest).mkdir()
    os.utime(tmp_path / "images" / first.digest, (0, 0))
    ensure_image(first, images=tmp_path / "images", layers=tmp_path / "layers")
    assert kept(tmp_path, Recipe()) == {first.digest, "recipe0", "recipe1"}


@pytest.mark.usefixtures("builds")
def test_an_image_that_a_disk_was_made_from_stays_however_old(monkeypatch, tmp_path):
    made = made_before(tmp_path, monkeypatch, 1, 2, 3, 4, 400, 500)
    for machine, digest in (("core1", made[4]), ("edge1", made[4])):
        disk = tmp_path / "layers" / "nordlys" / machine
        disk.mkdir(parents=True)
        (disk / "image").write_text(digest)
    assert kept(tmp_path, Recipe()) == {*made[:3], made[4]}


@pytest.mark.usefixtures("builds")
def test_what_was_half_removed_is_removed_and_counts_as_nothing(monkeypatch, tmp_path):
    (gone,) = made_before(tmp_path, monkeypatch, 40)

    def killed(tree):
        raise KeyboardInterrupt(tree)

    with monkeypatch.context() as patched:
        patched.setattr(images, "remove_tree", killed)
        with pytest.raises(KeyboardInterrupt):
            kept(tmp_path, Recipe())
    assert not (tmp_path / "images" / gone).exists()
    assert kept(tmp_path, Recipe(["nginx"])) == {Recipe().digest}


@pytest.mark.lab
def test_the_image_holds_no_identity_and_enables_nothing_of_the_distributions(image):
    assert not list((image.tree / "etc/ssh").glob("ssh_host_*"))
    assert not (image.tree / "etc/machine-id").exists()
    assert not (image.tree / "etc/resolv.conf").exists()
    assert not list((image.tree / "var/lib/apt/lists").glob("*Packages*"))
    links = (image.tree / "etc/systemd/system/multi-user.target.wants").iterdir()
    wanted = {link.name for link in links if link.readlink() != Path("/dev/null")}
    assert wanted == {"ssh.service", "systemd-networkd.service"}
