"""What the services are compiled to: who runs what, where files go, and that no password is in it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from festning.model.catalog import Directory, File, Item, Reload, Restart, Step, SystemCatalog, Unit, Wave
from festning.model.fortress import Fortress, Runtime, Service, SourceFile
from festning.model.load import load_fortress, read_source
from festning.model.material import service_database_password
from festning.systems.services.catalog import catalogs
from festning.systems.services.environment import environment_file
from festning.systems.services.source import digest, source_items
from tests.conftest import EXAMPLE


def example() -> Fortress:
    return load_fortress(EXAMPLE / "fortress.yaml")


def compiled(fortress: Fortress, host: str) -> tuple[SystemCatalog, ...]:
    sources = {service.name: read_source(service) for service in fortress.services}
    return catalogs(fortress, fortress.host(host), sources)


def as_command(fortress: Fortress, **more: object) -> Fortress:
    shop = replace(fortress.services[0], runtime=Runtime.COMMAND, command='./serve --port "$PORT"', **more)
    return replace(fortress, services=(shop, *fortress.services[1:]))


def files(items: tuple[Item, ...]) -> dict[str, File]:
    return {item.path: item for item in items if isinstance(item, File)}


def test_each_host_has_what_runs_on_it_and_cores_a_copy_of_public_files() -> None:
    fortress = example()
    here = files(compiled(fortress, "core1")[0].items)
    assert "/srv/festning/shop/public/index.php" in here
    assert "/srv/festning/www/index.html" in here
    there = files(compiled(fortress, "edge1")[0].items)
    assert "/srv/festning/www/index.html" in there
    assert not [path for path in there if "shop" in path]
    assert compiled(fortress, "arbiter") == ()


def test_the_first_host_of_a_service_releases_it() -> None:
    fortress = example()
    assert [catalog.wave for catalog in compiled(fortress, "core1")] == [Wave.SERVICES, Wave.RELEASE]
    assert [catalog.wave for catalog in compiled(fortress, "core2")] == [Wave.SERVICES]
    assert [catalog.wave for catalog in compiled(fortress, "edge1")] == [Wave.SERVICES]


def test_a_release_follows_its_source() -> None:
    fortress = example()
    before = compiled(fortress, "core1")[1].items
    sources = {service.name: read_source(service) for service in fortress.services}
    sources["shop"] = (*sources["shop"], SourceFile("public/new.php", b"<?php"))
    after = catalogs(fortress, fortress.host("core1"), sources)[1].items
    assert before != after
    assert all(isinstance(item, Step) for item in before)


def test_the_password_is_a_reference_in_a_file_for_root_alone() -> None:
    catalog = compiled(example(), "core1")[0]
    secret = [item for item in catalog.items if isinstance(item, File) and item.secret]
    assert [(item.path, item.mode, item.owner) for item in secret] == [
        ("/etc/festning/services/shop.env", 0o600, "root")
    ]
    assert catalog.materials == (service_database_password("shop"),)
    assert compiled(example(), "edge1")[0].materials == ()


def test_a_service_cannot_write_what_it_runs() -> None:
    for item in compiled(example(), "core1")[0].items:
        if isinstance(item, File | Directory) and item.path.startswith("/srv/"):
            assert item.owner == "root"
            assert item.mode & 0o022 == 0


def test_every_folder_of_a_source_is_purged_and_made_before_what_is_in_it() -> None:
    source = (SourceFile("a/b/c.txt", b""), SourceFile("run", b"", executable=True))
    items = list(source_items(example().services[0], source))
    root = "/srv/festning/shop"
    assert [item.path for item in items if isinstance(item, Directory) and item.purge] == [
        root,
        f"{root}/a",
        f"{root}/a/b",
    ]
    assert {item.path: item.mode for item in items if isinstance(item, File)} == {
        f"{root}/a/b/c.txt": 0o644,
        f"{root}/run": 0o755,
    }


def test_new_code_is_reloaded_by_php_and_restarts_a_command() -> None:
    unit = "festning-service-shop.service"
    php = files(compiled(example(), "core1")[0].items)["/etc/festning/services/shop.php-fpm.conf"]
    assert php.on_change == (Reload(unit),)
    command = files(compiled(as_command(example()), "core1")[0].items)["/etc/festning/services/shop.run"]
    assert command.on_change == (Restart(unit),)
    source = read_source(example().services[0])
    assert digest(source) in str(php.content)
    assert digest(source) in str(command.content)


def test_files_alone_need_no_process_but_may_have_a_release() -> None:
    fortress = example()
    www = replace(fortress.services[1], release="echo released")
    fortress = replace(fortress, services=(fortress.services[0], www))
    services, release = compiled(fortress, "edge1")
    assert not [item for item in services.items if isinstance(item, Unit)]
    assert "/etc/systemd/system/festning-release-www.service" in files(services.items)
    assert release.wave is Wave.RELEASE


@given(st.lists(st.tuples(st.text("abc/", min_size=1), st.binary(), st.booleans()), unique_by=lambda file: file[0]))
def test_the_digest_knows_content_and_not_order(drawn: list[tuple[str, bytes, bool]]) -> None:
    source = [SourceFile(*file) for file in drawn]
    assert digest(source) == digest(list(reversed(source)))
    for index, file in enumerate(source):
        changed = [*source[:index], replace(file, content=file.content + b"!"), *source[index + 1 :]]
        assert digest(changed) != digest(source)
        changed = [*source[:index], replace(file, executable=not file.executable), *source[index + 1 :]]
        assert digest(changed) != digest(source)


LINE = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=("Cs", "Cc", "Zl", "Zp")))


def service(**changes: object) -> Service:
    return replace(example().services[0], **changes)


SHOP = service()


@given(st.dictionaries(st.from_regex(r"[A-Z][A-Z0-9_]{0,10}", fullmatch=True), LINE, max_size=4))
def test_values_come_back_from_a_reader_of_double_quotes(environment: dict[str, str]) -> None:
    text = environment_file(replace(SHOP, environment=tuple(environment.items()), database=False))
    read = {}
    for line in text.splitlines():
        name, value = line.split("=", 1)
        # shlex knows two of the four escapes inside double quotes; systemd and sh know all.
        plain = value.replace("\\$", "$").replace("\\`", "`") if "\\\\" not in value else None
        if plain is not None:
            read[name] = shlex.split(plain)[0]
            assert read[name] == environment[name]


def test_what_the_fortress_decides_wins_over_what_is_declared() -> None:
    declared = (("DATABASE_HOST", "elsewhere"), ("PORT", "1"), ("GREETING", "hei $du"))
    text = environment_file(service(environment=declared, runtime=Runtime.COMMAND))
    assert text.splitlines() == [
        'DATABASE_HOST="127.0.0.1"',
        'PORT="8100"',
        'GREETING="hei \\$du"',
        'DATABASE_PORT="3306"',
        'DATABASE_NAME="shop"',
        'DATABASE_USER="shop"',
        'DATABASE_PASSWORD="⟦secret:password/database/shop⟧"',
    ]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for fortress in (example(), as_command(example())):
        for path, file in files(compiled(fortress, "core1")[0].items).items():
            if path.endswith(".service"):
                unit = tmp_path / Path(path).name
                unit.write_text(str(file.content).replace("svc-shop", "daemon"))
                done = subprocess.run(
                    ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
                )
                assert [line for line in done.stderr.splitlines() if unit.name in line] == []


def test_a_retired_service_is_seen_by_its_unit(tmp_path: Path) -> None:
    steps = [item for item in compiled(example(), "core1")[0].items if isinstance(item, Step)]
    check = next(step.check for step in steps if step.name.startswith("no service beyond"))
    check = check.replace("/etc/systemd/system", str(tmp_path))
    assert subprocess.run(["sh"], input=check, text=True, check=False).returncode == 0
    (tmp_path / "festning-service-shop.service").touch()
    assert subprocess.run(["sh"], input=check, text=True, check=False).returncode == 0
    (tmp_path / "festning-service-sho.service").touch()
    assert subprocess.run(["sh"], input=check, text=True, check=False).returncode == 1
