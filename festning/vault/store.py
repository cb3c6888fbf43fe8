"""The vault's file: age encryption, atomic replacement, and no two writers over each other.

Knows octets and the disk; leaves their meaning to ``entry``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from festning.errors import VaultError
from festning.vault import age


def decrypt(ciphertext: bytes, identity: str, path: Path) -> bytes:
    """The plaintext of the file. Raises :class:`VaultError` for a bad identity, a wrong one, and a damaged file."""
    try:
        return age.decrypt(ciphertext, identity)
    except age.WrongKeyError:
        raise VaultError(
            f"{path} is not encrypted to this identity ({age.recipient_of(identity)})",
            hint="use the identity that made the vault, or have one of its recipients add yours",
        ) from None
    except age.DamagedError as error:
        raise VaultError(
            f"{path} is damaged, or is not an age file: {error}", hint="restore it from version control"
        ) from None


def digest(ciphertext: bytes) -> str:
    """What tells one state of the file from another."""
    return hashlib.sha256(ciphertext).hexdigest()


def read(path: Path) -> bytes:
    """The file's octets. Raises :class:`VaultError` when there are none to read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise VaultError(f"there is no vault at {path}", hint="`festning up` makes one") from None
    except OSError as error:
        raise VaultError(f"the vault cannot be read: {error}") from None


def replace(path: Path, ciphertext: bytes, *, read_digest: str | None) -> None:
    """Put new octets in the file's place: all or nothing, mode 0600, on the disk when this returns.

    ``read_digest`` is the digest of what the change was made from (``None``: there was no file). Raises
    :class:`VaultError` when another writer was there since.
    """
    try:
        with _directory_lock(path.parent) as directory:
            present = digest(path.read_bytes()) if path.exists() else None
            if present != read_digest:
                raise VaultError(
                    f"{path} was changed by someone else since it was read; nothing was written",
                    hint="run the command again: it starts from what is there now",
                )
            _write(path, ciphertext)
            os.fsync(directory)
    except OSError as error:
        raise VaultError(f"the vault cannot be written: {error}") from None


@contextmanager
def _directory_lock(directory: Path) -> Iterator[int]:
    """Hold the directory's lock: the file itself is replaced, so a lock on it would not outlive the first writer."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _write(path: Path, octets: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mkstemp makes it 0600.
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
