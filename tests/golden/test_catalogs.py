"""Whole catalogs of the example, host by host, as golden files: a change of any line of any host is seen in review.

``pytest tests/golden --regold`` accepts the catalogs as they are now.
"""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from festning.model.catalog import (
    Account,
    Directory,
    Drain,
    File,
    Gate,
    HostCatalog,
    Item,
    Package,
    Step,
    Unit,
)
from festning.model.load import load_fortress
from festning.systems.base.catalog import PINNED
from festning.systems.galera.recovery.formation import Formation
from festning.workflows.compiling import compile_catalogs, read_sources
from tests.conftest import EXAMPLE

GOLD = Path(__file__).parent / "nordlys"
HOSTS = ("core1", "core2", "arbiter", "edge1", "edge2")
ADDRESSES = {"edge1": "192.0.2.101", "edge2": "192.0.2.102"}


@pytest.fixture(scope="module")
def catalogs() -> dict[str, HostCatalog]:
    from ipaddress import ip_address  # noqa: PLC0415

    declared = load_fortress(EXAMPLE / "fortress.yaml")
    fortress = declared.placed({name: ip_address(address) for name, address in ADDRESSES.items()})
    return compile_catalogs(fortress, read_sources(fortress), Formation.running())


@pytest.mark.parametrize("host", HOSTS)
def test_the_catalog_is_as_it_was(host: str, catalogs: dict[str, HostCatalog], request: pytest.FixtureRequest) -> None:
    text = written(catalogs[host])
    gold = GOLD / f"{host}.txt"
    if request.config.getoption("--regold"):
        gold.parent.mkdir(exist_ok=True)
        gold.write_text(text)
    assert gold.is_file(), "no golden catalog; write it with --regold"
    assert text.splitlines() == gold.read_text().splitlines()


def test_every_reference_has_its_material(catalogs: dict[str, HostCatalog]) -> None:
    from festning.model.reference import references  # noqa: PLC0415

    for catalog in catalogs.values():
        names = {
            name
            for _, item in catalog.items()
            for text in ([item.content] if isinstance(item, File) else [])
            for name in references(text)
        }
        assert names, catalog.host
        assert not [name for name in names if not any(_provides(m, name) for m in catalog.materials)]


def _provides(material: object, name: str) -> bool:
    authority = getattr(getattr(material, "authority", None), "certificate", None)
    own = [getattr(material, attribute, None) for attribute in ("certificate", "key", "value", "private", "public")]
    return name in [*own, authority]


def written(catalog: HostCatalog) -> str:
    """A catalog as text that is good to read in a diff; the user's own sources only by name."""
    lines = []
    for system in catalog.systems:
        lines.append(f"##### {system.system} ({system.wave.name.lower()})")
        lines.extend(line for item in system.items for line in item_lines(item))
    return "\n".join(lines) + "\n"


def item_lines(item: Item) -> list[str]:
    match item:
        case Package():
            return [f"package {item.name}"]
        case Account():
            return [f"account {item.name} {item.home}"]
        case Directory():
            return [f"directory {item.path} {item.mode:o} {item.owner}:{item.group}{' purge' * item.purge}"]
        case Unit():
            return [f"unit {item.name}{' enabled' * item.enabled}{' running' * item.running}"]
        case Step():
            return [f"step {item.name}", *indented(f"check:\n{item.check}\ndo:\n{item.do}")]
        case Gate():
            return [f"gate {item.name} within {item.timeout_s:g} s", *indented(item.check)]
        case Drain():
            head = f"drain {item.name} before {' '.join(item.units)} within {item.timeout_s:g} s"
            return [head, *indented(f"begin:\n{item.begin}\nend:\n{item.end}")]
        case File():
            reactions = "".join(f" {type(r).__name__.lower()}:{r.unit}" for r in item.on_change)
            head = f"file {item.path} {item.mode:o} {item.owner}:{item.group}{reactions}"
            validate = [f"  validated by: {' '.join(item.validate)}"] if item.validate else []
            ours = isinstance(item.content, str) and not item.path.startswith(("/srv/", "/usr/local/lib/"))
            return [head, *validate, *(indented(str(item.content)) if ours else [])]


def indented(text: str) -> list[str]:
    return [f"    {line}".rstrip() for line in text.splitlines()]


def test_every_package_of_every_system_may_come_from_the_distribution_only(catalogs):
    """The pins name packages by pattern, in a room that does not know the other rooms."""
    for catalog in catalogs.values():
        pinned = [name for name in catalog.packages if any(fnmatch(name, pattern) for pattern in PINNED)]
        assert pinned == list(catalog.packages)
