"""What a month costs, against figures reckoned by hand; and what no sum may do, whatever the fortress."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from festning.model.cost import Cost, Line, Part, Sum, total
from festning.model.fortress import Host
from festning.model.money import Per, Price
from festning.money.exchange import exchange
from festning.money.lines import groups_of, lines_at_home
from tests.money.conftest import DAY, LIST, PRICES, changed, fortress, reckoned

FORTRESS = fortress(changed())
EXCHANGE = exchange(FORTRESS.accounting, PRICES.published)


def monthly(cost: Cost) -> dict[tuple[str, str], Decimal | None]:
    return {(line.entry, line.part.value): line.monthly for line in cost.lines}


def test_every_part_by_hand() -> None:
    cost = reckoned()
    assert monthly(cost) == {
        ("core1", "machine"): Decimal(20),  # 40 dollars are 20 euros
        ("core1", "traffic"): Decimal(1),  # 200 of 300 GiB are not included: 2 dollars
        ("core2", "machine"): Decimal("36.5"),  # 730 hours of 0.1 dollars
        ("core2", "traffic"): Decimal(0),  # all of it is included
        ("arbiter", "machine"): Decimal(10),
        ("arbiter", "traffic"): Decimal(0),  # how much it is makes no difference
        ("edge", "machine"): Decimal("14.6"),  # two of 730 hours of 0.02 dollars
        ("edge", "disk"): Decimal(1),  # two of 20 GiB at 0.05 dollars
        ("edge", "address"): Decimal("3.65"),  # two of 730 hours of 0.005 dollars, as Amazon has published
        ("edge", "traffic"): Decimal(10),  # two of 100 GiB at 0.1 dollars
    }
    assert cost.total == Sum(Decimal("96.75"))
    assert {share.name: share.sum.amount for share in cost.sites} == {
        "oslo": Decimal("57.5"),
        "bergen": Decimal(10),
        "dublin": Decimal("29.25"),
    }
    assert {share.name: share.sum.amount for share in cost.parts} == {
        "machine": Decimal("81.1"),
        "traffic": Decimal(11),
        "disk": Decimal(1),
        "address": Decimal("3.65"),
    }
    assert cost.unknown == ()


def test_every_number_has_a_source_and_a_day() -> None:
    cost = reckoned()
    for line in cost.lines:
        assert line.quote is not None
        assert line.quote.source.name
        assert line.quote.source in cost.sources
    (machine,) = (line for line in cost.lines if (line.entry, line.part) == ("edge", Part.MACHINE))
    assert machine.quote is not None
    assert machine.quote.source == LIST
    assert [(rate.currency, rate.rate, rate.source.day) for rate in cost.rates] == [("USD", Decimal("0.5"), DAY)]


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        ("t3.small", "t3.smal", "hosts.edge.price", "no size 't3.smal' in a list"),
        ("t3.small", "t3.smal", "hosts.edge.price", "did you mean t3.small"),
        ("eu-west-1", "eu-wst-1", "hosts.edge.price", "no region 'eu-wst-1' in a list"),
        ("eu-west-1", "eu-wst-1", "hosts.edge.price", "did you mean eu-west-1"),
        ("t3.small", "t3.large", "hosts.edge.price", "a list has no price for t3.large in eu-west-1"),
        (
            "oslo, role: core, address: 203.0.113.11, price: 40 USD/month",
            "dublin, role: core, address: 203.0.113.11",
            "hosts.core1.size",
            "neither size nor price",
        ),
        ("provider: ec2", "provider: digitalocean", "hosts.edge.price", "nobody lists the prices of DigitalOcean"),
        (" disk: 20GiB,", "", "hosts.edge.disk", "how large the disk of edge is"),
        (", disk: 0.05 USD/GiB", "", "sites.dublin.prices.disk", "what a GiB of disk costs"),
        ("traffic: 0.1 USD/GiB, ", "", "sites.dublin.prices.traffic", "what a GiB costs that leaves"),
        ("disk: 20GiB, traffic: 100GiB", "disk: 20GiB", "hosts.edge.traffic", "how much leaves edge"),
        (" price: 40 USD/month,", "", "hosts.core1.price", "declare it, such as price: 45 EUR/month"),
    ],
)
def test_what_is_not_known_is_named_and_in_no_sum(old: str, new: str, path: str, words: str) -> None:
    cost = reckoned(changed((old, new)))
    (unknown,) = (one for one in cost.unknown if one.path == path)
    assert words in f"{unknown.what}; {unknown.hint}"
    assert cost.total.at_least
    assert cost.total.amount < Decimal("96.75")
    assert cost.document()["monthly"]["total"]["at_least"] is True


def test_a_site_without_any_price() -> None:
    none = ((", price: 10 EUR/month", ""), ("    prices: {date: 2026-11-01, traffic: 0 EUR/GiB}\n", ""))
    cost = reckoned(changed(*none))
    (share,) = (share for share in cost.sites if share.name == "bergen")
    assert share.sum == Sum(Decimal(0), missing=2)
    assert {one.path for one in cost.unknown} == {"hosts.arbiter.price", "sites.bergen.prices.traffic"}


def test_a_declared_price_goes_before_the_list_and_covers_disk_and_address() -> None:
    cost = reckoned(changed(("size: t3.small,", "size: t3.small, price: 3 EUR/month,")))
    edge = {part: amount for (entry, part), amount in monthly(cost).items() if entry == "edge"}
    assert edge == {"machine": Decimal(6), "traffic": Decimal(10)}


def test_published_rates_go_over_the_euro() -> None:
    cost = reckoned(
        changed(("accounting: {date: 2026-11-01, rates: {USD: 0.5 EUR}, data", "accounting: {currency: NOK, data"))
    )
    per = PRICES.published.per_euro
    rates = {rate.currency: rate.rate for rate in cost.rates}
    assert rates == {"USD": per["NOK"] / per["USD"], "EUR": per["NOK"]}
    assert monthly(cost)["arbiter", "machine"] == 10 * per["NOK"]


hosts = st.builds(
    lambda number, base, changes: replace(base, name=f"h{number}", entry=f"h{number}", **changes),
    number=st.integers(1, 5000),
    base=st.sampled_from(FORTRESS.hosts),
    changes=st.fixed_dictionaries(
        {
            "price": st.none()
            | st.builds(
                Price,
                st.decimals(0, 10_000, places=2),
                st.sampled_from(["EUR", "USD"]),
                st.sampled_from([Per.HOUR, Per.MONTH]),
            ),
            "traffic": st.none() | st.integers(0, 1 << 50),
            "disk": st.none() | st.integers(1 << 30, 1 << 40),
            "size": st.sampled_from([None, "t3.small", "t3.large", "nothing"]),
        }
    ),
)


def lines(found: Iterable[Host]) -> tuple[Line, ...]:
    return lines_at_home(groups_of(tuple(found)), PRICES, EXCHANGE)


def close(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) < Decimal("1e-12")


@settings(deadline=None)
@given(st.lists(hosts, max_size=6, unique_by=lambda host: host.entry), st.integers(0, 6))
def test_costs_add_up_over_hosts(found: list[Host], cut: int) -> None:
    whole, parts = total(lines(found)), total(lines(found[:cut])) + total(lines(found[cut:]))
    assert whole.missing == parts.missing
    assert close(whole.amount, parts.amount)


@settings(deadline=None)
@given(hosts, st.integers(1, 40), st.integers(1, 40))
def test_more_hosts_never_cost_less(host: Host, few: int, more: int) -> None:
    one, many = (
        total(lines(replace(host, name=f"{host.entry}{n}") for n in range(count))) for count in (few, few + more)
    )
    assert many.amount >= one.amount
    assert many.missing == one.missing
    assert close(one.amount * (few + more), many.amount * few)


@settings(deadline=None)
@given(st.lists(hosts, min_size=1, max_size=6, unique_by=lambda host: host.entry))
def test_what_is_unknown_is_never_nothing(found: list[Host]) -> None:
    for line in lines(found):
        assert (line.monthly is None) == (line.unknown is not None)
        assert (line.monthly is None) == (line.sum.missing == 1)
        if line.part is Part.MACHINE:
            host = next(host for host in found if host.entry == line.entry)
            listed = host.site.provider == "ec2" and host.size == "t3.small"
            assert (line.monthly is not None) == (host.price is not None or listed)
        if line.monthly == 0 and line.part is not Part.MACHINE:
            assert line.quantity == 0 or (line.quote is not None and line.quote.price.amount == 0)


def test_decimals_all_the_way() -> None:
    assert all(isinstance(line.monthly, Decimal) for line in reckoned().lines)
    assert "0.1 USD/hour" in {str(line.quote.price) for line in reckoned().lines if line.quote}
