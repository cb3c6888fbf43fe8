"""What the vault's file holds once decrypted: named texts with what must be known about each to keep it right.

Knows the JSON; leaves its encryption and the disk to ``store``, and what is put in to ``making``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from festning.errors import VaultError

VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One named text. ``internal`` ones (the authorities' keys) never leave the vault, not even for a host's file.

    ``facts`` says what it was made from (names, authority, end), so that a mismatch with the declaration is seen
    without parsing certificates.
    """

    text: str = field(repr=False)
    secret: bool
    internal: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Content:
    """The vault's whole content. ``recipients`` are the age recipients that it is encrypted to."""

    owner: str
    recipients: tuple[str, ...]
    entries: dict[str, Entry] = field(default_factory=dict, repr=False)

    def to_json(self) -> bytes:
        """The content as the file holds it: sorted, so that equal contents are equal octets."""
        document = {
            "version": VERSION,
            "owner": self.owner,
            "recipients": list(self.recipients),
            "entries": {
                name: {
                    "text": entry.text,
                    "secret": entry.secret,
                    "internal": entry.internal,
                    "facts": dict(entry.facts),
                }
                for name, entry in self.entries.items()
            },
        }
        return json.dumps(document, sort_keys=True, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, raw: bytes) -> Content:
        """The content from the file's octets. Raises :class:`VaultError` when they are not a vault's."""
        try:
            document = json.loads(raw)
            version = document["version"]
            if version != VERSION:
                raise VaultError(
                    f"the vault has format {version}, and this festning knows {VERSION}",
                    hint="use the version of festning that wrote it, or a newer one",
                )
            entries = {name: Entry(**fields) for name, fields in document["entries"].items()}
            _check(document, entries)
            return cls(owner=document["owner"], recipients=tuple(document["recipients"]), entries=entries)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            # Without the cause's text: it could quote a secret.
            raise VaultError(
                "the vault was decrypted, but its content is not a vault's",
                hint="restore vault.age from version control",
            ) from error


def _check(document: dict[str, Any], entries: Mapping[str, Entry]) -> None:
    """Raises :class:`TypeError` when a value is of another type than was written."""
    texts = [document["owner"], *document["recipients"], *(entry.text for entry in entries.values())]
    switches = [switch for entry in entries.values() for switch in (entry.secret, entry.internal)]
    if not (
        isinstance(document["recipients"], list)
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(switch, bool) for switch in switches)
        and all(isinstance(entry.facts, dict) for entry in entries.values())
    ):
        raise TypeError
