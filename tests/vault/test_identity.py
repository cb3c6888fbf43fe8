"""Where the identity comes from, and that it is never in plaintext on the disk."""

import stat

import pytest

from festning.errors import VaultError
from festning.vault import age
from festning.vault.identity import find_identity, identity_file


@pytest.fixture
def home(tmp_path):
    return {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}


def asked(*answers):
    left = list(answers)
    return lambda _question: left.pop(0)


def test_from_the_environment_before_all_else(home):
    secret, _ = age.generate_identity()
    assert find_identity({**home, "FESTNING_IDENTITY": f" {secret}\n", "FESTNING_IDENTITY_COMMAND": "false"}) == secret


def test_a_malformed_one_in_the_environment_is_not_shown(home):
    with pytest.raises(VaultError) as caught:
        find_identity({**home, "FESTNING_IDENTITY": "AGE-SECRET-KEY-1NOPE"})
    assert "NOPE" not in caught.value.message


def test_from_a_command(home, tmp_path):
    secret, _ = age.generate_identity()
    script = tmp_path / "manager"
    script.write_text(f"#!/bin/sh\necho '# created: today'\necho {secret}\n")
    script.chmod(0o700)
    assert find_identity({**home, "FESTNING_IDENTITY_COMMAND": str(script)}) == secret


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("false", "status 1"),
        ("/nonexistent", "could not be run"),
        ("echo hello", "0 age secret keys"),
        ("'", "could not"),
    ],
)
def test_a_command_that_fails(home, command, message):
    with pytest.raises(VaultError, match=message):
        find_identity({**home, "FESTNING_IDENTITY_COMMAND": command})


def test_no_identity_anywhere(home):
    with pytest.raises(VaultError, match="no identity") as caught:
        find_identity(home)
    assert "FESTNING_IDENTITY_COMMAND" in (caught.value.hint or "")


def test_first_use_makes_an_encrypted_file_that_opens_again(home):
    made = find_identity(home, prompt=asked("correct horse", "correct horse"), create=True)
    place = identity_file(home)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert b"AGE-SECRET-KEY" not in place.read_bytes()
    assert find_identity(home, prompt=asked("correct horse")) == made
    with pytest.raises(VaultError, match="does not open"):
        find_identity(home, prompt=asked("wrong"))
    with pytest.raises(VaultError, match="nobody can be asked"):
        find_identity(home)


@pytest.mark.parametrize("damage", ["empty", "junk", "cut", "other", "no key"])
def test_a_damaged_file_is_told_from_a_wrong_passphrase(home, damage):
    place = identity_file(home)
    place.parent.mkdir(parents=True)
    whole = age.encrypt_with_passphrase(b"no key", "pass")
    contents = {"empty": b"", "junk": bytes(range(256)), "cut": whole[:60], "no key": whole}
    content = contents.get(damage) or (age.encrypt(b"x", [age.generate_identity()[1]]) if damage == "other" else b"")
    place.write_bytes(content)
    with pytest.raises(VaultError, match="not an age") as caught:
        find_identity(home, prompt=asked("pass"))
    assert str(place) in caught.value.message
    assert caught.value.hint
    assert place.read_bytes() == content


@pytest.mark.parametrize("name", ["FESTNING_IDENTITY", "FESTNING_IDENTITY_COMMAND"])
def test_a_malformed_key_is_told_by_where_it_came_from(home, name):
    value = "AGE-SECRET-KEY-1NOPE" if name == "FESTNING_IDENTITY" else "echo AGE-SECRET-KEY-1NOPE"
    with pytest.raises(VaultError, match=f"{name}.* is not an age secret key") as caught:
        find_identity({**home, name: value})
    assert "NOPE" not in caught.value.message


@pytest.mark.parametrize("answers", [("",), ("one", "two")])
def test_a_bad_first_passphrase_makes_nothing(home, answers):
    with pytest.raises(VaultError):
        find_identity(home, prompt=asked(*answers), create=True)
    assert not identity_file(home).exists()


def test_first_use_without_a_person(home):
    with pytest.raises(VaultError, match="nobody can be asked"):
        find_identity(home, create=True)


def test_the_file_follows_xdg(tmp_path):
    assert identity_file({"HOME": "/root", "XDG_CONFIG_HOME": "/x"}).as_posix() == "/x/festning/identity.age"
    assert identity_file({"HOME": "/root"}).as_posix() == "/root/.config/festning/identity.age"
    with pytest.raises(VaultError):
        identity_file({})
