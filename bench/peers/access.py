"""How the peers reach the lab's machines: from inside its network namespace, with the keys in its tmpfs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Access:
    """The namespace that a peer runs in, and the files with the operator's key and the machines' host keys."""

    namespace: Path
    key: Path
    known_hosts: Path

    def inside(self, command: list[str]) -> list[str]:
        """The command, run in the lab's network and otherwise on this machine."""
        return ["nsenter", f"--net={self.namespace}", "--", *command]
