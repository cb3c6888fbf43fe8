"""References to the vault's material inside file contents.

A catalog is pure and may be printed, so it never holds a key or a password: it holds a reference, and the workflow that
applies it fills the references just before the content leaves for the host. Knows the notation; leaves the values to
``vault``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_REFERENCE = re.compile(r"⟦(secret|public):([a-z0-9][a-z0-9./_-]*)⟧")


def secret(name: str) -> str:
    """The place of the secret ``name`` (a private key, a password) in a file's content."""
    return f"⟦secret:{name}⟧"


def public(name: str) -> str:
    """The place of the public material ``name`` (a certificate) in a file's content."""
    return f"⟦public:{name}⟧"


def is_secret(content: str | bytes) -> bool:
    """Whether the content refers to a secret, and so may be shown only as a digest."""
    return isinstance(content, str) and any(match[1] == "secret" for match in _REFERENCE.finditer(content))


def references(content: str | bytes) -> frozenset[str]:
    """The names of all material that the content refers to."""
    if isinstance(content, bytes):
        return frozenset()
    return frozenset(match[2] for match in _REFERENCE.finditer(content))


def fill(content: str, lookup: Callable[[str], str]) -> str:
    """The content with every reference replaced by what ``lookup`` gives for its name."""
    return _REFERENCE.sub(lambda match: lookup(match[2]), content)
