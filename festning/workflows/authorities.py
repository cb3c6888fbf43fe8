"""``pki``: the public side of the vault's authorities."""

from __future__ import annotations

from pathlib import Path

from festning.model.material import Authority
from festning.workflows.opening import Surroundings, open_fortress


def web_authority(file: Path, surroundings: Surroundings, *, lab: bool) -> str:
    """The certificate (PEM) of the authority behind the services' names."""
    return open_fortress(file, surroundings, lab=lab).vault.lookup(Authority.WEB.certificate)
