"""tls-crypt-v2 keys, as OpenVPN's ``doc/tls-crypt-v2.txt`` defines them.

Knows how a server key looks and how a client key is wrapped with it; leaves to ``making`` which are needed. Written out
here rather than asked of ``openvpn --genkey``, so that the operator's machine needs no OpenVPN and no key meets a disk.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime

_SERVER_LABEL = "OpenVPN tls-crypt-v2 server key"
_CLIENT_LABEL = "OpenVPN tls-crypt-v2 client key"

SERVER_KEY_LENGTH = 128
"""``struct key`` (OpenVPN, src/openvpn/crypto.h): 64 octets for the cipher, 64 for the HMAC; 32 of each are used."""

CLIENT_KEY_LENGTH = 256
"""Kc: ``struct key2``, one ``struct key`` for each direction."""

_TAG_LENGTH = 32
_LENGTH_FIELD = 2
_IV_LENGTH = 16
_METADATA_TIMESTAMP = b"\x01"


def make_server_key() -> str:
    """A new tls-crypt-v2 server key, PEM."""
    return _to_pem(_SERVER_LABEL, secrets.token_bytes(SERVER_KEY_LENGTH))


def make_client_key(server_key: str, made: datetime) -> str:
    """A new client key, PEM: Kc with its wrapping WKc, whose metadata is the time of making (as OpenVPN's default).

    Raises ``ValueError`` when ``server_key`` is not a tls-crypt-v2 server key.
    """
    client = secrets.token_bytes(CLIENT_KEY_LENGTH)
    metadata = _METADATA_TIMESTAMP + int(made.timestamp()).to_bytes(8, "big")
    return _to_pem(_CLIENT_LABEL, client + _wrap(server_key, client, metadata))


def unwrap_client_key(server_key: str, client_key: str) -> tuple[bytes, bytes]:
    """Kc and the metadata of a client key, as the hub will read them.

    Raises ``ValueError`` when the key was not wrapped with this server key, or is damaged.
    """
    raw = _from_pem(_CLIENT_LABEL, client_key)
    client, wrapped = raw[:CLIENT_KEY_LENGTH], raw[CLIENT_KEY_LENGTH:]
    if len(wrapped) < _TAG_LENGTH + _LENGTH_FIELD or int.from_bytes(wrapped[-_LENGTH_FIELD:], "big") != len(wrapped):
        raise ValueError("the wrapped key's length field does not match its length")
    cipher_key, hmac_key = _server_parts(server_key)
    tag, length = wrapped[:_TAG_LENGTH], wrapped[-_LENGTH_FIELD:]
    plain = _aes_ctr(cipher_key, tag[:_IV_LENGTH], wrapped[_TAG_LENGTH:-_LENGTH_FIELD])
    if not hmac.compare_digest(tag, hmac.digest(hmac_key, length + plain, "sha256")):
        raise ValueError("the client key was not wrapped with this server key")
    if plain[:CLIENT_KEY_LENGTH] != client:
        raise ValueError("the wrapped key is not the client's own")
    return client, plain[CLIENT_KEY_LENGTH:]


def _wrap(server_key: str, client: bytes, metadata: bytes) -> bytes:
    cipher_key, hmac_key = _server_parts(server_key)
    plain = client + metadata
    length = (_TAG_LENGTH + len(plain) + _LENGTH_FIELD).to_bytes(_LENGTH_FIELD, "big")
    tag = hmac.digest(hmac_key, length + plain, "sha256")
    return tag + _aes_ctr(cipher_key, tag[:_IV_LENGTH], plain) + length


def _server_parts(server_key: str) -> tuple[bytes, bytes]:
    """Ke and Ka: the first 256 bits of each half."""
    raw = _from_pem(_SERVER_LABEL, server_key)
    if len(raw) != SERVER_KEY_LENGTH:
        raise ValueError(f"a tls-crypt-v2 server key has {SERVER_KEY_LENGTH} octets, not {len(raw)}")
    return raw[:32], raw[64:96]


def _aes_ctr(key: bytes, initial: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 - slow to import

    context = Cipher(algorithms.AES(key), modes.CTR(initial)).encryptor()
    return context.update(data) + context.finalize()


def _to_pem(label: str, raw: bytes) -> str:
    text = base64.b64encode(raw).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _from_pem(label: str, text: str) -> bytes:
    begin, end = f"-----BEGIN {label}-----", f"-----END {label}-----"
    before, found, rest = text.partition(begin)
    body, closed, after = rest.partition(end)
    if not found or not closed or before.strip() or after.strip():
        raise ValueError(f"not a PEM block with the label {label!r}")
    return base64.b64decode("".join(body.split()), validate=True)
