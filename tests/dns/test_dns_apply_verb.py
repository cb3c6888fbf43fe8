"""``festning dns apply`` as a person calls it: a vault, a name server's API, and front doors where nobody answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from festning.model.material import Authority, Certificate
from festning.vault.age import generate_identity
from festning.vault.vault import Vault
from tests.conftest import EXAMPLE
from tests.dns.dns_servers import PowerDns, serve
from tests.dns.named_fortresses import TEXT

CHANGES = (
    ("edge:    {site: dublin, role: edge, count: 2", "edge:    {site: dublin, role: edge, address: 127.0.7.1"),
    ("address: 203.0.113.11", "address: 127.0.7.2"),
    ("address: 203.0.113.12", "address: 127.0.7.3"),
    ("waivers: []", "dns: {provider: powerdns}"),
)
MARK = "heritage=festning,festning/fortress=nordlys"


@pytest.fixture
def api() -> Iterator[PowerDns]:
    with serve(PowerDns()) as served:
        assert isinstance(served, PowerDns)
        served.add("shop", "A", ["127.0.7.1"], 60)
        served.add("_festning-a.shop", "TXT", [MARK], 60)
        served.add("old", "A", ["127.0.7.9"], 60)
        served.add("_festning-a.old", "TXT", [MARK], 60)
        yield served


def apply(folder: Path, api: PowerDns, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    text = TEXT
    for old, new in CHANGES:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "fortress.yaml").write_text(text)
    secret, recipient = generate_identity()
    (folder / "vault.age").unlink(missing_ok=True)
    vault = Vault.create(folder / "vault.age", [recipient])
    vault.ensure([Certificate(authority=Authority.WEB, name="shop.nordlys.example", days=90)], datetime.now(UTC))
    vault.save()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("FESTNING_", "PDNS_"))}
    known = {"FESTNING_IDENTITY": secret, "PDNS_API_KEY": "changeme", "PDNS_API_URL": api.url}
    command = [
        sys.executable,
        "-m",
        "festning",
        "--file",
        str(folder / "fortress.yaml"),
        "dns",
        "apply",
        "--pause",
        "0",
    ]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, env=kept | known | environment, check=False, timeout=120
    )


def test_with_nobody_well_the_zone_stays_as_it_is_and_that_is_no_success(tmp_path: Path, api: PowerDns) -> None:
    before = api.sets()
    done = apply(tmp_path, api)
    assert done.returncode == 1, done.stderr
    assert api.sets() == before
    for words in (
        "shop.nordlys.example: no front door answers for it: what is there stays (127.0.7.1)",
        "old.nordlys.example: no service has this name any more; --prune removes it",
        "dead dead dead",
        "nordlys.example: no changes",
    ):
        assert words in done.stdout
    assert not any(method == "PATCH" for method, _ in api.requests)


def test_only_a_plan_changes_nothing_and_the_same_without_it_does(tmp_path: Path, api: PowerDns) -> None:
    before = api.sets()
    told = json.loads(apply(tmp_path, api, "--only-plan", "--prune", "--json").stdout)
    assert api.sets() == before
    old = next(name for name in told["names"] if name["name"] == "old.nordlys.example")
    assert [(one["act"], one["done"]) for one in old["changes"]] == [("delete", None), ("delete", None)]
    told = json.loads(apply(tmp_path, api, "--prune", "--json").stdout)
    old = next(name for name in told["names"] if name["name"] == "old.nordlys.example")
    assert [one["done"] for one in old["changes"]] == [True, True]
    assert set(api.sets()) == {("shop", "A"), ("_festning-a.shop", "TXT")}


def test_credentials_that_are_missing_or_wrong_are_told(tmp_path: Path, api: PowerDns) -> None:
    missing = apply(tmp_path, api, PDNS_API_KEY="")
    assert missing.returncode == 64
    assert "powerdns needs PDNS_API_KEY in the environment" in missing.stderr
    wrong = apply(tmp_path, api, PDNS_API_KEY="wrong")
    assert wrong.returncode == 1
    assert "refuses the credentials" in wrong.stderr
    assert "Traceback" not in missing.stderr + wrong.stderr
