"""Debian's archives as the lab's mirror offers them: which there are, where machines find them, what is in them.

An archive is known by what the image's own ``sources.list`` says, so the lab follows whatever the image was made from.
Pure: fetching and keeping is ``package_cache``'s, serving is ``package_server``'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

PORT = 3142
"""The mirror's port at every router address: the one that caches of Debian packages usually have."""

_SOURCE = re.compile(r"(?P<before>deb(?:-src)?\s+(?:\[[^]]*\]\s+)?)(?P<uri>https?://\S+)(?P<after>\s.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~_:-]*")
_TREES = ("dists", "pool")
_HASHES = {"MD5Sum": "MD5Sum", "SHA1": "SHA1", "SHA256": "SHA256", "SHA512": "SHA512"}


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive by its URI. ``place`` is what the mirror has it under: its host and path."""

    uri: str

    @property
    def place(self) -> str:
        """``HOST/PATH``, without a slash at either end."""
        return self.uri.partition("://")[2].strip("/")


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of an archive: ``name`` is its path there, which begins with ``dists`` or ``pool``."""

    archive: Archive
    name: str

    @property
    def place(self) -> str:
        """Where it is kept, below the folder of all packages."""
        return f"{self.archive.place}/{self.name}"

    @property
    def uri(self) -> str:
        """Where it comes from."""
        return f"{self.archive.uri.rstrip('/')}/{quote(self.name, safe='/+:~')}"

    @property
    def fixed(self) -> bool:
        """Whether its content never changes: packages are named by version, and some indexes by their own digest."""
        return self.name.startswith("pool/") or "/by-hash/" in self.name

    @property
    def digest(self) -> str | None:
        """What its own name says of its content, as ``apt-helper`` takes it, such as ``SHA256:…``."""
        *_, kind, digest = ["", "", *self.name.split("/")]
        return f"{_HASHES[kind]}:{digest}" if "/by-hash/" in self.name and kind in _HASHES else None


def archives_of(sources: str) -> tuple[Archive, ...]:
    """The archives of a ``sources.list``, each once."""
    found = (match["uri"] for match in map(_SOURCE.fullmatch, sources.splitlines()) if match)
    return tuple(dict.fromkeys(map(Archive, found)))


def sources_by_way_of(router: str, sources: str) -> str:
    """The same ``sources.list`` with every archive fetched from the mirror at the router's address."""
    return "".join(_rewritten(router, line) for line in sources.splitlines(keepends=True))


def asked_for(target: str, archives: Iterable[Archive]) -> ArchiveFile | None:
    """The file that an HTTP request's target means; ``None`` for whatever is no file of one of the archives."""
    path = unquote(target)
    for archive in archives:
        prefix = f"/{archive.place}/"
        if path.startswith(prefix):
            names = path.removeprefix(prefix).split("/")
            if names[0] in _TREES and len(names) > 1 and all(map(_NAME.fullmatch, names)):
                return ArchiveFile(archive, "/".join(names))
    return None


def _rewritten(router: str, line: str) -> str:
    return "".join(_parts(router, line))


def _parts(router: str, line: str) -> Iterator[str]:
    match = _SOURCE.fullmatch(line)
    if match is None:
        yield line
    else:
        yield from (match["before"], f"http://{router}:{PORT}/{Archive(match['uri']).place}", match["after"])
