"""Certificates as others will read them: parsed again, and verified by openssl."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from festning.errors import VaultError
from festning.model.material import Authority, Certificate
from festning.vault.certificates import make_authority, make_leaf

NOW = datetime.now(UTC)


def issue(authority=Authority.WEB, **fields):
    wanted = Certificate(authority=authority, name="core1", **fields)
    root = make_authority(authority, "nordlys", NOW)
    return root, make_leaf(wanted, root.certificate, root.key, NOW)


def parsed(issued):
    return x509.load_pem_x509_certificate(issued.certificate.encode())


def test_an_authority_signs_leaves_only():
    certificate = parsed(make_authority(Authority.BRIDGE, "nordlys", NOW))
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    assert timedelta(days=3650) <= certificate.not_valid_after_utc - NOW <= timedelta(days=3653)


@pytest.mark.parametrize(
    ("authority", "days"), [(Authority.WEB, 397), (Authority.BRIDGE, 825), (Authority.DATABASE, 825)]
)
def test_lifetimes_and_a_begin_in_the_past(authority, days):
    certificate = parsed(issue(authority, days=days)[1])
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=days)
    assert certificate.not_valid_before_utc <= NOW - timedelta(minutes=59)


def test_purposes_and_names():
    leaf = parsed(
        issue(server=True, client=False, dns=("shop.nordlys.example",), addresses=("10.8.0.1", "2001:db8::1"))[1]
    )
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert names.get_values_for_type(x509.DNSName) == ["shop.nordlys.example"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("10.8.0.1"), ip_address("2001:db8::1")]
    assert leaf.subject.rfc4514_string() == "CN=core1"
    assert isinstance(leaf.public_key().curve, ec.SECP256R1)


def test_a_certificate_for_nothing_is_refused():
    with pytest.raises(VaultError, match="neither servers nor clients"):
        issue(server=False, client=False)


def test_a_leaf_never_outlives_its_authority():
    root = make_authority(Authority.WEB, "nordlys", NOW - timedelta(days=3600))
    leaf = make_leaf(Certificate(authority=Authority.WEB, name="x"), root.certificate, root.key, NOW)
    assert leaf.ends == root.ends


def test_an_ended_authority_signs_nothing():
    root = make_authority(Authority.WEB, "nordlys", NOW - timedelta(days=3700))
    with pytest.raises(VaultError, match="ended on"):
        make_leaf(Certificate(authority=Authority.WEB, name="x"), root.certificate, root.key, NOW)


def test_a_key_of_another_authority_is_refused():
    root, other = make_authority(Authority.WEB, "a", NOW), make_authority(Authority.WEB, "a", NOW)
    with pytest.raises(VaultError, match="does not belong"):
        make_leaf(Certificate(authority=Authority.WEB, name="x"), root.certificate, other.key, NOW)


def test_keys_do_not_show_in_a_repr():
    root, leaf = issue()
    assert "PRIVATE" not in repr(root) + repr(leaf)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("purpose", ["sslserver", "sslclient"])
def test_openssl_accepts_the_chain_strictly(tmp_path, purpose):
    root, leaf = issue(Authority.BRIDGE, server=True, client=True)
    (tmp_path / "ca.crt").write_text(root.certificate)
    (tmp_path / "leaf.crt").write_text(leaf.certificate)
    command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", "ca.crt", "leaf.crt"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
