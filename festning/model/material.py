"""What the vault must hold for a fortress: keys, certificates and passwords, named but not made.

Systems declare the material that their files refer to; ``vault`` makes what is missing and never changes what is there.
Each class says which names (see ``reference``) it provides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Authority(StrEnum):
    """A certificate authority of the fortress. Separate ones, so that a bridge certificate opens no database."""

    BRIDGE = "bridge"
    DATABASE = "database"
    WEB = "web"

    @property
    def certificate(self) -> str:
        """Name of the authority's own (public) certificate."""
        return f"ca/{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A key pair (ECDSA P-256) with a certificate signed by ``authority``, which holds for ``days``."""

    authority: Authority
    name: str
    dns: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    server: bool = True
    client: bool = False
    days: int = 397

    @property
    def certificate(self) -> str:
        """Name of the public certificate, PEM."""
        return f"certificate/{self.authority.value}/{self.name}"

    @property
    def key(self) -> str:
        """Name of the secret key, PEM (PKCS#8)."""
        return f"key/{self.authority.value}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """A random password of letters and digits (safe in SQL, PHP and shell quotes)."""

    name: str
    length: int = 40

    @property
    def value(self) -> str:
        """Name of the secret password."""
        return f"password/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsCryptServerKey:
    """A hub's tls-crypt-v2 server key (OpenVPN, doc/tls-crypt-v2.txt)."""

    hub: str

    @property
    def key(self) -> str:
        """Name of the secret server key, PEM."""
        return f"tls-crypt-v2/{self.hub}/server"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsCryptClientKey:
    """A host's own tls-crypt-v2 client key for one hub, wrapped with that hub's server key."""

    hub: str
    client: str

    @property
    def key(self) -> str:
        """Name of the secret client key, PEM."""
        return f"tls-crypt-v2/{self.hub}/client/{self.client}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SshKey:
    """An Ed25519 SSH key pair in OpenSSH's format: a host key, or the operator's key."""

    name: str

    @property
    def private(self) -> str:
        """Name of the secret private key."""
        return f"ssh/{self.name}"

    @property
    def public(self) -> str:
        """Name of the public key line."""
        return f"ssh/{self.name}.pub"


OPERATOR_KEY = SshKey(name="operator")
"""What festning logs in with where it made the machines itself: in the lab, and where they are rented."""


def host_key(host: str) -> SshKey:
    """The SSH host key that such a machine is born with."""
    return SshKey(name=f"host/{host}")


Material = Certificate | Password | TlsCryptServerKey | TlsCryptClientKey | SshKey


def service_database_password(schema: str) -> Password:
    """The password of the database user of a service, by the name of its schema.

    The database makes the user with it and the service logs in with it; neither knows the other.
    """
    return Password(name=f"database/{schema}")
