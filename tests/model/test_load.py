"""Every mistake that a person can make in fortress.yaml is told with its place, and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from festning.errors import BadFileError, UsageError
from festning.model.fortress import Fortress, Role
from festning.model.load import load_fortress, parse_fortress, position_of, read_source

EXAMPLE = Path(__file__).parents[2] / "examples" / "nordlys" / "fortress.yaml"
TEXT = EXAMPLE.read_text()


def mistakes(old: str, new: str) -> list[str]:
    assert old in TEXT
    with pytest.raises(BadFileError) as caught:
        parse_fortress(TEXT.replace(old, new, 1), "fortress.yaml", EXAMPLE.parent)
    return [str(problem) for problem in caught.value.problems]


def test_the_commented_example_is_a_fortress() -> None:
    fortress = load_fortress(EXAMPLE)
    assert [host.name for host in fortress.hosts] == ["core1", "core2", "arbiter", "edge1", "edge2"]
    assert [str(host.bridge) for host in fortress.hosts] == [
        "10.8.0.1",
        "10.8.0.2",
        "10.8.0.8",
        "10.8.0.16",
        "10.8.0.17",
    ]
    assert fortress.host("core1").role is Role.CORE
    assert fortress.residency.countries == {"NO"}, "NO is Norway, not a boolean"


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("role: core, ", "rol: core, ", "44:27: hosts.core1.rol", "did you mean role?"),
        ("count: 2", 'count: "2"', "47:39: hosts.edge.count", "without quotes"),
        ("domain: nordlys.example", "domain: 12", "5:1: domain", "in quotes"),
        ("domain: nordlys.example", "fortress: again", "5:1: fortress", "given twice"),
        ("{site: bergen,", "{site: berge,", "46:13: hosts.arbiter.site", "did you mean bergen?"),
        ("203.0.113.12", "203.0.113.11", "45:42: hosts.core2.address", "core2 and core1 have the same address"),
        ("count: 2", "count: 2, number: 300", "47:49: hosts.edge.number", "past the pool: a /24 block ends at 254"),
        ("role: arbiter, ", "role: arbiter, count: 2, ", "46:42: hosts.arbiter.count", "cannot be a group"),
        ("./shop", "./shp", "55:5: services.shop.source", "there is no folder './shp'"),
        ("[NO], op", "[XX], op", "10:26: residency.personal.countries.0", "neither a country code"),
        ("[NO], op", "NO, op", "10:14: residency.personal.countries", "write a list as [a, b]"),
        ("203.0.113.11", "203.0.113.311", "44:42: hosts.core1.address", "is not an IP address"),
        ("runtime: php", "runtime: pphp", "56:5: services.shop.runtime", "did you mean php?"),
        ("4GiB", "4GB", "50:32: database.memory", "such as 4GiB"),
        ("sites:", "sites: [", "16:13", "this is not YAML"),
        ("192.0.2.0/24, ", "192.0.2.1/24, ", "83:17: admin.from.0.network", "is not an IP network without host bits"),
        ("country: NO}]", "country: XX}]", "83:40: admin.from.0.country", "is not an ISO 3166-1 alpha-2 country code"),
        ("waivers: []", "tls: {minimum: 1.1}", "94:7: tls.minimum", "one of: 1.2, 1.3"),
        ("waivers: []", "tls: {ciphers: [aes]}", "94:17: tls.ciphers.0", "a cipher by OpenSSL's name"),
        ("waivers: []", "backups: [{name: x, site: olso}]", "94:21: backups.0.site", "did you mean oslo?"),
        ("waivers: []", "backups: [{name: x}]", "94:11: backups.0", "either site, or country and operator"),
        ("count: 2, size: t3.small", "count: 2", "hosts.edge", "to be rented from ec2, and it is not said how big"),
        ("    region: eu-west-1\n", "", "sites.dublin", "to be rented from ec2, and it is not said where"),
        ("provider: ec2", "provider: ec3", "sites.dublin.provider", "one of: static, ec2, digitalocean, upcloud"),
        ("waivers: []", "certificates: {web: 30}", "94:16: certificates.web", "31"),
        ("540 NOK/month, ", "-540 NOK/month, ", "44:65: hosts.core1.price", "is negative"),
        ("540 NOK/month, ", "540 NOK, ", "44:65: hosts.core1.price", "such as 45 EUR/month or 0.0228 USD/hour"),
        ("540 NOK/month, ", "540, ", "44:65: hosts.core1.price", "540 is not an amount with its currency and unit"),
        ("540 NOK/month, ", "540 NOK/GiB, ", "44:65: hosts.core1.price", "such as 45 EUR/month"),
        ("540 NOK/month, ", "540000000000 NOK/month, ", "44:65: hosts.core1.price", "is a digit too many?"),
        ("0 NOK/GiB}", "0 NOK/month}", "19:58: sites.oslo.prices.traffic", "such as 0.09 USD/GiB"),
        ("date: 2026-11-01, ", "", "19:5: sites.oslo.prices.date", "is missing"),
        (
            "    prices: {date: 2026-11-01, source: Oslo VPS offer 1, traffic: 0 NOK/GiB}\n",
            "",
            "43:65: hosts.core1.price",
            "prices: {date: …} at the site oslo",
        ),
        ("currency: NOK", "currency: kroner", "80:14: accounting.currency", "ISO 4217"),
        ("NOK, data", "NOK, rates: {USD: 9.2 NOK}, data", "80:29: accounting.rates", "have no day"),
        ("NOK, data", "NOK, rates: {USD: 9.2}, data", "80:37: accounting.rates.USD", "such as 0.895 EUR"),
        (
            "NOK, data",
            "NOK, date: 2026-11-01, rates: {USD: 0.9 EUR}, data",
            "80:55: accounting.rates.USD",
            "it is told in EUR, and the sums are in NOK",
        ),
        ("fortress: nordlys", "fortress: Nord lys", "4:1: fortress", "lower-case letters"),
        ("www.nordlys.example", "shop.nordlys.example", "76:5: services.www.host", "already is the name of shop"),
        ("database: true", "database: false", "65:5: services.shop.probe", "has no database"),
        ("runtime: static", "runtime: static\n    idempotency_key: true", "services.www.idempotency_key", "no keys"),
        ("number={token}", "number=1", "67:7: services.shop.probe.path", "{token} does not occur"),
        ("runtime: static", "runtime: command", "services.www", "needs a command"),
        ("waivers: []", "bridge: {pool: 10.8.0.0/24}", "bridge.block", "do not fit into the pool"),
        ("waivers: []", "bridge: {pool: 8.8.0.0/16}", "bridge.pool", "is not a private network"),
        ("waivers: []", "bridge: {processes: 17}", "bridge.processes", "16"),
        ("waivers: []", "bridge: {processes: 2, beside: 2}", "bridge.beside", "no edge would move"),
        ("waivers: []", "bridge: {port: 65535, processes: 2}", "bridge.port", "would end at 65536"),
        (
            "waivers: []",
            "bridge: {pool: 10.8.0.0/20, processes: 2}",
            "bridge.processes",
            "has no blocks for 2 processes",
        ),
        ("waivers: []", "bridge: {pool: 10.8.0.0/20, beside: 2}", "bridge.processes", "has no blocks for 2 processes"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, place: str, words: str) -> None:
    told = mistakes(old, new)
    assert any(place in problem and words in problem for problem in told), told


def test_two_hosts_with_one_number_are_refused() -> None:
    core1, core2 = "address: 203.0.113.11", "address: 203.0.113.12"
    between = TEXT[TEXT.index(core1) : TEXT.index(core2)]
    told = mistakes(between + core2, between.replace(core1, "number: 3") + "number: 3")
    assert "45:42: hosts.core2.number: core2 and core1 have the same number 3" in told[0]


def test_a_hub_whose_block_another_hubs_process_needs_is_refused() -> None:
    core1 = "address: 203.0.113.11"
    text = TEXT.replace(core1, f"number: 17, {core1}").replace("waivers: []", "bridge: {processes: 2}")
    with pytest.raises(BadFileError) as caught:
        parse_fortress(text, "fortress.yaml", EXAMPLE.parent)
    assert "hub number 17 has a block that another hub's second process needs" in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    told = mistakes("role: core,    address: 203.0.113.11", "role: cor, addres: x")
    assert len(told) == 2


def test_a_fortress_without_a_core_is_refused() -> None:
    assert "there is no core host" in "".join(mistakes(TEXT[TEXT.index("  core1:") : TEXT.index("  arbiter:")], ""))


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        load_fortress(tmp_path / "fortress.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFileError, match="not UTF-8"):
        load_fortress(binary)


def test_positions_of_key_paths() -> None:
    assert position_of(TEXT, "fortress.yaml", "hosts.core2") == (45, 3)


def test_a_source_is_read_without_hidden_files_and_links(tmp_path: Path) -> None:
    service = load_fortress(EXAMPLE).services[1]
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "a.css").write_text("a")
    (tmp_path / "index.html").write_text("b")
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert [file.path for file in read_source(replace(service, source=tmp_path))] == ["index.html", "css/a.css"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_damaged_file_gives_a_model_or_a_clear_error(data: st.DataObject) -> None:
    text = TEXT
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        width = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.text(max_size=4)) + text[at + width :]
    try:
        assert isinstance(parse_fortress(text, "fortress.yaml", EXAMPLE.parent), Fortress)
    except BadFileError as error:
        assert all(problem.message for problem in error.problems)  # noqa: PT017 (either outcome is right)


@pytest.mark.parametrize("escape", ["\\n", "\\x01", "\\x7f", "\\x85", "\\x9f", "\\u2028", "\\u2029"])
def test_a_line_is_one_line_to_everybody(escape: str) -> None:
    (told,) = mistakes("    runtime: ", f'    environment: {{NAME: "a{escape}b"}}\n    runtime: ')
    assert "environment.NAME" in told
    assert "has a line break or a control character" in told


@pytest.mark.parametrize("value", ["⟦secret:password/database/root⟧", "⟦public:ca/web⟧", "⟦", "secret:x⟧"])
def test_no_text_in_the_file_can_have_the_vault_fill_it(value: str) -> None:
    (told,) = mistakes("    runtime: ", f'    environment: {{NAME: "{value}"}}\n    runtime: ')
    assert "environment.NAME" in told
    assert "stand for the vault's keys" in told


def test_an_empty_line_is_refused() -> None:
    (told,) = mistakes("    runtime: ", '    environment: {NAME: ""}\n    runtime: ')
    assert "environment.NAME: '' is empty" in told
