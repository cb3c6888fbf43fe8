"""The machine that measures, in a line."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime


def header() -> str:
    """When, and on what."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    now, load = datetime.now(UTC), os.getloadavg()[0]
    return (
        f"{now:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {memory:.0f} GiB, load {load:.1f},"
        f" Linux {platform.release()}, Python {platform.python_version()}"
    )
