"""Commands that are played: small shell programs that stand before the real ones, for scripts that run on hosts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def play(folder: Path, commands: Mapping[str, str]) -> dict[str, str]:
    """Put commands, by name what they do in shell, into ``folder/bin``: the environment in which they come first."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    for name, body in commands.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    return {"PATH": f"{programs}:{os.environ['PATH']}"}
