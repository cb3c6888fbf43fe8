"""``festning dns`` and ``festning dns apply``, called as a person calls them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from festning.cli import dns_table
from festning.cli.screen import Screen
from festning.dns.changes import Change, NamePlan, ZonePlan
from festning.dns.standing import Look
from festning.workflows.repointing import Done, Planned
from tests.conftest import EXAMPLE, Festning
from tests.dns.named_fortresses import EDGES, SHOP, TEXT, WWW, a, fortress


@pytest.fixture
def festning(tmp_path: Path) -> Festning:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "fortress.yaml"
    edge = "edge:    {site: dublin, role: edge, count: 2"
    assert edge in TEXT
    file.write_text(TEXT.replace(edge, "edge:    {site: dublin, role: edge, address: 192.0.2.101"))
    return Festning(file, lab=False)


def test_the_records_are_printed_and_written(festning: Festning, tmp_path: Path) -> None:
    done = festning("dns")
    assert (done.returncode, done.stderr) == (0, "")
    assert "www  60 IN A 192.0.2.101" in done.stdout
    out = tmp_path / "zone"
    assert festning("dns", "--out", str(out)).stdout == ""
    assert out.read_text() == done.stdout
    assert "type: A" in festning("dns", "--format", "octodns").stdout


def test_json_comes_by_either_option(festning: Festning) -> None:
    told = json.loads(festning("dns", "--format", "json").stdout)
    assert told == festning.json("dns")
    assert told["zone"] == "nordlys.example"
    assert told["names"][0] == {
        "name": SHOP,
        "service": "shop",
        "inside": True,
        "hosts": ["edge"],
        "addresses": ["192.0.2.101"],
    }
    assert told["records"][0] == {"name": SHOP, "type": "A", "ttl": 60, "values": ["192.0.2.101"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dns", "--format", "bind"), "one of: zone, octodns, json"),
        (("dns", "--out", "/nowhere/zone"), "cannot write /nowhere/zone"),
        (("dns", "apply"), "it is not declared who serves the zone nordlys.example"),
        (("--lab", "dns", "apply"), "festning --lab dns prints them"),
    ],
)
def test_what_cannot_be_done_is_told_with_a_way_out(festning: Festning, arguments: tuple[str, ...], words: str) -> None:
    done = festning(*arguments)
    assert done.returncode == 64
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_hosts_without_an_address_are_named() -> None:
    done = Festning(EXAMPLE / "fortress.yaml", lab=False)("dns")
    assert done.returncode == 64
    assert "no address is declared for edge1, edge2" in done.stderr


def planned() -> Planned:
    declared = fortress()
    change = Change(a(SHOP, *EDGES), a(SHOP, EDGES[0]))
    names = (NamePlan(SHOP, (change,)), NamePlan(WWW, note="no front door answers for it: …", trouble=True))
    seen = {("shop", "edge1"): (Look.WELL,) * 3, ("shop", "edge2"): (Look.WELL, Look.DEAD, Look.DEAD)}
    return Planned(declared, None, seen, (), ZonePlan(declared.zone, names))  # type: ignore[arg-type]


def test_a_plan_is_shown_with_what_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    found = planned()
    screen = Screen(as_json=False)
    dns_table.show_plan(screen, found)
    dns_table.show_done(screen, [Done(SHOP, found.plan.changes[0], "the provider answered 500")])
    shown = capsys.readouterr().out
    assert "edge1" not in shown
    for words in (
        "well dead dead",
        f"~ {SHOP} A 192.0.2.101 192.0.2.102 → 192.0.2.101",
        f"{WWW}: no front door answers for it",
        "nordlys.example: 1 change\n",
        "the provider answered 500",
        "0 of 1 changes made",
    ):
        assert words in shown


def test_the_document_tells_done_from_not_tried() -> None:
    found = planned()
    change = found.plan.changes[0]
    told = dns_table.applied_document(found, [Done(SHOP, change)])["names"][0]["changes"][0]
    assert (told["act"], told["done"], told["error"]) == ("update", True, None)
    told = dns_table.applied_document(found, [Done(SHOP, change, "no")])["names"][0]["changes"][0]
    assert (told["done"], told["error"]) == (False, "no")
    told = dns_table.applied_document(found, None)["names"][0]["changes"][0]
    assert (told["done"], told["error"]) == (None, None)


def test_other_verbs_do_not_load_libcloud() -> None:
    script = "import sys, festning.cli.main, festning.workflows.repointing; sys.exit('libcloud' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=EXAMPLE.parents[1], check=False).returncode == 0
