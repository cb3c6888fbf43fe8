"""All in one cloud, and leaving each vendor: against figures reckoned by hand."""

from __future__ import annotations

from decimal import Decimal

from festning.model.cost import Alternative, Leaving, Part, Sum
from tests.money.conftest import TEXT, changed, reckoned

STAYS = "core2: {site: oslo"
AWAY = "core2: {site: bergen"


def alternative(name: str, text: str = TEXT) -> Alternative:
    (found,) = (one for one in reckoned(text).alternatives if one.name == name)
    return found


def leaving(operator: str, text: str = TEXT) -> Leaving:
    (found,) = (one for one in reckoned(text).leavings if one.operator == operator)
    return found


def test_all_in_the_rented_site_by_hand() -> None:
    found = alternative("EC2 eu-west-1")
    sizes = {line.entry: line.size for line in found.lines if line.part is Part.MACHINE}
    assert sizes == {"core1": "t3a.large", "core2": "t3a.large", "arbiter": "t3.micro", "edge": "t3.small"}
    amounts = {(line.entry, line.part.value): line.monthly for line in found.lines}
    assert amounts["core1", "machine"] == Decimal("29.2")  # 730 hours of 0.08 dollars
    assert amounts["arbiter", "machine"] == Decimal("3.65")
    assert amounts["core1", "traffic"] == Decimal(15)  # 300 GiB at 0.1 dollars: what Oslo includes is not included here
    assert amounts["arbiter", "traffic"] is None, "how much leaves it was free at home, and is not known"
    assert amounts["core1", "disk"] is None
    assert amounts["edge", "disk"] == Decimal(1)
    assert found.total.missing == 4
    assert not found.admitted


def test_like_for_like_leaves_out_the_same_on_both_sides() -> None:
    found = alternative("EC2 eu-west-1")
    assert found.left_out == ("disk of core1, core2, arbiter", "traffic of arbiter")
    assert found.ours == Decimal("96.75")  # nothing of what is left out costs anything at home
    assert found.theirs == found.total.amount
    without = alternative("EC2 eu-west-1", changed((" price: 40 USD/month,", "")))
    assert without.left_out[0] == "machine of core1"
    assert without.ours == Decimal("76.75")
    assert without.theirs == without.total.amount - Decimal("29.2") - Decimal("1.825"), "its address was in the price"


def test_clouds_nobody_knows_prices_of_are_not_compared() -> None:
    assert [one.name for one in reckoned().alternatives] == ["EC2 eu-west-1", "EC2 eu-north-1"]


def test_what_already_is_all_in_one_cloud_is_not_compared_with_itself() -> None:
    text = TEXT.replace("{site: oslo", "{site: dublin").replace("{site: bergen", "{site: dublin")
    assert [one.name for one in reckoned(text).alternatives] == ["EC2 eu-north-1"]


def test_leaving_the_edges_vendor_by_hand() -> None:
    found = leaving("Amazon")
    assert (found.hosts, found.moving, found.egress) == (2, 0, Sum())
    assert found.work == Decimal(20) / 60
    assert found.hours is not None
    assert round(found.hours, 6) == Decimal("24.333333")
    # Without traffic, which moves and is not doubled: 19.25 a month.
    assert round(found.double.amount, 6) == round(Decimal("19.25") * found.hours / 730, 6)


def test_leaving_the_home_of_the_data_by_hand() -> None:
    found = leaving("Oslo")
    assert found.moving == 9 << 30
    copying = Decimal(9 << 30) * 8 / 100_000_000 / 3600
    assert found.work == 1 + copying
    assert found.egress == Sum(Decimal("0.045"))  # 9 GiB at 0.01 dollars
    assert found.total.amount == found.double.amount + found.egress.amount


def test_data_is_read_from_a_core_that_stays() -> None:
    assert leaving("Oslo", changed((STAYS, AWAY))).egress == Sum(), "Bergen takes nothing for what leaves"
    assert leaving("Bergen", changed((STAYS, AWAY))).egress == Sum(Decimal("0.045")), "from Oslo"


def test_how_much_data_there_is_is_not_guessed() -> None:
    cost = reckoned(changed((", data: 9GiB", "")))
    (oslo, bergen, _) = cost.leavings
    assert oslo.moving is None
    assert oslo.hours is None
    assert oslo.egress == Sum(missing=1)
    assert oslo.total.at_least
    assert not bergen.total.at_least
    assert "accounting.data" in {one.path for one in cost.unknown}
    assert oslo.document()["bytes_out"] is None
