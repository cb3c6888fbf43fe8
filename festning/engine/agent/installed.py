"""Which packages are installed, in which version: read from dpkg's own record.

``dpkg-query`` reads the whole of it into memory to answer: 8 ms of each look at a host. While dpkg works, or after it
was interrupted, its record is in pieces, and then dpkg-query is asked.
"""

from __future__ import annotations

import os

from festning.engine.agent.processes import Command, run

ADMIN = "/var/lib/dpkg"
"""dpkg(1), FILES: the record is ``status``, and what is not in it yet lies in ``updates``."""


def versions(names: list[str], admin: str = ADMIN) -> dict[str, str]:
    """The version of each of these packages that is in the state ``installed`` (dpkg(1), "Package states")."""
    if not names:
        return {}
    try:
        if any(name.isdigit() for name in os.listdir(os.path.join(admin, "updates"))):
            return _asked(names, admin)
        with open(os.path.join(admin, "status"), "rb") as file:
            record = b"\n" + file.read()
    except OSError:
        return _asked(names, admin)
    return {name: version for name in names for version in _recorded(record, name)}


def _recorded(record: bytes, name: str) -> list[str]:
    """The versions in which a package is installed, one for each architecture."""
    found: list[str] = []
    head = b"\nPackage: " + name.encode() + b"\n"
    start = record.find(head)
    while start != -1:
        end = record.find(b"\n\n", start + 1)
        lines = record[start : end if end != -1 else len(record)].decode("utf-8", "replace").split("\n")
        fields = {key: value for key, _, value in (line.partition(": ") for line in lines if not line.startswith(" "))}
        if fields.get("Status", "").endswith(" installed") and "Version" in fields:
            found.append(fields["Version"])
        start = record.find(head, start + 1)
    return found


def _asked(names: list[str], admin: str) -> dict[str, str]:
    form = "${Package}\t${Version}\t${db:Status-Abbrev}\n"
    told = run(Command(("dpkg-query", f"--admindir={admin}", "-W", "-f", form, *names)))
    lines = (line.split("\t") for line in told.stdout.splitlines())
    return {name: version for name, version, status in lines if status[1] == "i"}
