"""Whether unit files were changed since systemd read them last: the cheap half of its own ``NeedDaemonReload``.

systemd answers that property by looking for the drop-ins of the unit in every folder again: 12 ms of its CPU for ten
units, an eighth of a whole look with its login. Here the folders that people and packages write in are looked at once
for all units. Whatever was changed later than systemd's last load, or in the future, is for systemd itself to judge.
"""

from __future__ import annotations

import os
import time

FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
"""Of systemd.unit(5), "Unit File Load Path"; what systemd and its generators write themselves is left out."""
_LINKS = (".wants", ".requires", ".upholds")
_TICK_US = 10_000
"""How far the times of files may lag behind the clock (a tick of a kernel with HZ=100)."""


def changed_since(loaded_us: int, folders: tuple[str, ...] = FOLDERS) -> bool:
    """Whether a unit file or a drop-in was changed after a time (microseconds since 1970), as far as clocks tell."""
    newest = max((_newest(folder) for folder in folders), default=0) // 1000
    return newest > loaded_us - _TICK_US or newest > time.time_ns() // 1000


def _newest(folder: str) -> int:
    """When anything in a folder, or in the folders of drop-ins in it, was changed last, in nanoseconds; 0 for none."""
    newest = _changed(folder)
    try:
        entries = os.scandir(folder)
    except OSError:
        return newest
    with entries:
        for entry in entries:
            if entry.name.endswith(_LINKS):
                continue
            drop_ins = entry.name.endswith(".d") and entry.is_dir()
            newest = max(newest, _newest(entry.path) if drop_ins else _changed(entry.path))
    return newest


def _changed(path: str) -> int:
    """A link counts as what it leads to, and as itself: either makes another unit of it."""
    try:
        own = os.lstat(path)
        return max(own.st_ctime_ns, os.stat(path).st_ctime_ns) if os.path.islink(path) else own.st_ctime_ns
    except OSError:
        return 0
