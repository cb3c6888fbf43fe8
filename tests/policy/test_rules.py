"""Every rule with a fortress that passes and one that fails: see ``fortresses/variations.yaml``."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from festning.model.load import position_of
from festning.policy.explanation import explanations
from festning.policy.rules import NAMES
from tests.policy.conftest import BASE, FORTRESSES, TODAY, changed, findings

VARIATIONS: dict[str, list[dict[str, Any]]] = YAML(typ="safe", pure=True).load(FORTRESSES / "variations.yaml")
ALL = [(rule, one) for rule, several in VARIATIONS.items() for one in several]


def varied(one: dict[str, Any]) -> str:
    further = [tuple(one["and"])] if "and" in one else []
    return changed((one["line"], one["becomes"]), *further)


def test_the_base_passes_every_rule() -> None:
    assert findings(BASE) == ()


def test_every_rule_is_here_with_a_fortress_that_fails() -> None:
    assert set(VARIATIONS) == NAMES
    assert all(any("at" in one for one in several) for several in VARIATIONS.values())


@pytest.mark.parametrize(("rule", "one"), [(r, o) for r, o in ALL if "at" in o])
def test_it_fails_at_the_changed_line(rule: str, one: dict[str, Any]) -> None:
    text = varied(one)
    found = [finding for finding in findings(text, one.get("today", TODAY)) if finding.rule == rule]
    assert one["at"] in [finding.key_path for finding in found]
    assert all(finding.message and finding.fix for finding in found)
    line, _ = position_of(text, "fortress.yaml", one["at"])
    last_key = one["at"].rpartition(".")[2]
    assert last_key.isdecimal() or last_key in text.splitlines()[line - 1]


@pytest.mark.parametrize(("rule", "one"), [(r, o) for r, o in ALL if "at" not in o])
def test_it_passes_with_what_is_nearly_wrong(rule: str, one: dict[str, Any]) -> None:
    assert rule not in [finding.rule for finding in findings(varied(one), one.get("today", TODAY))]


def test_every_rule_is_explained_and_nothing_else_is() -> None:
    told = {name: one for area in {n.partition(".")[0] for n in NAMES} for name, one in explanations(area).items()}
    assert set(told) == NAMES
    for one in told.values():
        assert one.sources
        assert all((one.what, one.why, one.fix, *one.sources))


def test_findings_say_what_the_commission_says_of_a_country() -> None:
    (found,) = (f for f in findings(changed(("countries: [NO]", "countries: [NO, US]"))) if "transfer" in f.rule)
    assert "adequate only for participants in the EU-US Data Privacy Framework" in found.message
    text = changed(("{site: trondheim, role: arbiter,", "{site: dublin, role: arbiter,"))
    (found,) = (f for f in findings(text) if f.rule == "residency.arbitrator")
    assert "stands in IE and is run by Amazon, under the law of US" in found.message


def test_a_site_with_both_data_nodes_says_what_its_loss_costs() -> None:
    text = changed(("{site: bergen, role: core,", "{site: oslo, role: core,"))
    (found,) = findings(text)
    assert (found.rule, found.severity) == ("survivability.site", "warning")
    assert "when oslo is lost (core1, core2), shop can neither be read nor written" in found.message
    assert "since the last copy (nightly) is gone" in found.message
    (found,) = findings(text.replace("  - {name: nightly, site: trondheim}", "").replace("backups:", ""))
    assert "no backup elsewhere is declared" in found.message
