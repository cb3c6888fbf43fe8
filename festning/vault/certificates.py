"""X.509 for the fortress's own authorities: ECDSA P-256 and SHA-256 throughout (RFC 5280 profiles).

Knows how an authority and a leaf look, and for how long they hold; leaves to ``making`` which are needed and when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from festning.errors import VaultError
from festning.model.material import Authority, Certificate

BACKDATED = timedelta(hours=1)
"""Certificates begin before they are made: on a host whose clock lags, a new one would be "not yet valid"."""

AUTHORITY_LIFETIME = timedelta(days=3652)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key, both PEM (the key PKCS#8), and when it ends."""

    certificate: str
    key: str = field(repr=False)
    ends: datetime


def make_authority(authority: Authority, owner: str, now: datetime) -> Issued:
    """A self-signed authority that may sign leaves only (path length 0)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"festning {owner}"[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{owner} {authority.value} authority"[:64]),
        ]
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    ends = now + AUTHORITY_LIFETIME
    certificate = (
        _builder(subject=name, issuer=name, key=key, now=now, ends=ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _issued(certificate, key)


def make_leaf(wanted: Certificate, authority_certificate: str, authority_key: str, now: datetime) -> Issued:
    """A key pair with a certificate as ``wanted``, which never outlives its authority.

    Raises :class:`VaultError` when the authority has ended or the material in the vault is not an authority's.
    """
    issuer, signer = _authority(authority_certificate, authority_key)
    if issuer.not_valid_after_utc <= now:
        raise VaultError(
            f"the {wanted.authority.value} authority ended on {issuer.not_valid_after_utc:%Y-%m-%d}",
            hint="make a new vault and apply it: every certificate of this authority has ended with it",
        )
    key = ec.generate_private_key(ec.SECP256R1())
    ends = min(now - BACKDATED + timedelta(days=wanted.days), issuer.not_valid_after_utc)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted.name)])
    builder = (
        _builder(subject=subject, issuer=issuer.subject, key=key, now=now, ends=ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(_purposes(wanted)), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
            ),
            critical=False,
        )
    )
    names = _alternative_names(wanted)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return _issued(builder.sign(signer, hashes.SHA256()), key)


def make_expired(certificate: str, authority_certificate: str, authority_key: str, now: datetime) -> str:
    """The same certificate, for the same key, but of days that are over: what an auditor's drill shows a host (PEM).

    Raises :class:`VaultError` when the authority's material in the vault cannot be read.
    """
    issuer, signer = _authority(authority_certificate, authority_key)
    present = x509.load_pem_x509_certificate(certificate.encode())
    builder = (
        x509.CertificateBuilder()
        .subject_name(present.subject)
        .issuer_name(issuer.subject)
        .public_key(present.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))
    )
    for extension in present.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode("ascii")


def _builder(
    *, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(ends)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _purposes(wanted: Certificate) -> list[x509.ObjectIdentifier]:
    chosen = [(wanted.server, ExtendedKeyUsageOID.SERVER_AUTH), (wanted.client, ExtendedKeyUsageOID.CLIENT_AUTH)]
    purposes = [purpose for asked, purpose in chosen if asked]
    if not purposes:
        raise VaultError(
            f"{wanted.certificate} is declared for neither servers nor clients: it could be used for nothing"
        )
    return purposes


def _alternative_names(wanted: Certificate) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in wanted.dns]
    return names + [x509.IPAddress(ip_address(address)) for address in wanted.addresses]


def _authority(certificate: str, key: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        issuer = x509.load_pem_x509_certificate(certificate.encode())
        signer = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # Without the cause's text: it could quote the key.
        raise VaultError("an authority in the vault cannot be read", hint="restore the vault") from None
    if not isinstance(signer, ec.EllipticCurvePrivateKey) or signer.public_key() != issuer.public_key():
        raise VaultError("an authority's key in the vault does not belong to its certificate", hint="restore the vault")
    return issuer, signer


def _issued(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Issued:
    return Issued(
        certificate=certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode("ascii"),
        ends=certificate.not_valid_after_utc,
    )
