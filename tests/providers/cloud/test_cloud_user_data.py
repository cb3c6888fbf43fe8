"""What a machine is born with, as cloud-init would read it."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from festning.providers.cloud.user_data import user_data
from festning.providers.interface import KeyPair
from festning.vault.sshkey import make_ssh_key

HOST_KEY = KeyPair(*make_ssh_key(comment="host/edge1@nordlys"))
OPERATOR = "ssh-ed25519 AAAAC3 operator@nordlys\n"


def born(**changes: Any) -> tuple[str, Any]:
    given = {"user": "root", "port": 22, "host_key": HOST_KEY, "authorized_key": OPERATOR, **changes}
    text = user_data("nordlys", "edge1", **given)
    return text, YAML(typ="safe").load(text)


def test_it_is_a_cloud_config_with_the_host_key_as_it_was_chosen() -> None:
    text, document = born()
    assert text.startswith("#cloud-config\n")
    assert document["ssh_keys"] == {"ed25519_private": HOST_KEY.private, "ed25519_public": HOST_KEY.public}
    assert document["ssh_deletekeys"] is True
    assert document["hostname"] == "edge1"
    assert len(text) < 8 * 1024  # A GET of EC2's carries it.


def test_root_comes_in_with_the_operators_key_and_nobody_with_a_password() -> None:
    _, document = born()
    assert document["users"] == [{"name": "root", "ssh_authorized_keys": [OPERATOR.strip()]}]
    assert (document["disable_root"], document["ssh_pwauth"]) == (False, False)


def test_another_user_may_sudo_and_root_may_not_come_in() -> None:
    _, document = born(user="debian")
    (user,) = document["users"]
    assert (user["name"], user["sudo"], user["lock_passwd"]) == ("debian", "ALL=(ALL) NOPASSWD:ALL", True)
    assert user["ssh_authorized_keys"] == [OPERATOR.strip()]
    assert document["disable_root"] is True


@pytest.mark.parametrize(("port", "files"), [(22, None), (2222, "Port 2222\n")])
def test_sshd_listens_where_it_is_declared(port: int, files: str | None) -> None:
    _, document = born(port=port)
    assert [one["content"] for one in document.get("write_files", ())] == ([files] if files else [])


def test_the_key_does_not_stay_in_cloud_inits_memory() -> None:
    _, document = born()
    removed = " ".join(document["runcmd"])
    for file in ("user-data.txt", "cloud-config.txt", "obj.pkl", "instance-data-sensitive.json"):
        assert file in removed


def test_there_is_no_secret_in_it_but_the_hosts_own_key() -> None:
    text, document = born()
    assert text.count("PRIVATE KEY") == 2
    assert "PRIVATE" not in text.replace(document["ssh_keys"]["ed25519_private"].replace("\n", "\\n"), "")
