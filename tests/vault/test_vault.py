"""The vault: nothing in plaintext, nothing made twice, nothing overwritten, and a clear word when it fails."""

import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festning.errors import VaultError
from festning.model.material import (
    Authority,
    Certificate,
    Password,
    SshKey,
    TlsCryptClientKey,
    TlsCryptServerKey,
)
from festning.vault import age
from festning.vault.entry import Content
from festning.vault.making import make
from festning.vault.tlscrypt import unwrap_client_key
from festning.vault.vault import Vault

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BRIDGE = Certificate(authority=Authority.BRIDGE, name="core1", client=True)
WEB = Certificate(authority=Authority.WEB, name="shop", dns=("shop.nordlys.example",))
PASSWORD = Password(name="galera/sst")
CLIENT_KEY = TlsCryptClientKey(hub="core1", client="edge1")
SSH = SshKey(name="operator")
ALL = (BRIDGE, WEB, PASSWORD, CLIENT_KEY, SSH)


@pytest.fixture
def identity():
    return age.generate_identity()


@pytest.fixture
def place(tmp_path):
    return tmp_path / "vault.age"


@pytest.fixture
def vault(place, identity):
    made = Vault.create(place, [identity[1]], owner="nordlys")
    made.ensure(ALL, NOW)
    made.save()
    return made


def test_what_is_made_can_be_read_again(vault, place, identity):
    opened = Vault.open(place, identity[0])
    assert opened.names() == vault.names()
    assert all(opened.lookup(name) == vault.lookup(name) for name in vault.names() if not name.startswith("ca-key/"))


def test_every_declared_name_is_there_and_only_used_authorities_are_made(vault):
    names = set(vault.names())
    assert {BRIDGE.certificate, BRIDGE.key, WEB.certificate, WEB.key, PASSWORD.value, CLIENT_KEY.key} <= names
    assert {SSH.private, SSH.public, TlsCryptServerKey(hub="core1").key} <= names
    assert {Authority.BRIDGE.certificate, Authority.WEB.certificate} <= names
    assert Authority.DATABASE.certificate not in names


def test_ensure_again_makes_nothing_and_save_writes_nothing(vault, place):
    before = place.read_bytes()
    assert vault.ensure(ALL, NOW + timedelta(days=100)) == ()
    assert vault.save() is False
    assert place.read_bytes() == before


def test_asking_whether_anything_is_missing_needs_no_cryptography(vault, place, identity):
    program = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from festning.vault.vault import Vault; from festning.model.material import *\n"
        "v = Vault.open(Path(sys.argv[1]), sys.stdin.read())\n"
        "w = Certificate(authority=Authority.BRIDGE, name='core1', client=True)\n"
        f"assert v.ensure([w], datetime.fromisoformat({NOW.isoformat()!r})) == ()\n"
        "assert 'cryptography' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(place)], input=identity[0], text=True, check=True)


def test_a_certificate_is_made_again_when_its_names_change(vault):
    before = vault.lookup(WEB.certificate)
    wanted = replace(WEB, dns=("shop.nordlys.example", "www.nordlys.example"))
    assert vault.ensure([wanted], NOW) == (WEB.certificate, WEB.key)
    assert vault.lookup(WEB.certificate) != before


@pytest.mark.parametrize(("days", "renewed"), [(365, False), (366, False), (368, True), (400, True)])
def test_a_certificate_is_made_again_in_its_last_thirty_days(vault, days, renewed):
    assert bool(vault.ensure([WEB], NOW + timedelta(days=days))) is renewed


def test_a_certificate_capped_by_its_authority_is_not_made_again_each_time(vault):
    late = NOW + timedelta(days=3640)
    assert WEB.certificate in vault.ensure([WEB], late)
    assert vault.ensure([WEB], late + timedelta(days=1)) == ()


def test_a_client_key_fits_its_hub(vault):
    unwrap_client_key(vault.lookup(TlsCryptServerKey(hub="core1").key), vault.lookup(CLIENT_KEY.key))


def test_an_authoritys_key_never_leaves(vault):
    with pytest.raises(VaultError, match="never leaves"):
        vault.lookup("ca-key/bridge")


def test_a_missing_name_is_said_clearly(vault):
    with pytest.raises(VaultError, match="no 'password/nothing'") as caught:
        vault.lookup("password/nothing")
    assert caught.value.hint


def test_no_secret_in_repr_or_on_the_disk(vault, place, tmp_path):
    assert "PRIVATE" not in repr(vault)
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["vault.age"]
    for secret in vault.secrets():
        assert secret.encode()[:30] not in raw
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_a_wrong_identity(vault, place):
    with pytest.raises(VaultError, match="not encrypted to this identity") as caught:
        Vault.open(place, age.generate_identity()[0])
    assert caught.value.hint


def test_no_identity_at_all(vault, place):
    with pytest.raises(VaultError, match="not an age secret key"):
        Vault.open(place, "open sesame")


def test_no_file(place, identity):
    with pytest.raises(VaultError, match="no vault"):
        Vault.open(place, identity[0])


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 10**6), value=st.integers(1, 255))
def test_any_changed_octet_is_noticed(position, value):
    secret, recipient = age.generate_identity()
    octets = bytearray(age.encrypt(b"a vault's content", [recipient]))
    octets[position % len(octets)] ^= value
    with pytest.raises((age.DamagedError, age.WrongKeyError)):
        age.decrypt(bytes(octets), secret)


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_cut_file(vault, place, identity, keep):
    place.write_bytes(place.read_bytes()[:keep])
    with pytest.raises(VaultError, match="damaged"):
        Vault.open(place, identity[0])


NO_VAULTS = (
    b"{}",
    b"[]",
    b"not json",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"version": 1, "entries": {"a": {"odd": 1}}}',
    b'{"version": 1, "owner": 1, "recipients": ["age1x"], "entries": {}}',
    b'{"version": 1, "owner": "x", "recipients": "age1x", "entries": {}}',
    b'{"version": 1, "owner": "x", "recipients": ["age1x"], "entries": {"a": {"text": null, "secret": true}}}',
    b'{"version": 1, "owner": "x", "recipients": ["age1x"], "entries": {"a": {"text": "b", "secret": "no"}}}',
)


@pytest.mark.parametrize("content", NO_VAULTS)
def test_an_age_file_that_is_no_vault(place, identity, content):
    place.write_bytes(age.encrypt(content, [identity[1]]))
    with pytest.raises(VaultError, match="not a vault's"):
        Vault.open(place, identity[0])


def test_an_authority_that_cannot_be_read_is_not_shown(vault):
    vault._content.entries["ca-key/bridge"] = replace(vault._content.entries["ca-key/bridge"], text="gar-bled")
    with pytest.raises(VaultError, match="an authority in the vault cannot be read") as caught:
        vault.ensure([replace(BRIDGE, name="core9")], NOW)
    assert "gar-bled" not in str(caught.value)


@pytest.mark.parametrize("content", [b"junk", b"\x00" * 300, bytes(range(256))])
def test_a_file_of_something_else_is_left_as_it_is(place, identity, content):
    place.write_bytes(content)
    with pytest.raises(VaultError, match=r"vault\.age is damaged, or is not an age file") as caught:
        Vault.open(place, identity[0])
    assert caught.value.hint
    assert place.read_bytes() == content


def test_a_newer_format(place, identity):
    place.write_bytes(age.encrypt(b'{"version": 2}', [identity[1]]))
    with pytest.raises(VaultError, match="format 2"):
        Vault.open(place, identity[0])


def test_two_writers_do_not_lose_each_others_work(vault, place, identity):
    first, second = Vault.open(place, identity[0]), Vault.open(place, identity[0])
    first.ensure([Password(name="first")], NOW)
    second.ensure([Password(name="second")], NOW)
    first.save()
    with pytest.raises(VaultError, match="changed by someone else"):
        second.save()
    assert "password/first" in Vault.open(place, identity[0]).names()


def test_a_vault_is_never_created_over_another(vault, place, identity):
    with pytest.raises(VaultError, match="exists already"):
        Vault.create(place, [identity[1]])


def test_a_vault_that_appeared_meanwhile_is_not_overwritten(place, identity):
    first, second = Vault.create(place, [identity[1]]), Vault.create(place, [identity[1]])
    first.save()
    with pytest.raises(VaultError, match="changed by someone else"):
        second.save()


def test_each_recipient_opens_it(place):
    (one, one_recipient), (two, two_recipient) = age.generate_identity(), age.generate_identity()
    Vault.create(place, [one_recipient, two_recipient]).save()
    assert Vault.open(place, one).recipients == Vault.open(place, two).recipients == (one_recipient, two_recipient)


@pytest.mark.parametrize("recipients", [[], ["age1nonsense"]])
def test_bad_recipients(place, recipients):
    with pytest.raises(VaultError):
        Vault.create(place, recipients)
    assert not place.exists()


def test_a_directory_that_cannot_be_written(tmp_path, identity):
    with pytest.raises(VaultError, match="cannot be written"):
        Vault.create(tmp_path / "missing" / "vault.age", [identity[1]]).save()


def test_a_failed_write_leaves_the_old_file_and_no_rest(vault, place, monkeypatch):
    before = place.read_bytes()
    vault.ensure([Password(name="new")], NOW)
    monkeypatch.setattr("festning.vault.store.os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "no space")))
    with pytest.raises(VaultError, match="no space"):
        vault.save()
    assert place.read_bytes() == before
    assert list(place.parent.iterdir()) == [place]


def test_a_name_that_no_file_could_refer_to(vault):
    with pytest.raises(VaultError, match="cannot name material"):
        vault.ensure([Password(name="Uppercase")], NOW)


@settings(max_examples=30, deadline=None)
@given(length=st.integers(1, 80))
def test_passwords_are_letters_and_digits_of_the_length_asked(tmp_path_factory, length):
    place = tmp_path_factory.mktemp("vault") / "vault.age"
    vault = Vault.create(place, [age.generate_identity()[1]])
    vault.ensure([Password(name="a", length=length), Password(name="b", length=length)], NOW)
    text = vault.lookup("password/a")
    assert len(text) == length
    assert text.isalnum()
    assert text.isascii()


def test_passwords_differ(vault):
    vault.ensure([Password(name="a"), Password(name="b")], NOW)
    assert vault.lookup("password/a") != vault.lookup("password/b")


def test_a_time_without_a_zone_is_a_mistake_of_ours(vault):
    with pytest.raises(ValueError, match="time zone"):
        vault.ensure([], datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake under test


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_ssh_keys_are_read_by_openssh(vault, tmp_path):
    private = tmp_path / "key"
    private.touch(mode=0o600)
    private.write_text(vault.lookup(SSH.private))
    shown = subprocess.run(["ssh-keygen", "-y", "-f", private], capture_output=True, text=True, check=True).stdout
    assert shown.split()[:2] == vault.lookup(SSH.public).split()[:2]
    assert vault.lookup(SSH.public).endswith(" operator@nordlys\n")


def test_a_certificate_is_made_again_when_its_declared_lifetime_changes():
    wanted = Certificate(authority=Authority.BRIDGE, name="core1", days=825)
    content = Content("nordlys", ())
    assert list(make(wanted, content, NOW))
    entry = content.entries[wanted.certificate]
    before = {name: value for name, value in entry.facts.items() if name != "days"}
    content.entries[wanted.certificate] = replace(entry, facts=before)
    assert list(make(wanted, content, NOW)) == [], "made before lifetimes could be declared, and as they were then"
    assert wanted.certificate in list(make(replace(wanted, days=90), content, NOW))
