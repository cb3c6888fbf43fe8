"""What the database wants of a host."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from bench.programs import Program
from festning.errors import CompileError
from festning.model.catalog import File, Gate, Package, Restart, Step, SystemCatalog, Unit, Wave
from festning.model.fortress import Durability, Fortress
from festning.model.material import Password, service_database_password
from festning.model.reference import references
from festning.systems.galera import provider
from festning.systems.galera.catalog import CONFIG, GARBD_CONFIG, HEALTH_MODULES, KEYS, RECOVERY_MODULES, catalog
from festning.systems.galera.recovery.formation import Formation, How
from festning.systems.galera.start import IN_PRIMARY
from tests.systems.galera.conftest import make_fortress

RUNNING = Formation.running()


def compiled(fortress: Fortress, host: str, formation: Formation = RUNNING) -> SystemCatalog:
    system = catalog(fortress, fortress.host(host), formation)
    assert system is not None
    return system


def content(system: SystemCatalog, path: str) -> str:
    found = next(item for item in system.items if isinstance(item, File) and item.path == path)
    assert isinstance(found.content, str)
    return found.content


def steps(system: SystemCatalog) -> dict[str, Step]:
    return {item.name: item for item in system.items if isinstance(item, Step)}


def settings(config: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in config.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def test_cores_are_data_nodes_arbiters_vote_and_edges_have_nothing(fortress: Fortress) -> None:
    assert compiled(fortress, "core1").wave is Wave.DATABASE
    assert compiled(fortress, "arbiter").wave is Wave.ARBITER
    assert catalog(fortress, fortress.host("edge1"), RUNNING) is None


def test_a_data_node_listens_on_its_bridge_address_only(fortress: Fortress) -> None:
    config = content(compiled(fortress, "core2"), CONFIG)
    found = settings(config)
    assert found["bind_address"] == "10.8.0.2"
    assert found["wsrep_cluster_address"] == "gcomm://10.8.0.1,10.8.0.2,10.8.0.8"
    assert "gmcast.listen_addr=ssl://10.8.0.2:4567" in found["wsrep_provider_options"]
    assert "0.0.0.0" not in config


def test_replication_and_transfers_are_encrypted_on_every_member(fortress: Fortress) -> None:
    config = content(compiled(fortress, "core1"), CONFIG)
    garbd = content(compiled(fortress, "arbiter"), GARBD_CONFIG)
    for text in (config, garbd):
        assert "socket.ssl=yes;" in text
        assert f"socket.ssl_ca={KEYS.authority}" in text
    assert settings(config)["encrypt"] == "4"
    assert settings(config)["ssl-mode"] == "VERIFY_IDENTITY"


def test_group_timeouts_are_the_same_everywhere(fortress: Fortress) -> None:
    texts = [
        content(compiled(fortress, "core1"), CONFIG),
        content(compiled(fortress, "core2"), CONFIG),
        content(compiled(fortress, "arbiter"), GARBD_CONFIG),
    ]
    pattern = re.compile(r"(evs\.\w+)=(\w[\w.]*)")
    found = {tuple(sorted(pattern.findall(text))) for text in texts}
    assert found == {tuple(sorted(provider.EVS_TIMEOUTS))}


@pytest.mark.parametrize(("durability", "flush"), [(Durability.STRICT, "1"), (Durability.RELAXED, "2")])
def test_durability_is_as_declared_and_said(durability: Durability, flush: str) -> None:
    config = content(compiled(make_fortress(durability), "core1"), CONFIG)
    assert settings(config)["innodb_flush_log_at_trx_commit"] == flush
    assert ("Relaxed:" in config) == (durability is Durability.RELAXED)
    assert settings(config)["innodb_doublewrite"] == "ON"


def test_memory_is_the_declared_buffer_pool() -> None:
    found = settings(content(compiled(make_fortress(memory=6 << 30), "core1"), CONFIG))
    assert found["innodb_buffer_pool_size"] == "6144M"
    assert found["innodb_log_file_size"] == "1536M"
    assert "gcache.size=1536M" in found["wsrep_provider_options"]


@pytest.mark.parametrize(
    ("memory", "cache", "log"), [(64 << 20, 128, 96), (4 << 30, 1024, 1024), (64 << 30, 2048, 4096)]
)
def test_the_write_set_cache_and_the_redo_log_follow_the_memory_within_limits(
    memory: int, cache: int, log: int
) -> None:
    assert provider.gcache_bytes(memory) == cache << 20
    assert provider.redo_log_bytes(memory) == log << 20


def test_a_key_is_readable_by_its_program_alone(fortress: Fortress) -> None:
    for host, owner in (("core1", "mysql"), ("arbiter", "festning-garbd")):
        keys = [item for item in compiled(fortress, host).items if isinstance(item, File) and item.path == KEYS.key]
        assert [(key.mode, key.owner, key.secret) for key in keys] == [(0o400, owner, True)]


def test_whatever_is_referred_to_is_declared(fortress: Fortress) -> None:
    for host in ("core1", "arbiter"):
        system = compiled(fortress, host)
        texts = [item.content for item in system.items if isinstance(item, File)]
        texts += [text for item in system.items if isinstance(item, Step) for text in (item.check, item.do)]
        used = frozenset().union(*map(references, texts))
        declared = {"ca/database"}
        for material in system.materials:
            names = [material.value] if isinstance(material, Password) else [material.certificate, material.key]  # type: ignore[union-attr]
            declared |= set(names)
        assert used == declared


def test_the_service_gets_a_database_of_its_own_from_the_bridge_alone(fortress: Fortress) -> None:
    system = compiled(fortress, "core1")
    step = steps(system)["galera: the writer's token, users and schemas"]
    assert "'web_shop'@'10.8.0.0/255.255.255.0'" in step.do
    assert "ON `web\\_shop`.*" in step.do, "a bare _ in a grant stands for any character"
    assert "ON *.*" not in step.do
    assert service_database_password("web_shop") in system.materials
    assert "www" not in step.do


def test_the_founder_is_started_by_its_step_before_its_unit_and_without_restarts(fortress: Fortress) -> None:
    system = compiled(fortress, "core1", Formation.first("core1"))
    assert "galera_new_cluster" in steps(system)[IN_PRIMARY].do
    order = [item.key for item in system.items]
    assert order.index(f"step:{IN_PRIMARY}") < order.index("unit:mariadb.service")
    reactions = [reaction for item in system.items if isinstance(item, File) for reaction in item.on_change]
    assert Restart("mariadb.service") not in reactions


def test_only_the_founder_founds(fortress: Fortress) -> None:
    for formation in (RUNNING, Formation.first("core1")):
        system = compiled(fortress, "core2", formation)
        assert "galera_new_cluster" not in steps(system)[IN_PRIMARY].do
        config = next(item for item in system.items if isinstance(item, File) and item.path == CONFIG)
        assert config.on_change == (Restart("mariadb.service"),)


def test_a_founder_that_runs_is_promoted_in_place(fortress: Fortress) -> None:
    promote = Formation(how=How.PROMOTE, founder="core2", reason="most recent")
    do = steps(compiled(fortress, "core2", promote))[IN_PRIMARY].do
    assert "wsrep_provider_pc_bootstrap = ON" in do
    assert "pc.bootstrap=YES" in do
    assert "systemctl stop" not in do


def test_how_it_starts_changes_what_is_done_and_never_what_is_wanted(fortress: Fortress) -> None:
    def wanted(formation: Formation) -> list[tuple[str, object]]:
        return [
            (item.key, getattr(item, "check", getattr(item, "content", None)))
            for item in compiled(fortress, "core1", formation).items
        ]

    assert wanted(RUNNING) == wanted(Formation.first("core1")) == wanted(Formation.first("core2"))


def test_a_founder_must_be_a_data_node(fortress: Fortress) -> None:
    with pytest.raises(CompileError, match="arbiter cannot start the database"):
        catalog(fortress, fortress.host("core1"), Formation.first("arbiter"))


@pytest.mark.parametrize(("package", "modules"), [("health", HEALTH_MODULES), ("recovery", RECOVERY_MODULES)])
def test_programs_are_installed_whole(fortress: Fortress, package: str, modules: tuple[str, ...]) -> None:
    sources = {path.name for path in files(f"festning.systems.galera.{package}").iterdir() if path.name.endswith(".py")}
    assert sources == {f"{module}.py" for module in modules}
    paths = {item.path for item in compiled(fortress, "core1").items if isinstance(item, File)}
    assert {f"/usr/local/lib/festning/galera_{package}/{name}" for name in sources} <= paths


def test_the_programs_of_data_nodes_need_nothing_but_the_standard_library_and_pymysql() -> None:
    allowed = {*sys.stdlib_module_names, "pymysql"}
    for package, modules in (("health", HEALTH_MODULES), ("recovery", RECOVERY_MODULES)):
        for module in modules:
            source = files(f"festning.systems.galera.{package}").joinpath(f"{module}.py").read_text()
            imported = re.findall(r"^(?:    )*(?:from|import) (\w+)", source, re.MULTILINE)
            assert imported or module == "__init__"
            assert set(imported) <= allowed, module


def scripts(fortress: Fortress) -> list[str]:
    promote = Formation(how=How.PROMOTE, founder="core1", reason="because")
    found = []
    for formation in (RUNNING, Formation.first("core1"), promote):
        for host in ("core1", "arbiter"):
            for item in compiled(fortress, host, formation).items:
                found += [item.check, item.do] if isinstance(item, Step) else []
                found += [item.check] if isinstance(item, Gate) else []
                found += [str(item.content)] if isinstance(item, File) and item.mode == 0o755 else []
    return [script for script in found if "wsrep_sst" not in script]


def test_every_script_is_a_script(fortress: Fortress) -> None:
    for script in scripts(fortress):
        done = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), script


def test_passwords_go_over_standard_input_and_in_no_command_line(fortress: Fortress) -> None:
    for script in scripts(fortress):
        inside = False
        for line in script.splitlines():
            if "⟦secret:" in line:
                assert inside, line
            inside = line.endswith("<<'SQL'") or (inside and line != "SQL")


def test_the_server_accepts_its_configuration(fortress: Fortress, tmp_path: Path, program: Program) -> None:
    path = tmp_path / "server.cnf"
    path.write_text(content(compiled(fortress, "core1"), CONFIG))
    command = (*program("mariadbd"), f"--defaults-file={path}", "--help", "--verbose")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_units_and_packages(fortress: Fortress) -> None:
    core = compiled(fortress, "core1")
    assert {item.name for item in core.items if isinstance(item, Unit)} == {
        "mariadb.service",
        "festning-galera-health.service",
        "festning-galera-revive.path",
        "festning-galera-form.path",
    }
    assert "python3-pymysql" in {item.name for item in core.items if isinstance(item, Package)}
    arbiter = compiled(fortress, "arbiter")
    assert {item.name for item in arbiter.items if isinstance(item, Package)} == {"galera-arbitrator-4"}
