"""tls-crypt-v2 keys against OpenVPN itself, which is the only judge of its own format."""

import subprocess
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.vault.tlscrypt import (
    CLIENT_KEY_LENGTH,
    make_client_key,
    make_server_key,
    unwrap_client_key,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_own_client_key_unwraps_with_its_server_key():
    server = make_server_key()
    client, metadata = unwrap_client_key(server, make_client_key(server, NOW))
    assert len(client) == CLIENT_KEY_LENGTH
    assert metadata == b"\x01" + int(NOW.timestamp()).to_bytes(8, "big")


def test_another_hubs_key_does_not_unwrap():
    with pytest.raises(ValueError, match="not wrapped with this server key"):
        unwrap_client_key(make_server_key(), make_client_key(make_server_key(), NOW))


@given(position=st.integers(min_value=0, max_value=700))
def test_a_changed_character_never_passes(position):
    server = make_server_key()
    text = make_client_key(server, NOW)
    position %= len(text)
    changed = text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]
    if changed.split() == text.split():
        return
    with pytest.raises(ValueError):
        unwrap_client_key(server, changed)


def test_keys_made_by_openvpn_unwrap(tmp_path, program):
    server, client = tmp_path / "server.key", tmp_path / "client.key"
    subprocess.run([*program("openvpn"), "--genkey", "tls-crypt-v2-server", server], check=True, capture_output=True)
    subprocess.run(
        [*program("openvpn"), "--tls-crypt-v2", server, "--genkey", "tls-crypt-v2-client", client],
        check=True,
        capture_output=True,
    )
    kc, metadata = unwrap_client_key(server.read_text(), client.read_text())
    assert len(kc) == CLIENT_KEY_LENGTH
    assert metadata[:1] == b"\x01"


def test_layout_is_as_openvpn_writes_it(tmp_path, program):
    server = tmp_path / "server.key"
    subprocess.run([*program("openvpn"), "--genkey", "tls-crypt-v2-server", server], check=True, capture_output=True)
    theirs, ours = server.read_text().splitlines(), make_server_key().splitlines()
    assert [len(line) for line in ours] == [len(line) for line in theirs]
    assert (ours[0], ours[-1]) == (theirs[0], theirs[-1])


def test_openvpn_wraps_a_client_key_with_our_server_key(tmp_path, program):
    server, client = tmp_path / "server.key", tmp_path / "client.key"
    server.touch(mode=0o600)
    server.write_text(make_server_key())
    subprocess.run(
        [*program("openvpn"), "--tls-crypt-v2", server, "--genkey", "tls-crypt-v2-client", client],
        check=True,
        capture_output=True,
    )
    unwrap_client_key(server.read_text(), client.read_text())
