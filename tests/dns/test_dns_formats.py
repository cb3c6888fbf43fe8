"""The files are read back by parsers that accept nothing else: RFC 1035's grammar, and octoDNS's own rules."""

from __future__ import annotations

import re
import shutil
import subprocess
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from festning.dns.records import RecordSet, Type, record_set
from festning.dns.wanted import answers
from festning.model.fortress import Fortress
from festning.workflows.naming import Format, Naming
from tests.dns.named_fortresses import EDGES, fortress

ZONE = "nordlys.example"
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
RECORD = re.compile(r"(?P<name>@|[a-z0-9_.-]+) +(?P<ttl>[0-9]+) IN (?P<type>A|AAAA|CAA) (?P<data>\S.*\S)")
CAA_DATA = re.compile(r'0 issue "([a-z0-9.-]+)"')


def parsed(text: str) -> set[RecordSet]:
    """A zone file, read strictly: one origin, then records of known types with data that is in order."""
    lines = [line for line in text.splitlines() if not line.startswith(";")]
    assert text.endswith("\n")
    assert lines[0] == f"$ORIGIN {ZONE}."
    found: dict[tuple[str, str, int], list[str]] = {}
    for line in lines[1:]:
        record = RECORD.fullmatch(line)
        assert record is not None, line
        name = ZONE if record["name"] == "@" else f"{record['name']}.{ZONE}"
        assert all(LABEL.fullmatch(label) for label in name.split(".")), name
        assert len(name) <= 253
        assert 0 < int(record["ttl"]) < 1 << 31
        {"A": IPv4Address, "AAAA": IPv6Address, "CAA": CAA_DATA.fullmatch}[record["type"]](
            record["data"]
        ) or pytest.fail(line)
        found.setdefault((name, record["type"], int(record["ttl"])), []).append(record["data"])
    return {record_set(name, Type(kind), values, ttl) for (name, kind, ttl), values in found.items()}


def named(declared: Fortress) -> Naming:
    return Naming(declared, answers(declared))


EVERYTHING = (
    ("waivers: []", "dns: {ttl: 90, caa: [letsencrypt.org, sectigo.com]}"),
    ("host: www.nordlys.example", "host: nordlys.example"),
)


@pytest.mark.parametrize("changes", [(), EVERYTHING], ids=["example", "everything"])
def test_a_zone_file_says_what_is_wanted(changes: tuple[tuple[str, str], ...]) -> None:
    naming = named(fortress(*changes, edges=(EDGES[0], "2001:db8::1")))
    assert parsed(naming.written(Format.ZONE)) == set(naming.sets)
    assert {one.name for one in naming.sets} >= {"shop.nordlys.example"}


def test_a_zone_file_is_for_real_programs(tmp_path: Path) -> None:
    program = shutil.which("named-checkzone")
    if program is None:
        pytest.skip("named-checkzone (bind9-utils) is not installed; the grammar is checked by the test above")
    (tmp_path / "records").write_text(named(fortress(*EVERYTHING)).written(Format.ZONE))
    own = "$TTL 300\n@ SOA ns.else.example. root.else.example. 1 3600 600 86400 60\n@ NS ns.else.example.\n"
    whole = f"{own}$INCLUDE {tmp_path / 'records'}\n"
    (tmp_path / "zone").write_text(whole)
    done = subprocess.run([program, ZONE, str(tmp_path / "zone")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_names_outside_are_only_told_in_comments() -> None:
    naming = named(fortress(("host: www.nordlys.example", "host: www.else.example")))
    for form, mark in ((Format.ZONE, ";"), (Format.OCTODNS, "#")):
        text = naming.written(form)
        assert [line for line in text.splitlines() if "else.example" in line] == [
            f"{mark} Not in this zone: www.else.example"
        ]
    assert naming.outside == ("www.else.example",)


def test_octodns_has_what_its_documentation_asks_for() -> None:
    naming = named(fortress(*EVERYTHING, edges=(EDGES[0], "2001:db8::1")))
    zone: dict[str, Any] = YAML(typ="safe").load(naming.written(Format.OCTODNS))
    assert list(zone) == sorted(zone) == ["", "shop"], "YamlProvider insists on the order"
    issuers = [{"flags": 0, "tag": "issue", "value": name} for name in ("letsencrypt.org", "sectigo.com")]
    assert zone[""] == [
        {"ttl": 90, "type": "A", "values": [EDGES[0]]},
        {"ttl": 90, "type": "AAAA", "values": ["2001:db8::1"]},
        {"ttl": 90, "type": "CAA", "values": issuers},
    ]


def test_octodns_has_a_single_record_without_a_list() -> None:
    zone = YAML(typ="safe").load(named(fortress()).written(Format.OCTODNS))
    assert zone["www"] == {"ttl": 60, "type": "A", "values": list(EDGES)}
