"""Finds the certificates on a host and prints how long each holds, by the host's own clock.

Prints ``certificate BEGINS ENDS PATH SUBJECT`` with times in seconds since 1970, and first ``now SECONDS``. The
system's own collection of public authorities is left out.
"""

from __future__ import annotations

import os
import re
import ssl
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

PLACES = ("/etc", "/srv/festning", "/var/lib/festning")
LEFT_OUT = frozenset(map(Path, ("/etc/ssl/certs", "/etc/ca-certificates")))
LARGEST = 256 * 1024
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def found() -> Iterator[tuple[Path, str]]:
    """Path and PEM text of every certificate."""
    for place in PLACES:
        for folder, folders, names in os.walk(place):
            folders[:] = [name for name in folders if Path(folder, name) not in LEFT_OUT]
            for name in names:
                path = Path(folder, name)
                try:
                    about = path.lstat()
                    if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
                        continue
                    text = path.read_text(encoding="ascii", errors="ignore")
                except FileNotFoundError:
                    continue
                for pem in CERTIFICATE.findall(text):
                    yield path, pem


def main() -> None:
    print(f"now {time.time():.0f}")
    for path, pem in found():
        command = ["openssl", "x509", "-noout", "-startdate", "-enddate", "-subject", "-nameopt", "compat"]
        told = subprocess.run(command, input=pem, capture_output=True, text=True, check=False)
        if told.returncode:
            print(f"unreadable {path}")
            continue
        facts = dict(line.split("=", 1) for line in told.stdout.splitlines() if "=" in line)
        begins, ends = (ssl.cert_time_to_seconds(facts[key]) for key in ("notBefore", "notAfter"))
        print(f"certificate {begins} {ends} {path} {facts.get('subject', '').strip()}")


if __name__ == "__main__":
    main()
