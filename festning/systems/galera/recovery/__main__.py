"""The command line on a data node: ``ADDRESS NAME=ADDRESS …``, this host's bridge address and all data nodes in order.

Run by festning-galera-form.service as root, and says in one line what came of it. Knows the host: its programs, and the
health daemons of the others over the bridge. Leaves the attempt to ``attempt``.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from pathlib import Path

from .attempt import Attempt
from .observation import observation_script

PORT = 9200
OBSERVATION = Path("/run/festning-galera-told/observation")
PROGRAMS = "/usr/local/lib/festning/galera-form"
LOOK_S = 300
ANSWER_S = 2.0


class Host:
    """This host, and what others answer."""

    def look(self) -> str:
        try:
            done = subprocess.run(
                ["sh"], input=observation_script, capture_output=True, text=True, timeout=LOOK_S, check=False
            )
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout

    def publish(self, told: str) -> None:
        new = OBSERVATION.with_suffix(".new")
        new.write_text(told, encoding="utf-8")
        new.replace(OBSERVATION)

    def serves(self, address: str) -> bool:
        return _get(address, "/synced")[0] == 200

    def told(self, address: str) -> str:
        status, body = _get(address, "/observation")
        return body if status == 200 else ""

    def run(self, program: str) -> None:
        done = subprocess.run(["sh", f"{PROGRAMS}/{program}"], check=False)
        if done.returncode:
            print(f"<4>{program} ended with {done.returncode}", flush=True)

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _get(address: str, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, PORT, timeout=ANSWER_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(65536).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def main(arguments: list[str]) -> int:
    """Make one attempt."""
    members = dict(pair.partition("=")[::2] for pair in arguments[1:])
    me = next(name for name, address in members.items() if address == arguments[0])
    print(Attempt(members, me).make(Host()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
