"""What a system declares of a host, as the host keeps it: everything but contents, which are named by their digests.

A host's generations are made of these. Knows the notation, both ways; leaves contents to the host that has them, and
steps and packages out, since nobody can take those back.
"""

from __future__ import annotations

from typing import Any

from festning.engine.sealed import SealedCatalog
from festning.model.catalog import Account, Directory, Drain, File, Gate, Item, Reaction, Restart, SystemCatalog, Unit


def snapshot(system: SystemCatalog, sealed: SealedCatalog) -> dict[str, Any]:
    """One system of a host's catalog. Gates and drains keep their references to secrets, unfilled."""
    kept = (_kept(item, sealed) for item in system.items)
    return {
        "wave": system.wave.name.lower(),
        "guarded": system.guarded,
        "items": [document for document in kept if document is not None],
    }


def _kept(item: Item, sealed: SealedCatalog) -> dict[str, Any] | None:
    if isinstance(item, File):
        return {
            "item": "file",
            **_attributes(item),
            "sha256": sealed.digest(item.path),
            "secret": item.secret,
            "validate": list(item.validate),
            "on_change": [_reaction(reaction) for reaction in item.on_change],
        }
    if isinstance(item, Directory):
        return {"item": "directory", **_attributes(item), "purge": item.purge}
    if isinstance(item, Unit):
        return {
            "item": "unit",
            **{key: getattr(item, key) for key in ("name", "enabled", "running", "renewal", "left")},
        }
    return _kept_script(item)


def _kept_script(item: Item) -> dict[str, Any] | None:
    if isinstance(item, Gate):
        return {"item": "gate", "name": item.name, "check": item.check, "timeout_s": item.timeout_s}
    if isinstance(item, Drain):
        scripts = {"begin": item.begin, "end": item.end, "timeout_s": item.timeout_s}
        return {"item": "drain", "name": item.name, "units": list(item.units), **scripts}
    if isinstance(item, Account):
        return {"item": "account", "name": item.name, "home": item.home}
    return None


def _attributes(item: File | Directory) -> dict[str, Any]:
    return {"path": item.path, "mode": item.mode, "owner": item.owner, "group": item.group}


def _reaction(reaction: Reaction) -> list[str]:
    return ["restart" if isinstance(reaction, Restart) else "reload", reaction.unit]
