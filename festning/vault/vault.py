"""The vault: one age-encrypted file with every key, certificate and password of a fortress, safe to commit.

Knows how it is opened, completed, looked into and saved. Leaves where the identity comes from to ``identity``, what is
needed to the systems' declared material, and the filling of files to the workflow that applies them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from festning.errors import VaultError
from festning.model.material import Certificate, Material
from festning.vault import age, store
from festning.vault.entry import Content
from festning.vault.making import authority_key, make


class Vault:
    """An opened vault. Changes are in memory until :meth:`save`; nothing is ever in plaintext on the disk."""

    def __init__(self, path: Path, content: Content, *, saved: bytes | None, read_digest: str | None) -> None:
        self._path = path
        self._content = content
        self._saved = saved
        self._read_digest = read_digest

    @classmethod
    def open(cls, path: Path, identity: str) -> Vault:
        """The vault in an existing file. ``identity`` is an age secret key.

        Raises :class:`VaultError` when there is no file, the identity is not one of its recipients', or it is damaged.
        """
        ciphertext = store.read(path)
        plaintext = store.decrypt(ciphertext, identity, path)
        return cls(path, Content.from_json(plaintext), saved=plaintext, read_digest=store.digest(ciphertext))

    @classmethod
    def create(cls, path: Path, recipients: Sequence[str], *, owner: str = "fortress") -> Vault:
        """A new, empty vault that :meth:`save` will write. ``owner`` (the fortress's name) names its authorities.

        Raises :class:`VaultError` when the file exists or a recipient is not an age recipient.
        """
        if path.exists():
            raise VaultError(f"{path} exists already", hint="a vault is never overwritten; move it away first")
        age.encrypt(b"", recipients)  # A bad recipient is refused before anything is made.
        content = Content(owner=owner, recipients=tuple(recipients))
        return cls(path, content, saved=None, read_digest=None)

    @property
    def path(self) -> Path:
        return self._path

    @property
    def recipients(self) -> tuple[str, ...]:
        """The age recipients whose identities open it."""
        return self._content.recipients

    def ensure(self, materials: Iterable[Material], now: datetime) -> tuple[str, ...]:
        """Make what is missing for these materials, and return the names made (empty: nothing changed).

        What is there is kept, but for a certificate that no longer matches its declaration or its authority, or ends
        in less than 30 days: it is made again with a new key. ``now`` must have a time zone. Not saved by itself.
        """
        if now.tzinfo is None:
            raise ValueError("now must have a time zone")
        return tuple(name for material in materials for name in make(material, self._content, now))

    def lookup(self, name: str) -> str:
        """The text of that name, for a host's file. Raises :class:`VaultError` when there is none, and for an
        authority's key: no host ever needs one."""
        entry = self._content.entries.get(name)
        if entry is None:
            raise VaultError(
                f"the vault has no {name!r}", hint="it is made by `festning up` or `apply`, when a system declares it"
            )
        if entry.internal:
            raise VaultError(f"{name!r} never leaves the vault", hint="sign with it in the vault instead")
        return entry.text

    def expired_twin(self, wanted: Certificate, now: datetime) -> str:
        """What a host's certificate would be had nobody renewed it: same key, but its days are over (PEM).

        Nothing in the vault changes. Raises :class:`VaultError` when the vault has no such certificate.
        """
        from festning.vault.certificates import make_expired  # noqa: PLC0415 (only drills need it)

        authority = self._content.entries.get(authority_key(wanted.authority))
        if authority is None:
            raise VaultError(f"the vault has no {wanted.authority.value} authority", hint="festning up makes it")
        return make_expired(
            self.lookup(wanted.certificate), self.lookup(wanted.authority.certificate), authority.text, now
        )

    def names(self) -> tuple[str, ...]:
        """The names of all that is in it, sorted."""
        return tuple(sorted(self._content.entries))

    def secrets(self) -> tuple[str, ...]:
        """The secret texts themselves, for whoever must keep them out of an output."""
        return tuple(entry.text for entry in self._content.entries.values() if entry.secret)

    def save(self) -> bool:
        """Write it when it changed, atomically and with mode 0600; returns whether anything was written.

        Raises :class:`VaultError` when the file was changed by someone else since it was read.
        """
        plaintext = self._content.to_json()
        if plaintext == self._saved:
            return False
        ciphertext = age.encrypt(plaintext, self._content.recipients)
        store.replace(self._path, ciphertext, read_digest=self._read_digest)
        self._saved, self._read_digest = plaintext, store.digest(ciphertext)
        return True

    def __repr__(self) -> str:
        return f"<Vault {self._path} with {len(self._content.entries)} names>"
