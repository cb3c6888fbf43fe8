"""A digest of all that a host's sealed catalog says, secrets included: equal when applies would strive for the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from festning.engine.sealed import SealedCatalog
from festning.model.catalog import File


def fingerprint(sealed: SealedCatalog) -> str:
    """SHA-256, hexadecimal. What secrets and scripts say goes into the digest, and nowhere else."""
    systems = [
        [
            system.system,
            system.wave.name,
            system.guarded,
            [
                [type(item).__name__, sealed.digest(item.path) if isinstance(item, File) else "", _plain(item, sealed)]
                for item in system.items
            ],
        ]
        for system in sealed.catalog.systems
    ]
    return hashlib.sha256(json.dumps(systems, sort_keys=True).encode()).hexdigest()


def _plain(value: Any, sealed: SealedCatalog) -> Any:  # noqa: ANN401 (whatever a catalog's items hold)
    """As JSON can hold it, with every reference filled: what a script does may hang on a secret in it."""
    if isinstance(value, File):
        return {
            field.name: _plain(getattr(value, field.name), sealed) for field in fields(value) if field.name != "content"
        }
    if is_dataclass(value):
        return [
            type(value).__name__,
            {field.name: _plain(getattr(value, field.name), sealed) for field in fields(value)},
        ]
    if isinstance(value, tuple | list):
        return [_plain(one, sealed) for one in value]
    if isinstance(value, Enum):
        return value.name
    return sealed.script(value) if isinstance(value, str) else value
