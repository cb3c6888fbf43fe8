"""What this data node says of itself while its group is formed anew: a file of root's, passed on while it is fresh."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STALE_S = 60.0
"""Age in seconds from which on it is not told any more: the server may have come to other data since."""
LONGEST = 65536


@dataclass(frozen=True)
class Told:
    """The file, and the clock that its age is taken with."""

    path: Path
    clock: Callable[[], float] = time.time

    def read(self) -> bytes:
        """Its content, empty where there is none, or none that is fresh."""
        try:
            age = self.clock() - self.path.stat().st_mtime
            return self.path.read_bytes()[:LONGEST] if 0 <= age <= STALE_S else b""
        except OSError:
            return b""
