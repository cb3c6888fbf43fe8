"""Keys of the stack of 2014: certificates and passwords from the vault, and OpenVPN's static key made from one of them.

The vault makes no static key, as festning has no use for one. Derived from a password of the vault it is the same
whenever it is asked for, and lies nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import shake_256

from bench.baseline.layout import Layout, Member
from festning.model.material import Authority, Certificate, Password, service_database_password
from festning.model.reference import secret
from festning.systems.haproxy.catalog import certificate as web_certificate
from festning.vault.vault import Vault

SEED = Password(name="baseline/tls-auth", length=64)
"""64 letters and digits: 381 bits, more than any of the keys that are made of it (openvpn(8), ``--genkey``)."""
TLS_AUTH = "baseline/tls-auth-key"
_KEY_BYTES = 256
_LINE = 32


def tunnel_certificate(layout: Layout, member: Member) -> Certificate:
    """A host's certificate in the tunnel: the first core is the server."""
    return Certificate(
        authority=Authority.BRIDGE, name=member.name, dns=(member.name,), server=member == layout.first, client=True
    )


def web_certificates(layout: Layout) -> tuple[Certificate, ...]:
    """What the public sees, the same as festning's."""
    return tuple(web_certificate(layout.fortress, service) for service in layout.fortress.services)


def shop_password(layout: Layout) -> Password:
    """The password of the shop's database user."""
    return service_database_password(layout.shop.schema)


def tls_auth() -> str:
    """The place of the static key in a file."""
    return secret(TLS_AUTH)


def looking_up(vault: Vault) -> Callable[[str], str]:
    """The vault's lookup, which also has the static key."""
    return lambda name: static_key(vault.lookup(SEED.value)) if name == TLS_AUTH else vault.lookup(name)


def static_key(seed: str) -> str:
    """OpenVPN's static key file (2048 bits), made of a secret text."""
    digits = shake_256(seed.encode()).hexdigest(_KEY_BYTES)
    lines = "\n".join(digits[start : start + _LINE] for start in range(0, len(digits), _LINE))
    return f"-----BEGIN OpenVPN Static key V1-----\n{lines}\n-----END OpenVPN Static key V1-----"
