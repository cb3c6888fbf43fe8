"""The lab's base image: built once for each recipe, kept under its digest, and shared read-only by all machines.

Knows the cache (``<images>/<digest>``) and mmdebstrap. A directory under its final name is complete: it is built beside
it and renamed, and renamed before it is removed. Its modification time is when it was last asked for. Leaves what is in
an image to ``recipe``, and each machine's own files to ``seed``.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from festning.errors import ProviderError, UsageError
from festning.providers.lab.disk import LAYERS, images_of_disks
from festning.providers.lab.recipe import FILES, PRESET, UNWANTED_AT_BOOT, Recipe

IMAGES = Path("/var/cache/festning/images")
NEEDED_BYTES = 2 << 30
"""An image of all of a fortress's packages is about 0.7 GB, and as much again is used while it is unpacked."""

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
UNUSED_DAYS = 30
KEPT = 4
"""After so many days, and beyond so many that were asked for later, an image goes when a new one comes: they are what
recipes of the past made, mostly. None goes that a machine's disk was made from."""

_BUILDING = ".building-"
_LEAVING = ".leaving"
_SAID_AT_THE_END = 15

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Image:
    """A complete image: the digest of its recipe and the directory of its tree."""

    digest: str
    tree: Path
    bare: bool = False

    @property
    def sources(self) -> str | None:
        """What a bare image's apt installs from, sources.list(5); ``None`` where everything is installed already."""
        return (self.tree / "etc/apt/sources.list").read_text() if self.bare else None


def ensure_image(
    recipe: Recipe, progress: Progress = lambda _line: None, images: Path = IMAGES, layers: Path = LAYERS
) -> Image:
    """Take the recipe's image from the cache, or build it (about a minute; ``progress`` gets a line for each step).

    Concurrent callers wait for the one that builds. What an interrupted build left is removed, and so are images that
    nobody has asked for in a while and no disk below ``layers`` was made from. Raises :class:`UsageError` when there is
    too little disk space or Debian's archive keys lack the suite's, and :class:`ProviderError` when the build fails.
    """
    image = Image(recipe.digest, images / recipe.digest, recipe.bare)
    if _is_there(image):
        return image
    images.mkdir(parents=True, exist_ok=True)
    with _only_builder(images, progress):
        if _is_there(image):
            return image
        _remove_half_built(images, progress)
        _check_space(images)
        _check_keyring(recipe)
        building = images / f"{recipe.digest}{_BUILDING}{os.getpid()}"
        try:
            _build(recipe, building, progress)
            building.rename(image.tree)
        finally:
            if building.exists():
                remove_tree(building)
        os.utime(image.tree)
        _prune(images, images_of_disks(layers), progress)
    return image


def remove_tree(tree: Path) -> None:
    """Delete a directory on its own file system; what an interrupted build left mounted in it is unmounted first."""
    inside = f"{tree}/"
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in sorted((mount for mount in mounts if mount.startswith(inside)), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=True, capture_output=True)
    shutil.rmtree(tree)


@contextmanager
def _only_builder(images: Path, progress: Progress) -> Iterator[None]:
    with (images / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another festning that is building a base image")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_there(image: Image) -> bool:
    """Whether the cache has it; it then counts as asked for now."""
    try:
        os.utime(image.tree)
    except FileNotFoundError:
        return False
    return True


def _remove_half_built(images: Path, progress: Progress) -> None:
    # The lock is held, so whoever was building or removing these is gone.
    for leftover in (*images.glob(f"*{_BUILDING}*"), *images.glob(f"*{_LEAVING}")):
        progress(f"removing what is left of an image, {leftover.name}")
        remove_tree(leftover)


def _prune(images: Path, needed: frozenset[str], progress: Progress) -> None:
    trees = sorted((entry for entry in images.iterdir() if entry.is_dir()), key=_last_asked_for, reverse=True)
    for place, tree in enumerate(trees):
        old = _last_asked_for(tree) < time.time() - UNUSED_DAYS * 86400
        if (old or place >= KEPT) and tree.name not in needed:
            progress(f"removing an image that was not needed any more, {tree.name[:12]}")
            remove_tree(tree.rename(tree.with_name(tree.name + _LEAVING)))


def _last_asked_for(tree: Path) -> float:
    return tree.stat().st_mtime


def _check_space(images: Path) -> None:
    free = shutil.disk_usage(images).free
    if free < NEEDED_BYTES:
        raise UsageError(
            f"{images} has {free / (1 << 30):.1f} GiB free; building the lab's base image needs "
            f"{NEEDED_BYTES / (1 << 30):.1f} GiB",
            hint=f"free some space, or mount a larger disk at {images}",
        )


def _check_keyring(recipe: Recipe) -> None:
    fragments = KEYRING.parent.glob(f"debian-archive-{recipe.suite}-*")
    if not KEYRING.exists() or not any(fragments):
        raise UsageError(
            f"this machine has no archive keys of Debian {recipe.suite}, so its packages cannot be verified",
            hint="apt-get install debian-archive-keyring (a current one)",
        )


def _build(recipe: Recipe, tree: Path, progress: Progress) -> None:
    progress(f"building the base image: Debian {recipe.suite}, {len(recipe.packages)} packages and what they need")
    command = recipe.mmdebstrap(str(tree))
    # A session of its own, so that Ctrl-C reaches mmdebstrap through us only, and it can unmount what it mounted.
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        said = _follow(process, progress)
    if process.returncode:
        raise ProviderError(
            f"building the base image failed (exit code {process.returncode}):\n" + "\n".join(said),
            hint="can this machine reach Debian's mirror? are all packages named as Debian names them?",
        )
    progress("setting up the base image")
    _set_up(tree, recipe)


def _follow(process: subprocess.Popen[str], progress: Progress) -> list[str]:
    assert process.stdout is not None
    said: list[str] = []
    try:
        for line in process.stdout:
            said = [*said[1 - _SAID_AT_THE_END :], line.rstrip()]
            if line.startswith("I: "):
                progress(line[3:].rstrip())
    except BaseException:
        process.terminate()
        process.wait()
        raise
    return said


def _set_up(tree: Path, recipe: Recipe) -> None:
    for key in (tree / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for name in ("etc/resolv.conf", "etc/hostname", "etc/machine-id", "var/lib/dbus/machine-id"):
        (tree / name).unlink(missing_ok=True)
    for path, content in FILES.items():
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    subprocess.run(["chroot", str(tree), "systemctl", "preset-all"], check=True, capture_output=True)
    if recipe.bare:
        (tree / PRESET).unlink()  # It was for what is in the image; what comes later is as Debian has it.
    units = tree / "etc/systemd/system"
    for unit in (*recipe.masked, *UNWANTED_AT_BOOT):
        _link(units / unit, "/dev/null")
    _link(units / "default.target", "/usr/lib/systemd/system/multi-user.target")
    # Newer than /usr, or every first boot would rebuild users, libraries and catalogs (systemd-update-done(8)).
    for stamp in (tree / "etc/.updated", tree / "var/.updated"):
        stamp.touch()
        os.utime(stamp, ns=((tree / "usr").stat().st_mtime_ns,) * 2)


def _link(link: Path, target: str) -> None:
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
