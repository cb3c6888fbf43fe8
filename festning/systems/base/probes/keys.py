"""Looks through the places where programs keep private keys, and prints those that others than their owner can read.

Prints ``key MODE OWNER:GROUP PATH`` for each file that is readable too widely, and last ``examined COUNT``, the number
of files with a private key. A group may read only where it stands for a single account: a service's own group.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from collections.abc import Iterator
from pathlib import Path

PLACES = ("/etc", "/srv", "/var/lib", "/usr/local")
# Packages' own files and databases of programs, large and without keys.
LEFT_OUT = frozenset(map(Path, ("/var/lib/dpkg", "/var/lib/apt", "/etc/ssl/certs")))
LARGEST = 256 * 1024
KEY = re.compile(
    rb"^-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY|OpenVPN (?:Static key V1|tls-crypt-v2 (?:client|server) key))-----",
    re.MULTILINE,
)


def candidates() -> Iterator[tuple[Path, os.stat_result]]:
    """Every regular file in the places that is small enough to be a key's."""
    for place in PLACES:
        for folder, folders, names in os.walk(place):
            folders[:] = [name for name in folders if Path(folder, name) not in LEFT_OUT]
            for name in names:
                path = Path(folder, name)
                try:
                    found = path.lstat()
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(found.st_mode) and 0 < found.st_size <= LARGEST:
                    yield path, found


def has_key(path: Path) -> bool:
    """Whether the file holds a private key."""
    try:
        return KEY.search(path.read_bytes()) is not None
    except FileNotFoundError:
        return False


def readers(gid: int) -> set[str]:
    """The accounts in a group, but for root, which reads everything anyway."""
    members = set(grp.getgrgid(gid).gr_mem) if any(group.gr_gid == gid for group in grp.getgrall()) else set()
    return (members | {account.pw_name for account in pwd.getpwall() if account.pw_gid == gid}) - {"root"}


def too_wide(found: os.stat_result) -> bool:
    """Whether anyone but the owner, or a service by its own group, has any access."""
    others, group = stat.S_IMODE(found.st_mode) & 0o007, stat.S_IMODE(found.st_mode) & 0o070
    return bool(others) or bool(group & 0o030) or (bool(group) and len(readers(found.st_gid)) > 1)


def main() -> None:
    examined = 0
    for path, found in candidates():
        if not has_key(path):
            continue
        examined += 1
        if too_wide(found):
            print(f"key {stat.S_IMODE(found.st_mode):04o} {found.st_uid}:{found.st_gid} {path}")
    print(f"examined {examined}")


if __name__ == "__main__":
    main()
