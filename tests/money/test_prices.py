"""Where prices come from: libcloud's bundled list, what is published, and rates."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import libcloud.pricing
import pytest

from festning.errors import FestningError
from festning.model.cost import Part
from festning.model.fortress import Role
from festning.money.assumed import Assumed
from festning.money.exchange import exchange, without_rate
from festning.money.libcloud_prices import size_lists
from festning.money.published import published
from tests.money.conftest import changed, fortress


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """libcloud remembers what it read."""
    monkeypatch.setattr(libcloud.pricing, "PRICING_DATA", {"compute": {}, "storage": {}})


def written(folder: Path, **changes: object) -> str:
    e2 = {
        "cpu": {"on_demand": {"n": {"price": 0.02}, "z": {"price": 0.0}}},
        "ram": {"on_demand": {"n": {"price": 0.003}}},
    }
    document = {
        "compute": {
            "ec2_linux": {"t3.small": {"a": 0.0228, "b": 0.0}, "t3.large": {"b": 0.1}},
            "azure_linux": {"standardb1s": {"a": 0.01}},
            "gce_instances": {"e2": e2},
        },
        "storage": {},
        "updated": 1740936978,
        **changes,
    }
    file = folder / "pricing.json"
    file.write_text(json.dumps(document))
    return str(file)


def test_a_price_of_nothing_is_unknown(tmp_path: Path) -> None:
    ec2 = size_lists(published(), written(tmp_path))["ec2"]
    quote = ec2.quote("t3.small", "a")
    assert quote is not None
    assert str(quote.price) == "0.0228 USD/hour"
    assert quote.source.day.isoformat() == "2025-03-02"
    assert ec2.quote("t3.small", "b") is None
    assert "has no price for t3.small in b" in ec2.why_not("t3.small", "b")[0]


def test_googles_sizes_are_made_of_processors_and_memory(tmp_path: Path) -> None:
    quote = size_lists(published(), written(tmp_path))["gce"].quote("e2-standard-2", "n")
    assert quote is not None
    assert quote.price.amount == 2 * Decimal("0.02") + 8 * Decimal("0.003")
    assert size_lists(published(), written(tmp_path))["gce"].quote("e2-small", "z") is None


@pytest.mark.parametrize("changes", [{"updated": None}, {"updated": "x"}, {"compute": {}}, {"compute": []}])
def test_another_file_than_it_was_is_an_error_in_words(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(FestningError, match=r"comes with libcloud .* cannot be read"):
        size_lists(published(), written(tmp_path, **changes))


def test_a_list_in_the_home_directory_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libcloud.pricing, "CUSTOM_PRICING_FILE_PATH", written(tmp_path, compute={}))
    assert size_lists(published())["ec2"].quote("t3.small", "eu-west-1") is not None


def test_the_bundled_list_has_what_fortresses_are_compared_with() -> None:
    lists = size_lists(published())
    for cloud in published().clouds:
        ladder = published().providers[cloud.provider].ladder
        priced = [rung for rung in ladder if any(lists[cloud.provider].quote(s, cloud.region) for s in rung.sizes)]
        assert {1, 2, 8} <= {rung.memory for rung in priced}, cloud
        assert [rung.memory for rung in ladder] == sorted(rung.memory for rung in ladder)


def test_everything_published_has_a_source() -> None:
    found = published()
    assert found.rates_source.name
    assert all(tariff.quote.source.name for tariff in found.tariffs)
    assert {tariff.provider for tariff in found.tariffs} <= found.providers.keys()
    assert Part.TRAFFIC in found.tariffs_at("ec2", "us-east-1")
    assert Part.TRAFFIC not in found.tariffs_at("ec2", "eu-west-1"), "nobody has shown where that is published"


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        ("10 EUR/month", "10 XBT/month", "hosts.arbiter.price", "no rate from XBT to EUR"),
        ("10 EUR/month", "10 NOX/month", "hosts.arbiter.price", "did you mean NOK?"),
        ("traffic: 0 EUR/GiB", "traffic: 1 XBT/GiB", "sites.bergen.prices.traffic", "no rate from XBT to EUR"),
        ("rates: {USD: 0.5 EUR}", "currency: XBT, rates: {EUR: 0.5 XBT}", "accounting.currency", "from USD to XBT"),
    ],
)
def test_a_currency_without_a_rate_is_told_with_its_place(old: str, new: str, path: str, words: str) -> None:
    declared = fortress(changed((old, new)))
    wrong = list(without_rate(declared, exchange(declared.accounting, published())))
    assert any(".".join(map(str, one.path)) == path and words in " ".join(one.words()) for one in wrong), wrong


def test_a_declared_rate_goes_before_the_published_one() -> None:
    declared = fortress(changed())
    assert exchange(declared.accounting, published()).worth(Decimal(3), "USD") == Decimal("1.5")
    assert list(without_rate(declared, exchange(declared.accounting, published()))) == []


def test_assumptions_say_the_numbers_that_are_reckoned_with() -> None:
    declared = fortress(changed())
    told = " ".join(Assumed(edge_minutes=7, megabits=250).sentences(declared))
    for words in ("730 hours", "7 minutes", "250 Mbit/s", "8 GiB (core"):
        assert words in told
    assert Assumed().memory(fortress(changed(("memory: 4GiB", "memory: 5GiB"))), Role.CORE) == 10
