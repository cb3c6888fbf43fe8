"""The configurations of the stack of 2014, judged by the very programs of the lab's image, in a view of each host.

No lab is booted: the image is there when one was booted before. Namespaces of their own, which end with each program.
"""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.baseline.material import looking_up
from festning.engine.sealed import SealedCatalog
from festning.model.catalog import Directory, File
from festning.providers.lab.image import IMAGES
from festning.providers.lab.recipe import Recipe
from festning.systems.galera.recovery.formation import Formation
from festning.vault import age
from festning.vault.vault import Vault
from festning.workflows.compiling import compile_catalogs, read_sources
from tests.bench.baseline_example import catalogs, fortress

# $1: the image; $2: the host's files; the rest is the program. What is written anywhere is gone with the namespace.
IN_A_VIEW = """\
set -eu
image=$1 files=$2
shift 2
mount -t tmpfs none /mnt
mkdir /mnt/upper /mnt/work /mnt/root
cp -a "$files/." /mnt/upper
mount -t overlay none -o "lowerdir=$image,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
mount --rbind /dev /mnt/root/dev
mount -t proc none /mnt/root/proc
ip link set lo up
mkdir -p /mnt/root/run/php /mnt/root/run/haproxy /mnt/root/run/mysqld
exec chroot /mnt/root "$@"
"""


def image() -> Path:
    own = compile_catalogs(fortress(), read_sources(fortress()), Formation.running())
    return IMAGES / Recipe({package for catalog in own.values() for package in catalog.packages}).digest


pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not image().is_dir(), reason="needs root, and the image that a lab was booted from"
)


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of every host, in a folder each."""
    folder = tmp_path_factory.mktemp("hosts")
    vault = Vault.create(folder / "vault.age", [age.generate_identity()[1]])
    vault.ensure([one for catalog in catalogs().values() for one in catalog.materials], datetime.now(UTC))
    for name, catalog in catalogs().items():
        sealed = SealedCatalog(catalog, looking_up(vault))
        for _, item in catalog.items():  # noqa: PERF102 (not a mapping)
            if isinstance(item, File | Directory):
                path = folder / name / item.path.removeprefix("/")
                (path if isinstance(item, Directory) else path.parent).mkdir(parents=True, exist_ok=True)
            if isinstance(item, File):
                path.write_bytes(sealed.content(item.path))
                path.chmod(item.mode)
    return folder


def run(placed: Path, host: str, *command: str) -> subprocess.CompletedProcess[str]:
    view = ("unshare", "--mount", "--net", "--pid", "--fork", "sh", "-c", IN_A_VIEW, "sh")
    return subprocess.run(
        [*view, str(image()), str(placed / host), *command], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("host", sorted(catalogs()))
def test_every_program_accepts_its_configuration(placed: Path, host: str):
    commands = {item.validate for _, item in catalogs()[host].items() if isinstance(item, File) and item.validate}
    assert commands
    for command in commands:
        done = run(placed, host, *command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def test_haproxy_has_nothing_to_warn_of(placed: Path):
    done = run(placed, "core1", "haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg")
    assert "WARNING" not in done.stdout + done.stderr


def test_the_tunnels_server_starts_as_the_guide_has_it(placed: Path):
    command = ("timeout", "3", "openvpn", "--cd", "/etc/openvpn", "--config", "/etc/openvpn/server.conf")
    said = run(placed, "core1", *command).stdout
    assert "Initialization Sequence Completed" in said, said
    assert "ifconfig_pool_read(), in='edge1,10.8.0.2,'" in said, said


def test_a_client_of_the_tunnel_comes_as_far_as_dialling(placed: Path):
    command = ("timeout", "2", "openvpn", "--cd", "/etc/openvpn", "--config", "/etc/openvpn/client.conf")
    said = run(placed, "edge1", *command).stdout
    assert "UDPv4 link remote" in said, said
    assert "Options error" not in said
