"""The command line on a data node: ``ADDRESS PORT TOLD PROGRAMS NAME=ADDRESS …``.

This host's bridge address, the health daemons' port, the file in which it says what it has, the folder of the programs
that act, and all data nodes in order. Run by festning-galera-form.service as root; says in one line what came of it.
Knows the host and what the health daemons of the others answer. Leaves the attempt to ``attempt``.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from .attempt import Attempt
from .observation import group_script, observation_script

LOOK_S = 300
ANSWER_S = 2.0


@dataclass(frozen=True)
class Host:
    """This host, and what others answer."""

    port: int
    observation: Path
    programs: Path

    def look(self) -> str:
        return _said_by(observation_script)

    def look_at_group(self) -> str:
        return _said_by(group_script)

    def publish(self, told: str) -> None:
        new = self.observation.with_suffix(".new")
        new.write_text(told, encoding="utf-8")
        new.replace(self.observation)

    def serves(self, address: str) -> bool:
        return self._get(address, "/synced")[0] == 200

    def told(self, address: str) -> str:
        status, body = self._get(address, "/observation")
        return body if status == 200 else ""

    def run(self, program: str) -> None:
        done = subprocess.run(["sh", self.programs / program], check=False)
        if done.returncode:
            print(f"<4>{program} ended with {done.returncode}", flush=True)

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def _get(self, address: str, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(address, self.port, timeout=ANSWER_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read(65536).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()


def _said_by(script: str) -> str:
    try:
        done = subprocess.run(["sh"], input=script, capture_output=True, text=True, timeout=LOOK_S, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def main(arguments: list[str]) -> int:
    """Make one attempt."""
    own, port, told, programs, *pairs = arguments
    members = dict(pair.partition("=")[::2] for pair in pairs)
    me = next(name for name, address in members.items() if address == own)
    print(Attempt(members, me).make(Host(int(port), Path(told), Path(programs))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
