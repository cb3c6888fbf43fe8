"""The programs that a fortress is made of, on a machine that has not got them: those of the lab's own image.

They run in a copy of the image, whose changes are in memory: a root folder in a mount namespace that a process of ours
holds, so all of it is gone with whoever made it, however that ends. Network namespaces and devices are the caller's,
and one folder of the caller is there under its own path.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

Program = Callable[[str], tuple[str, ...]]
"""How a command line of a program begins, by the program's name."""
FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")

# Says a word when all is there, and then waits for the end of its input, which is the end of whoever made it.
_HOLD = """\
image=$1 folder=$2 place=$3
mount -t tmpfs -o mode=0755 programs "$place"
mkdir "$place/upper" "$place/work" "$place/root"
mount -t overlay -o "lowerdir=$image,upperdir=$place/upper,workdir=$place/work" programs "$place/root"
for shared in /dev /proc /sys; do
    mount --rbind "$shared" "$place/root$shared"
done
mkdir -p "$place/root$folder" "$place/root/run/sshd"
mount --bind "$folder" "$place/root$folder"
exec chroot "$place/root" sh -c 'echo ready && exec cat'
"""


class CopyError(Exception):
    """The image cannot be copied here; the text is what the machine said."""


class ImageCopy:
    """A running copy of an image. The image itself is never written to."""

    def __init__(self, image: Path, folder: Path) -> None:
        """Make the copy, with ``folder`` in it. Raises :class:`CopyError` where that takes more rights."""
        self.image = image
        self.place = folder / ".copy"
        self.place.mkdir()
        command = ("unshare", "--mount", "--propagation", "private", "sh", "-euc", _HOLD, "sh")
        self._holder = subprocess.Popen(
            (*command, str(image), str(folder), str(self.place)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "ready\n":
            _, said = self._holder.communicate()
            raise CopyError(said.strip())

    def command(self, program: str) -> tuple[str, ...]:
        """How a command line of this program begins; the process that it starts is the program's own."""
        found = shutil.which(program, path=":".join(f"{self.image}{folder}" for folder in FOLDERS))
        assert found is not None, f"the image has no {program}"
        inside = found.removeprefix(str(self.image))
        return ("nsenter", f"--target={self._holder.pid}", "--mount", "--root", "--wd", inside)

    def close(self) -> None:
        """Let it go, with everything that was written in it."""
        self._holder.communicate()
