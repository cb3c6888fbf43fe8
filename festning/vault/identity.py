"""Where the age identity that opens the vault comes from; it is never in plaintext on a disk.

Tried in this order: ``FESTNING_IDENTITY`` (the secret key itself, as a CI secret), ``FESTNING_IDENTITY_COMMAND`` (a
command that prints it, such as a password manager's), and an identity file that is itself encrypted with a passphrase
(age's scrypt recipient). Environment and prompt are parameters: nothing is read behind the caller's back.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from festning.errors import VaultError
from festning.vault import age

VARIABLE = "FESTNING_IDENTITY"
COMMAND_VARIABLE = "FESTNING_IDENTITY_COMMAND"
COMMAND_TIMEOUT_S = 120
"""A password manager may ask its person first."""

Prompt = Callable[[str], str]
"""Asks a person for a passphrase, given the question, without echo."""


def identity_file(environment: Mapping[str, str]) -> Path:
    """Where the passphrase-encrypted identity is: ``festning/identity.age`` in XDG's configuration directory."""
    configured = environment.get("XDG_CONFIG_HOME")
    if configured:
        return Path(configured) / "festning" / "identity.age"
    home = environment.get("HOME")
    if not home:
        raise VaultError("neither HOME nor XDG_CONFIG_HOME is set, so the identity file has no place", hint=_HINT)
    return Path(home) / ".config" / "festning" / "identity.age"


def find_identity(
    environment: Mapping[str, str], *, prompt: Prompt | None = None, file: Path | None = None, create: bool = False
) -> str:
    """The age secret key.

    ``prompt`` is ``None`` where no person can be asked; ``file`` is :func:`identity_file` unless told; with ``create``
    (for a vault that is to be made) a missing identity file is made, its passphrase asked for twice.
    Raises :class:`VaultError` when there is none, the command fails, or the passphrase is wrong.
    """
    if given := environment.get(VARIABLE, "").strip():
        return _secret_key(given, VARIABLE)
    if command := environment.get(COMMAND_VARIABLE, "").strip():
        return _from_command(command, environment)
    place = file or identity_file(environment)
    if place.exists():
        return _from_file(place, prompt)
    if not create:
        raise VaultError(f"there is no identity to open the vault with ({place} does not exist)", hint=_HINT)
    return _make_file(place, prompt)


_HINT = (
    f"set {VARIABLE} (the AGE-SECRET-KEY itself) or {COMMAND_VARIABLE} (a command that prints it), "
    "or copy your identity.age here"
)


def _from_command(command: str, environment: Mapping[str, str]) -> str:
    try:
        words = shlex.split(command)
        ended = subprocess.run(
            words, env=dict(environment), stdout=subprocess.PIPE, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
    except (ValueError, OSError, subprocess.TimeoutExpired) as error:
        raise VaultError(f"{COMMAND_VARIABLE} could not be run: {type(error).__name__}", hint=command) from None
    if ended.returncode != 0:
        raise VaultError(f"{COMMAND_VARIABLE} ended with status {ended.returncode}", hint=f"it is: {command}")
    found = [line.strip() for line in ended.stdout.splitlines() if line.strip().startswith(age.IDENTITY_PREFIX)]
    if len(found) != 1:
        raise VaultError(
            f"{COMMAND_VARIABLE} printed {len(found)} age secret keys, where one was expected", hint=f"it is: {command}"
        )
    return _secret_key(found[0], f"what {COMMAND_VARIABLE} printed")


def _from_file(place: Path, prompt: Prompt | None) -> str:
    if prompt is None:
        raise VaultError(f"{place} needs its passphrase, and nobody can be asked here", hint=_HINT)
    try:
        ciphertext = place.read_bytes()
    except OSError as error:
        raise VaultError(f"the identity file cannot be read: {error}") from None
    try:
        plain = age.decrypt_with_passphrase(ciphertext, prompt(f"Passphrase for {place}: "))
    except age.WrongKeyError:
        raise VaultError(
            f"{place} does not open with this passphrase",
            hint="try again; it is not stored anywhere. If it is right, the file is damaged: bring it from a backup",
        ) from None
    except age.DamagedError as error:
        raise VaultError(
            f"{place} is damaged, or is not an age file with a passphrase: {error}", hint="bring it from a backup"
        ) from None
    return _secret_key(plain.decode(errors="replace").strip(), f"what {place} holds")


def _secret_key(text: str, origin: str) -> str:
    """The text, which must be an age secret key; it is not shown when it is none."""
    try:
        age.recipient_of(text)
    except VaultError as error:
        raise VaultError(f"{origin} is not an age secret key", hint=error.hint) from None
    return text


def _make_file(place: Path, prompt: Prompt | None) -> str:
    if prompt is None:
        raise VaultError(
            "there is no identity yet, and nobody can be asked for the passphrase of a new one", hint=_HINT
        )
    passphrase = prompt(f"Passphrase for the new identity {place}: ")
    if not passphrase:
        raise VaultError("an empty passphrase protects nothing", hint="choose a few random words")
    if prompt("The same passphrase again: ") != passphrase:
        raise VaultError("the two passphrases differ; nothing was made", hint="run the command again")
    secret, _ = age.generate_identity()
    ciphertext = age.encrypt_with_passphrase(f"{secret}\n".encode(), passphrase)
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Exclusive: another festning may be making the same file, and an identity must never be overwritten.
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(ciphertext)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise VaultError(f"the identity file cannot be written: {error}") from None
    return secret
