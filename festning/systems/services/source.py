"""A service's source as items of a catalog, and its digest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import PurePosixPath

from festning.model.catalog import Directory, File, Item
from festning.model.fortress import Service, SourceFile


def source_items(service: Service, source: Iterable[SourceFile]) -> Iterator[Item]:
    """The files under the service's root, owned by root: a service that is broken into cannot rewrite itself.

    Every directory is purged, so that a file that is gone from the source is gone from the host.
    """
    files = sorted(source, key=lambda file: file.path)
    yield Directory(path=service.root, purge=True)
    for folder in _folders(files):
        yield Directory(path=f"{service.root}/{folder}", purge=True)
    for file in files:
        mode = 0o755 if file.executable else 0o644
        yield File(path=f"{service.root}/{file.path}", content=file.content, mode=mode)


def digest(source: Iterable[SourceFile], *more: str) -> str:
    """SHA-256 over paths, contents and modes of all files (in any order), and over ``more``."""
    total = sha256()
    for file in sorted(source, key=lambda file: file.path):
        total.update(f"{file.path}\0{file.executable:d}\0{sha256(file.content).hexdigest()}\n".encode())
    for text in more:
        total.update(f"{text}\0".encode())
    return total.hexdigest()


def _folders(files: Iterable[SourceFile]) -> list[str]:
    parents = {parent for file in files for parent in PurePosixPath(file.path).parents}
    return sorted(str(parent) for parent in parents if parent != PurePosixPath("."))
