"""Runs on a host: what apt would install and has removed, and who named a path or unit to sudo.

Standard library only; reads the ends of logs, and changes nothing. Prints one JSON document.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ASKED = "{}"
HISTORY = "/var/log/apt/history.log"
DPKG = "/var/log/dpkg.log"
TAIL = 256 * 1024
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}


def output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=15, env=ENVIRONMENT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def versions(policy: str) -> dict[str, str]:
    """Candidates from apt-cache policy; what has none is left out."""
    found = {}
    package = ""
    for line in policy.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            package = line[:-1]
        elif line.startswith("  Candidate: ") and "(none)" not in line:
            found[package] = line.split(": ", 1)[1]
    return found


def removed(history: str, packages: list[str]) -> dict[str, dict[str, str]]:
    """The last removal of each package in apt's history, which has local time and, behind sudo, who asked for it."""
    found = {}
    for stanza in history.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line)
        gone = re.findall(r"([^\s,:()]+):\w+ \(", fields.get("Remove", "") + " " + fields.get("Purge", ""))
        for package in set(gone) & set(packages):
            began = time.mktime(time.strptime(" ".join(fields["Start-Date"].split()), "%Y-%m-%d %H:%M:%S"))
            who = fields.get("Requested-By", "").split(" ")[0]
            by = " with ".join(part for part in (who, fields.get("Commandline", "")) if part)
            found[package] = {"at": utc(began), "by": by}
    return found


def unpacked(log: str, packages: list[str]) -> dict[str, dict[str, str]]:
    """The last removal of each package in dpkg's log, for what was not removed by apt."""
    found = {}
    for line in log.splitlines():
        words = line.split(" ")
        if len(words) > 3 and words[2] in ("remove", "purge") and words[3].split(":")[0] in packages:
            at = time.mktime(time.strptime(" ".join(words[:2]), "%Y-%m-%d %H:%M:%S"))
            found[words[3].split(":")[0]] = {"at": utc(at), "by": "dpkg"}
    return found


def touched(journal: str, targets: list[str]) -> dict[str, dict[str, str]]:
    """The last sudo that named each target. Only who and when: a command line may hold a secret."""
    found = {}
    for line in journal.splitlines():
        entry = json.loads(line)
        said = entry.get("MESSAGE", "")
        if not isinstance(said, str) or "COMMAND=" not in said:
            continue
        words = re.split(r"[\s'\"=]+", said.split("COMMAND=", 1)[1])
        for target in targets:
            if target in words or target.removesuffix(".service") in words:
                by = said.split(" : ", 1)[0].strip() + " with sudo"
                found[target] = {"at": utc(int(entry["__REALTIME_TIMESTAMP"]) // 1000000), "by": by}
    return found


def tail(path: str) -> str:
    try:
        return Path(path).read_bytes()[-TAIL:].decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def main() -> None:
    asked = json.loads(ASKED)
    packages, targets = asked["packages"], asked["targets"]
    policy = output("apt-cache", "policy", "--", *packages) if packages else ""
    sudo = output("journalctl", "-q", "--no-pager", "-o", "json", "-n", "2000", "_COMM=sudo") if targets else ""
    told = {
        "versions": versions(policy),
        "removed": {**unpacked(tail(DPKG), packages), **removed(tail(HISTORY), packages)} if packages else {},
        "touched": touched(sudo, targets),
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
