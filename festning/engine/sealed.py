"""A host's catalog with all references filled, closed so that nothing in it can be shown by accident.

Knows the filled contents and scripts, their digests, and how to black secrets out of what a host prints. Only the
orders that go down the SSH connection take contents out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from festning.model.catalog import Drain, File, Gate, HostCatalog, Step
from festning.model.reference import fill, references, secret

_SHORTEST_BLACKED_OUT = 8


class SealedCatalog:
    """``catalog`` stays as it was, with references; filled contents are asked for by path or script."""

    __slots__ = ("_contents", "_lookup", "_secrets", "catalog")

    def __init__(self, catalog: HostCatalog, lookup: Callable[[str], str]) -> None:
        """``lookup`` gives the value of a reference by name; it is called for names in the catalog only."""
        self.catalog = catalog
        self._lookup = lookup
        self._contents: dict[str, bytes] = {
            item.path: self._filled(item.content) for _, item in catalog.items() if isinstance(item, File)
        }
        self._secrets = self._collect_secrets()

    def __repr__(self) -> str:
        return f"SealedCatalog({self.catalog.host!r}, {len(self._contents)} files)"

    def content(self, path: str) -> bytes:
        """The filled content of a file."""
        return self._contents[path]

    def digest(self, path: str) -> str:
        """SHA-256 of the filled content of a file, hexadecimal."""
        return hashlib.sha256(self._contents[path]).hexdigest()

    def delivery(self, path: str) -> dict[str, str]:
        """How the agent is given a file's content: as text, or as base64."""
        content = self._contents[path]
        try:
            return {"text": content.decode()}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(content).decode()}

    def script(self, text: str) -> str:
        """A step's or gate's script, filled."""
        return fill(text, self._lookup)

    def redact(self, text: str) -> str:
        """``text`` without any secret of this host: programs do quote what they choke on."""
        for name, value in self._secrets:
            text = text.replace(value, secret(name))
        return text

    def _filled(self, content: str | bytes) -> bytes:
        return content if isinstance(content, bytes) else fill(content, self._lookup).encode()

    def _collect_secrets(self) -> tuple[tuple[str, str], ...]:
        texts: list[str] = []
        for _, item in self.catalog.items():  # noqa: PERF102  Not a mapping.
            if isinstance(item, File) and isinstance(item.content, str):
                texts.append(item.content)
            elif isinstance(item, Step):
                texts += [item.check, item.do]
            elif isinstance(item, Gate):
                texts.append(item.check)
            elif isinstance(item, Drain):
                texts += [item.begin, item.end]
        names = sorted({name for text in texts for name in references(text) if secret(name) in text})
        pieces = {(name, piece) for name in names for piece in telling_pieces(self._lookup(name))}
        return tuple(sorted(pieces, key=lambda pair: -len(pair[1])))


def telling_pieces(text: str) -> list[str]:
    """A secret and its lines, without what would tell nothing."""
    return [piece for piece in (text, *text.splitlines()) if _telling(piece)]


def _telling(piece: str) -> bool:
    """Whether seeing this would tell something: not the frame of a PEM block, and not a word that may be anything."""
    return len(piece) >= _SHORTEST_BLACKED_OUT and not (piece.startswith("-----") and "\n" not in piece)
