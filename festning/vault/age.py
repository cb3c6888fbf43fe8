"""age (age-encryption.org/v1) for this room, typed; the library is imported only when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from festning.errors import VaultError

IDENTITY_PREFIX = "AGE-SECRET-KEY-"


class WrongKeyError(Exception):
    """The octets are an age file, but not for this identity or passphrase."""


class DamagedError(Exception):
    """The octets are not a whole age file."""


def generate_identity() -> tuple[str, str]:
    """A new age identity: the secret key and its recipient."""
    identity = _pyrage().x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def recipient_of(identity: str) -> str:
    """The recipient of an identity. Raises :class:`VaultError` when it is not an age secret key."""
    return str(_identity(identity).to_public())


def encrypt(plaintext: bytes, recipients: Sequence[str]) -> bytes:
    """The plaintext, encrypted to every recipient. Raises :class:`VaultError` when one is not an age recipient."""
    if not recipients:
        raise VaultError("a vault needs at least one recipient", hint="nobody could ever open it again")
    return bytes(_pyrage().encrypt(plaintext, [_recipient(recipient) for recipient in recipients]))


def decrypt(ciphertext: bytes, identity: str) -> bytes:
    """The plaintext. Raises :class:`VaultError` for a malformed identity, and :class:`WrongKeyError` or
    :class:`DamagedError`."""
    pyrage, key = _pyrage(), _identity(identity)
    try:
        return bytes(pyrage.decrypt(ciphertext, [key]))
    except pyrage.DecryptError as error:
        # The library has one exception for both, and tells them apart in its message only.
        kind = WrongKeyError if "matching" in str(error).lower() else DamagedError
        raise kind(str(error)) from None


def encrypt_with_passphrase(plaintext: bytes, passphrase: str) -> bytes:
    """The plaintext, encrypted with age's scrypt recipient (takes about a second, on purpose)."""
    return bytes(_pyrage().passphrase.encrypt(plaintext, passphrase))


def decrypt_with_passphrase(ciphertext: bytes, passphrase: str) -> bytes:
    """The plaintext. Raises :class:`WrongKeyError` for a wrong passphrase (some damage looks the same), and
    :class:`DamagedError` for what is no such file, or not whole."""
    pyrage = _pyrage()
    try:
        return bytes(pyrage.passphrase.decrypt(ciphertext, passphrase))
    except pyrage.DecryptError as error:
        kind = WrongKeyError if str(error) == "Decryption failed" else DamagedError
        raise kind(str(error)) from None


def _identity(secret: str) -> Any:  # noqa: ANN401 - pyrage has no types
    pyrage = _pyrage()
    try:
        return pyrage.x25519.Identity.from_str(secret.strip())
    except pyrage.IdentityError:
        raise VaultError(
            "the given identity is not an age secret key", hint=f"it is one line that begins with {IDENTITY_PREFIX}1"
        ) from None


def _recipient(text: str) -> Any:  # noqa: ANN401 - pyrage has no types
    pyrage = _pyrage()
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise VaultError(f"{text!r} is not an age recipient", hint="it is one line that begins with age1") from None


def _pyrage() -> Any:  # noqa: ANN401 - pyrage has no types
    import pyrage  # type: ignore[import-untyped]  # noqa: PLC0415 - not needed by verbs without a vault

    return pyrage
