"""Makes the material that a fortress declares and the vault lacks, and re-issues certificates that no longer fit.

Knows which material needs which other (a leaf its authority, a client key its hub's key) and when a certificate must be
made again; leaves the formats to ``certificates`` and ``tlscrypt``, and the file to ``store``. The cryptographic
library is imported only when something is made: asking whether anything is missing must be cheap.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, assert_never

from festning.errors import VaultError
from festning.model.material import (
    Authority,
    Certificate,
    Material,
    Password,
    SshKey,
    TlsCryptClientKey,
    TlsCryptServerKey,
)
from festning.vault.entry import Content, Entry

RENEWED_BEFORE_END = timedelta(days=30)
"""A certificate with less left is made again: well before the check on the hosts fails (14 days)."""

_DAYS_BEFORE = {Authority.BRIDGE: 825, Authority.DATABASE: 825, Authority.WEB: 397}
"""How long certificates held that are in vaults from before it could be declared."""

_NAME = re.compile(r"[a-z0-9][a-z0-9./_-]*")
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits


def make(material: Material, content: Content, now: datetime) -> Iterator[str]:
    """Put what is missing for one material into the content, yielding the names made.

    Raises :class:`VaultError` for names that no file could refer to, and for an authority that has ended.
    """
    match material:
        case Certificate():
            yield from _make_certificate(material, content, now)
        case Password():
            yield from _make_password(material, content)
        case TlsCryptServerKey():
            yield from _make_server_key(material, content)
        case TlsCryptClientKey():
            yield from _make_client_key(material, content, now)
        case SshKey():
            yield from _make_ssh_key(material, content)
        case _:
            assert_never(material)


def authority_key(authority: Authority) -> str:
    """Name of an authority's key, which never leaves the vault."""
    return f"ca-key/{authority.value}"


def _make_certificate(wanted: Certificate, content: Content, now: datetime) -> Iterator[str]:
    yield from _make_authority(wanted.authority, content, now)
    authority = content.entries[wanted.authority.certificate]
    declared = {
        "dns": list(wanted.dns),
        "addresses": list(wanted.addresses),
        "server": wanted.server,
        "client": wanted.client,
        "days": wanted.days,
        "authority": _fingerprint(authority.text),
    }
    present = content.entries.get(wanted.certificate)
    if present and wanted.key in content.entries:
        facts = {"days": _DAYS_BEFORE[wanted.authority], **present.facts}
        if _fits(facts, declared, authority.facts, now):
            return
    from festning.vault.certificates import make_leaf  # noqa: PLC0415 - see the module's docstring

    key = content.entries[authority_key(wanted.authority)].text
    issued = make_leaf(wanted, authority.text, key, now)
    facts = {**declared, "ends": issued.ends.isoformat()}
    yield _put(content, wanted.certificate, Entry(issued.certificate, secret=False, facts=facts))
    yield _put(content, wanted.key, Entry(issued.key, secret=True))


def _fits(present: Mapping[str, Any], declared: Mapping[str, Any], authority: Mapping[str, Any], now: datetime) -> bool:
    if any(present.get(name) != value for name, value in declared.items()):
        return False
    ends = datetime.fromisoformat(present["ends"])
    # One that ends together with its authority cannot be made to last longer.
    return ends - now >= RENEWED_BEFORE_END or present["ends"] == authority["ends"]


def _make_authority(authority: Authority, content: Content, now: datetime) -> Iterator[str]:
    if authority.certificate in content.entries and authority_key(authority) in content.entries:
        return
    from festning.vault.certificates import make_authority  # noqa: PLC0415 - see the module's docstring

    issued = make_authority(authority, content.owner, now)
    facts = {"ends": issued.ends.isoformat()}
    yield _put(content, authority.certificate, Entry(issued.certificate, secret=False, facts=facts))
    yield _put(content, authority_key(authority), Entry(issued.key, secret=True, internal=True))


def _make_password(wanted: Password, content: Content) -> Iterator[str]:
    present = content.entries.get(wanted.value)
    if present and len(present.text) == wanted.length:
        return
    text = "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(wanted.length))
    yield _put(content, wanted.value, Entry(text, secret=True))


def _make_server_key(wanted: TlsCryptServerKey, content: Content) -> Iterator[str]:
    if wanted.key in content.entries:
        return
    from festning.vault.tlscrypt import make_server_key  # noqa: PLC0415 - see the module's docstring

    yield _put(content, wanted.key, Entry(make_server_key(), secret=True))


def _make_client_key(wanted: TlsCryptClientKey, content: Content, now: datetime) -> Iterator[str]:
    server = TlsCryptServerKey(hub=wanted.hub)
    yield from _make_server_key(server, content)
    server_key = content.entries[server.key].text
    facts = {"server": _fingerprint(server_key)}
    present = content.entries.get(wanted.key)
    if present and dict(present.facts) == facts:
        return
    from festning.vault.tlscrypt import make_client_key  # noqa: PLC0415 - see the module's docstring

    yield _put(content, wanted.key, Entry(make_client_key(server_key, now), secret=True, facts=facts))


def _make_ssh_key(wanted: SshKey, content: Content) -> Iterator[str]:
    if wanted.private in content.entries and wanted.public in content.entries:
        return
    from festning.vault.sshkey import make_ssh_key  # noqa: PLC0415 - see the module's docstring

    private, public = make_ssh_key(comment=f"{wanted.name}@{content.owner}")
    yield _put(content, wanted.private, Entry(private, secret=True))
    yield _put(content, wanted.public, Entry(public, secret=False))


def _put(content: Content, name: str, entry: Entry) -> str:
    if not _NAME.fullmatch(name):
        raise VaultError(
            f"{name!r} cannot name material", hint="lower-case letters, digits, and . / _ - are what files can refer to"
        )
    content.entries[name] = entry
    return name


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
