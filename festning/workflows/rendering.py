"""``render``: every host's files as they would be, in a folder, with the names of secrets in their place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from festning.errors import UsageError
from festning.model.catalog import File
from festning.providers.lab.placement import relocate
from festning.systems.galera.recovery.formation import Formation
from festning.workflows.compiling import compile_catalogs, read_sources
from festning.workflows.judging import load_judged


def render(file: Path, out: Path, *, lab: bool, today: date) -> dict[str, int]:
    """Write the files of every host below ``out``, and return how many each host has.

    Needs no root, no network and no vault. Raises :class:`UsageError` when the folder cannot be written.
    """
    fortress = load_judged(file, today)
    if lab:
        fortress = relocate(fortress)
    catalogs = compile_catalogs(fortress, read_sources(fortress), Formation.running())
    counts: dict[str, int] = {}
    for host, catalog in catalogs.items():
        files = [item for _, item in catalog.items() if isinstance(item, File)]
        counts[host] = len(files)
        for item in files:
            _write(out / host / item.path.lstrip("/"), item)
    return counts


def _write(path: Path, item: File) -> None:
    content = item.content if isinstance(item.content, bytes) else item.content.encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
