"""The rules about votes: one fortress that passes and one that fails each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from festning.model.fortress import Fortress
from festning.model.load import load_fortress
from festning.policy.rules import judge

EXAMPLE = Path(__file__).parents[2] / "examples" / "nordlys" / "fortress.yaml"


def without(*names: str) -> Fortress:
    fortress = load_fortress(EXAMPLE)
    return replace(fortress, hosts=tuple(host for host in fortress.hosts if host.name not in names))


def rules(fortress: Fortress) -> list[str]:
    return [finding.rule for finding in judge(fortress)]


def test_two_cores_and_an_arbiter_are_fine() -> None:
    assert rules(without()) == []


def test_one_core_only() -> None:
    assert rules(without("core2", "arbiter")) == ["survivability.single-core"]


def test_two_data_nodes_without_an_arbiter() -> None:
    assert rules(without("arbiter")) == ["survivability.no-majority"]
