"""Where machines' disks are on this box, and which image each was made from: all that others need to know of them.

A disk is a folder ``<layers>/<fortress>/<machine>`` and stays when its machine is cut or the box restarts. Making and
discarding it is ``lifecycle``'s.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

LAYERS = Path("/var/lib/festning/lab")
IMAGE_MARK = "image"
"""The file in a disk with the digest of its image, which it cannot be booted without."""


def images_of_disks(layers: Path) -> frozenset[str]:
    """The digests of all images that a disk of any lab was made from, whether its machine runs or not."""
    digests: set[str] = set()
    for mark in layers.glob(f"*/*/{IMAGE_MARK}"):
        with contextlib.suppress(FileNotFoundError):  # Its lab is being taken down.
            digests.add(mark.read_text())
    return frozenset(digests)
