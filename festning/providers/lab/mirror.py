"""The lab's package mirror while the lab is up: started beside its machines, and gone with them.

Knows when it is needed (bare machines) and what it must offer; leaves serving to ``package_server``, which runs as a
process of the lab's own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import festning
from festning.errors import ProviderError
from festning.providers.lab.archive import PORT, Archive
from festning.providers.lab.doors import LOOPBACK
from festning.providers.lab.launcher import Launcher
from festning.providers.lab.machine import last_words
from festning.providers.lab.namespace import open_socket
from festning.providers.lab.network import Network
from festning.providers.lab.package_cache import PACKAGES
from festning.providers.lab.process import Process
from festning.providers.lab.state import State

_NAME = "mirror"
_PATIENCE = 15.0


def server_command(namespace: Path, archives: Sequence[Archive], cache: Path = PACKAGES) -> list[str]:
    """The command that serves the archives inside the namespace until it is killed."""
    program = [sys.executable, "-m", "festning.providers.lab.package_server"]
    found = f"PYTHONPATH={Path(festning.__file__).parents[1]}"
    return ["env", found, *program, str(namespace), str(cache), *(archive.uri for archive in archives)]


class Mirror:
    """The mirror of one lab."""

    def __init__(self, network: Network, state: State, launcher: Launcher) -> None:
        """Take where it listens, where it is remembered, and what starts it."""
        self._network = network
        self._state = state
        self._launcher = launcher

    def serve(self, archives: Sequence[Archive]) -> None:
        """Have it run with these archives; raises :class:`ProviderError` when it does not start."""
        wanted = [archive.uri for archive in archives]
        text = self._state.read(_NAME)
        if text and json.loads(text)["archives"] == wanted and Process(**json.loads(text)["process"]).alive:
            return
        log = self._state.folder / "mirror.log"
        process = Process.of(self._launcher.start(_NAME, server_command(self._network.path, archives), log))
        deadline = time.monotonic() + _PATIENCE
        while process and process.alive and time.monotonic() < deadline:
            if self._answers():
                self._state.write(_NAME, json.dumps({"archives": wanted, "process": asdict(process)}))
                return
            time.sleep(0.05)
        raise ProviderError(f"the lab's package mirror does not start:\n{last_words(log)}")

    def _answers(self) -> bool:
        try:
            open_socket(str(self._network.path), LOOPBACK, PORT, timeout=1.0).close()
        except OSError:
            return False
        return True
