"""Every host's files, each at its own path in a copy of the lab's image: the programs that read them there accept them.

An apply asks the same of every host before it changes anything. Here it is asked of the example, and of the files that
have a program's own check but no place in an apply: php-fpm's pools and systemd's units.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.programs import ImageCopy
from festning.model.catalog import Account, Directory, File, HostCatalog, Unit
from festning.model.load import load_fortress
from festning.model.reference import fill
from festning.providers.lab.placement import relocate
from festning.systems.galera.recovery.formation import Formation
from festning.vault import age
from festning.vault.vault import Vault
from festning.workflows.compiling import compile_catalogs, read_sources
from tests.conftest import EXAMPLE
from tests.golden.families import mixed

WITH_SIX = " with IPv6"
HOSTS = ("core1", "core2", "arbiter", "edge1", "edge2", f"core1{WITH_SIX}", f"edge1{WITH_SIX}")
POOL = ".php-fpm.conf"
LAY = """
import json, os, shutil, subprocess, sys
given = json.load(sys.stdin)
for name in given["accounts"]:
    subprocess.run(["useradd", "--system", "--user-group", "--shell", "/usr/sbin/nologin", name], check=True)
def own(path, entry):
    shutil.chown(path, entry["owner"], entry["group"])
    os.chmod(path, entry["mode"])
for entry in given["directories"]:
    os.makedirs(entry["path"], exist_ok=True)
    own(entry["path"], entry)
for entry in given["files"]:
    os.makedirs(os.path.dirname(entry["path"]), exist_ok=True)
    with open(entry["path"], "w", encoding="utf-8", newline="") as file:
        file.write(entry["content"])
    own(entry["path"], entry)
"""


@dataclass(frozen=True, slots=True)
class Laid:
    """A copy with a host's files in it."""

    catalog: HostCatalog
    copy: ImageCopy

    def run(self, *command: str) -> str:
        """Run a command of the host in a network of its own, and see that it has nothing to complain of."""
        program, *arguments = command
        begin = ("unshare", "--net", *self.copy.command(program.rpartition("/")[2]))
        done = subprocess.run([*begin, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def pools(self) -> list[str]:
        """php-fpm's files, one for each service."""
        items = (item for _, item in self.catalog.items() if isinstance(item, File))
        return [item.path for item in items if item.path.endswith(POOL)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, HostCatalog], Vault]:
    """The example's catalogs, two of it with IPv6, and all that they refer to; the vault is never written."""
    fortress = relocate(load_fortress(EXAMPLE / "fortress.yaml"))
    catalogs = compile_catalogs(fortress, read_sources(fortress), Formation.running())
    six = mixed()
    with_six = compile_catalogs(six, read_sources(six), Formation.running())
    catalogs |= {f"{name}{WITH_SIX}": with_six[name] for name in ("core1", "edge1")}
    vault = Vault.create(tmp_path_factory.mktemp("vault") / "vault.age", [age.generate_identity()[1]])
    for catalog in catalogs.values():
        vault.ensure(catalog.materials, datetime.now(UTC))
    return catalogs, vault


@pytest.fixture(params=HOSTS)
def laid(
    request: pytest.FixtureRequest,
    filled: tuple[dict[str, HostCatalog], Vault],
    image_copy: ImageCopy,
    tmp_path: Path,
) -> Iterator[Laid]:
    catalogs, vault = filled
    catalog = catalogs[request.param]
    items = [item for _, item in catalog.items()]
    given = {
        "accounts": sorted({item.name for item in items if isinstance(item, Account)}),
        "directories": [attributes(item) for item in items if isinstance(item, Directory)],
        "files": [
            {**attributes(item), "content": fill(item.content, vault.lookup)}
            for item in items
            if isinstance(item, File) and isinstance(item.content, str)
        ],
    }
    copy = ImageCopy(image_copy.image, tmp_path)
    try:
        subprocess.run([*copy.command("python3"), "-c", LAY], input=json.dumps(given), text=True, check=True)
        yield Laid(catalog, copy)
    finally:
        copy.close()


def attributes(item: File | Directory) -> dict[str, str | int]:
    return {"path": item.path, "owner": item.owner, "group": item.group, "mode": item.mode}


def account_of(pool: str) -> str:
    """Whom a pool runs as: its unit says so, and php-fpm wants to be told when root reads the file."""
    return f"svc-{Path(pool).name.removesuffix(POOL)}"


def validators(catalog: HostCatalog) -> Sequence[tuple[str, ...]]:
    commands = (item.validate for _, item in catalog.items() if isinstance(item, File) and item.validate)
    return tuple(dict.fromkeys(commands))


def test_every_program_accepts_its_files(laid: Laid) -> None:
    commands = validators(laid.catalog)
    assert {"sshd", "nft"} <= {command[0].rpartition("/")[2] for command in commands}
    laid.run("ssh-keygen", "-q", "-A")  # A host has its keys, an image has none.
    for command in commands:
        laid.run(*command)
    for pool in laid.pools():
        run_as = f"runuser -u {account_of(pool)} --"
        laid.run("sh", "-c", f"exec {run_as} /usr/sbin/php-fpm* --test --fpm-config {pool}")
    units = [item.name for _, item in laid.catalog.items() if isinstance(item, Unit)]
    said = laid.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units)
    assert not said, said  # A key that systemd does not know is a warning, and no error.
