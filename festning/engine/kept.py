"""A host's catalog as one of its own generations has it: contents are named by digests, and never leave the host.

Goes wherever a :class:`SealedCatalog` goes: it is planned, validated, ordered and applied like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from festning.engine.sealed import SealedCatalog, telling_pieces
from festning.model.catalog import (
    Account,
    Directory,
    Drain,
    File,
    Gate,
    HostCatalog,
    Item,
    Reaction,
    Reload,
    Renewal,
    Restart,
    SystemCatalog,
    Unit,
    Wave,
)
from festning.model.reference import secret

_UNSEEN = b"\0"
"""Stands for a content that only the host has; a difference of it is shown as binary."""
_SECRET = secret("kept")


class KeptCatalog(SealedCatalog):
    """``snapshots`` are the generation's systems by name; ``texts`` are contents by digest, for the plan's reader."""

    __slots__ = ("_digests", "_known", "_texts")

    def __init__(
        self,
        host: str,
        snapshots: Mapping[str, Mapping[str, Any]],
        texts: Mapping[str, str],
        lookup: Callable[[str], str],
        secrets: Sequence[str],
    ) -> None:
        """``lookup`` fills what gates refer to; ``secrets`` are all that the fortress has today, to be blacked out."""
        systems = tuple(restored(name, snapshot) for name, snapshot in snapshots.items())
        files = [item for one in snapshots.values() for item in one["items"] if item["item"] == "file"]
        self._digests: dict[str, str] = {file["path"]: file["sha256"] for file in files}
        self._texts = texts
        self._known = tuple(
            sorted({piece for text in secrets for piece in telling_pieces(text)}, key=len, reverse=True)
        )
        super().__init__(HostCatalog(host, systems), lambda name: "" if name == "kept" else lookup(name))

    def content(self, path: str) -> bytes:
        """The content where it was asked for; a NUL otherwise."""
        text = self._texts.get(self._digests[path])
        return _UNSEEN if text is None else text.encode()

    def digest(self, path: str) -> str:
        return self._digests[path]

    def delivery(self, path: str) -> dict[str, str]:
        return {"blob": self._digests[path]}

    def redact(self, text: str) -> str:
        text = super().redact(text)
        for piece in self._known:
            text = text.replace(piece, "⟦secret⟧")
        return text


def restored(name: str, snapshot: Mapping[str, Any]) -> SystemCatalog:
    """The system that :func:`engine.snapshot.snapshot` has made this of, without contents."""
    return SystemCatalog(
        system=name,
        wave=Wave[snapshot["wave"].upper()],
        items=tuple(_item(kept) for kept in snapshot["items"]),
        guarded=snapshot["guarded"],
    )


def _item(kept: Mapping[str, Any]) -> Item:
    fields = {key: value for key, value in kept.items() if key not in ("item", "sha256", "secret")}
    if kept["item"] == "file":
        fields["validate"] = tuple(kept["validate"])
        fields["on_change"] = tuple(_reaction(*reaction) for reaction in kept["on_change"])
        return File(content=_SECRET if kept["secret"] else "", **fields)
    if kept["item"] == "unit":
        return Unit(**{**fields, "renewal": Renewal(kept["renewal"])})
    if kept["item"] == "drain":
        return Drain(**{**fields, "units": tuple(kept["units"])})
    kinds: dict[str, type[Directory | Gate | Account]] = {"directory": Directory, "gate": Gate, "account": Account}
    return kinds[kept["item"]](**fields)


def _reaction(kind: str, unit: str) -> Reaction:
    return Restart(unit) if kind == "restart" else Reload(unit)
