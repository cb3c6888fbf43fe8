"""The services' checks, fed with answers and rows in which something is wrong."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from ipaddress import ip_address
from itertools import count
from typing import Any

import pytest

from festning.model.check import CheckSpec, Output, Turn, Verdict
from festning.model.fortress import Fortress
from festning.model.load import load_fortress
from festning.systems.services.checks import checks
from tests.conftest import EXAMPLE

GOOD = {
    "requests": [
        {"method": "GET", "path": "/health_check.php", "status": 200, "ms": 3.0},
        {"method": "POST", "path": "/orders?number=1", "status": 201, "ms": 9.5},
    ],
    "tls": "TLSv1.3",
    "redirect": "https://shop.nordlys.example/",
}


def placed() -> Fortress:
    addresses = {"edge1": ip_address("192.0.2.1"), "edge2": ip_address("192.0.2.2")}
    return load_fortress(EXAMPLE / "fortress.yaml").placed(addresses)


def specs() -> dict[tuple[str, str], CheckSpec]:
    numbers = count(1)
    found = checks(placed(), "-----BEGIN CERTIFICATE-----\n", lambda: str(next(numbers)))
    return {(spec.id, spec.host): spec for spec in found}


def output(text: str, status: int = 0) -> Output:
    return Output(status=status, stdout=text, stderr="", seconds=0.1)


def judged(told: Any, *rows: str) -> tuple[Verdict, str]:
    spec = specs()["services.shop.through", "edge1"]
    judgement = spec.judge((output(json.dumps(told)), *(output(row) for row in rows)))
    return judgement.verdict, judgement.reason


def test_each_service_is_requested_through_each_front_door() -> None:
    assert {host for id_, host in specs() if id_ == "services.shop.through"} == {"core1", "core2", "edge1", "edge2"}
    assert {host for id_, host in specs() if id_ == "services.www.through"} == {"core1", "core2", "edge1", "edge2"}


def test_the_row_is_read_after_it_was_written_and_on_each_data_node() -> None:
    probes = specs()["services.shop.through", "edge1"].probes
    assert [(probe.host, probe.turn) for probe in probes] == [
        ("client", Turn.ACT),
        ("core1", Turn.CONFIRM),
        ("core2", Turn.CONFIRM),
    ]


def asked(fortress: Fortress) -> list[tuple[str, str, str]]:
    numbers = count(1)
    found = checks(fortress, "", lambda: f"n{next(numbers)}")
    script = next(spec for spec in found if spec.id == "services.shop.through").probes[0].script
    told = re.search(r"^KNOCK: dict\[str, Any\] = (\{.*\})$", script, re.MULTILINE)
    assert told is not None
    return list(ast.literal_eval(told[1])["requests"])


def test_a_service_that_knows_keys_is_asked_twice_with_the_same() -> None:
    fortress = placed()
    health = ("GET", "/health_check.php", "")
    keyed = ("POST", "/orders?number=n1", 'Idempotency-Key: "n1"')
    assert asked(fortress) == [health, keyed, keyed]
    keyless = replace(fortress, services=tuple(replace(one, idempotency_key=False) for one in fortress.services))
    assert asked(keyless) == [health, (*keyed[:2], "")]


def test_every_door_has_a_number_of_its_own() -> None:
    scripts = [spec.probes[1].script for spec in specs().values() if len(spec.probes) > 1]
    assert len(set(scripts)) == len(scripts) == 4


def test_answers_and_rows_pass() -> None:
    assert judged(GOOD, "1\n", "1\n") == (Verdict.PASS, "")


@pytest.mark.parametrize(
    ("told", "rows", "word"),
    [
        ({"error": "SSLCertVerificationError: x"}, ("1", "1"), "SSLCertVerificationError"),
        ({**GOOD, "redirect": "http://elsewhere/"}, ("1", "1"), "no redirect"),
        ({**GOOD, "requests": [{**GOOD["requests"][0], "status": 503}]}, ("1", "1"), "answered with 503"),
        (GOOD, ("1", "0"), "core2 has 0 for the row"),
        (GOOD, ("", "1"), "core1 has no answer for the row"),
        (GOOD, ("2", "1"), "core1 has 2 for the row"),
    ],
)
def test_what_is_wrong_is_named(told: Any, rows: tuple[str, ...], word: str) -> None:
    verdict, reason = judged(told, *rows)
    assert verdict is Verdict.FAIL
    assert word in reason
