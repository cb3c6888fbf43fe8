"""``init``: writes the commented example, sources included, as a beginning of one's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from festning.errors import UsageError

EXAMPLE = Path(__file__).parent / "nordlys"


def init(folder: Path) -> Path:
    """Write the example into a folder and return the path of its ``fortress.yaml``.

    Raises :class:`UsageError` when the folder has one already, or cannot be written.
    """
    file = folder / "fortress.yaml"
    if file.exists():
        raise UsageError(f"{file} exists already", hint="name another folder: festning init DIR")
    try:
        shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from None
    return file
