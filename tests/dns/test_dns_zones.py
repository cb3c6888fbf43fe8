"""Zones at each provider, over real HTTP: the same is asked of all, and their refusals are told in words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from festning.dns.records import RecordSet, Type, record_set
from festning.dns.zone import Zone, ZoneError
from festning.dns.zones.opening import open_zone
from festning.dns.zones.patience import Manner
from festning.errors import UsageError
from tests.dns.dns_servers import APIS, ZONE, Api, DigitalOcean, Failure, Gandi, PowerDns, Route53, serve

WWW, TOP = f"www.{ZONE}", ZONE
MARKER = record_set(f"_festning-a.{WWW}", Type.TXT, ["heritage=festning,festning/fortress=nordlys"], 300)


def a(name: str, *values: str, ttl: int = 300) -> RecordSet:
    return record_set(name, Type.A, values, ttl)


@pytest.fixture(params=APIS, ids=lambda api: api.provider)
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    with serve(request.param()) as served:
        served.add("", "MX" if served.provider != "route53" else "NS", [f"10 mail.{ZONE}."], 3600)
        yield served


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def zone(api: Api, waits: list[float]) -> Zone:
    return opened(api, waits)


def opened(api: Api, waits: list[float]) -> Zone:
    return open_zone(api.provider, ZONE, endpoint_in(api), Manner(waits.append), endpoint=api.url)


def endpoint_in(api: Api) -> dict[str, str]:
    return {**api.environment, "PDNS_API_URL": api.url}


def test_what_is_made_is_what_is_read(api: Api, zone: Zone) -> None:
    made = (a(WWW, "192.0.2.1", "192.0.2.2"), a(TOP, "192.0.2.3"), MARKER)
    made = (*made, record_set(WWW, Type.AAAA, ["2001:db8::1", "2001:db8:0:0::2"], 600))
    for one in made:
        zone.create(one)
    assert set(zone.records()) == set(made), "and nothing of types that are not ours"
    assert api.sets()["www", "A"] == (frozenset({"192.0.2.1", "192.0.2.2"}), 300)
    assert api.sets()["", "A"] == (frozenset({"192.0.2.3"}), 300)
    assert api.sets()["_festning-a.www", "TXT"] == (frozenset(MARKER.values), 300)


@pytest.mark.parametrize(
    "after",
    [
        a(WWW, "192.0.2.2"),
        a(WWW, "192.0.2.3"),
        a(WWW, "192.0.2.1", "192.0.2.2", "192.0.2.9"),
        a(WWW, "192.0.2.1", ttl=900),
    ],
    ids=["fewer", "others", "more", "ttl"],
)
def test_a_set_becomes_another(api: Api, zone: Zone, after: RecordSet) -> None:
    before, other = a(WWW, "192.0.2.1", "192.0.2.2"), a(f"shop.{ZONE}", "192.0.2.2")
    zone.create(before)
    zone.create(other)
    zone.update(before, after)
    assert set(zone.records()) == {after, other}


def test_a_set_is_removed_and_others_stay(api: Api, zone: Zone) -> None:
    before = api.sets()
    zone.create(a(WWW, "192.0.2.1", "192.0.2.2"))
    zone.create(MARKER)
    zone.delete(a(WWW, "192.0.2.1", "192.0.2.2"))
    assert zone.records() == (MARKER,)
    zone.delete(MARKER)
    assert api.sets() == before


def test_a_zone_of_many_pages_is_read_whole(api: Api, zone: Zone) -> None:
    for number in range(230):
        api.add(
            f"n{number}", "A", [f"10.1.{number // 250}.{number % 250}", f"10.2.{number // 250}.{number % 250}"], 300
        )
    found = zone.records()
    assert len(found) == 230
    assert all(len(one.values) == 2 for one in found)


def test_a_type_that_libcloud_does_not_know_hides_nothing(api: Api, zone: Zone) -> None:
    api.add("svc", "HTTPS", ["1 . alpn=h2"], 300)
    api.add("", "CAA", ["0 issue letsencrypt.org"], 300)
    api.add("www", "A", ["192.0.2.1"], 300)
    assert a(WWW, "192.0.2.1") in zone.records()


def test_reading_is_patient(api: Api, zone: Zone, waits: list[float]) -> None:
    api.add("www", "A", ["192.0.2.1"], 300)
    api.failures += [Failure("GET", 500), Failure("GET", 429, {"Retry-After": "7"}), Failure("GET", 503)]
    assert zone.records() == (a(WWW, "192.0.2.1"),)
    assert waits == ([1.0, 2.0, 4.0] if isinstance(api, Gandi) else [1.0, 7.0, 4.0])


def test_reading_is_not_endlessly_patient(api: Api, zone: Zone, waits: list[float]) -> None:
    api.failures += [Failure("GET", 500)] * 9
    with pytest.raises(ZoneError, match=f"cannot read the zone {ZONE}: the provider answered 500"):
        zone.records()
    assert (len(waits), len(api.failures)) == (3, 5)


def test_writing_is_repeated_only_when_it_was_not_taken(api: Api, zone: Zone, waits: list[float]) -> None:
    method = "PATCH" if isinstance(api, PowerDns) else "POST"
    api.failures += [Failure(method, 429, {"Retry-After": "2"})]
    zone.create(a(WWW, "192.0.2.1"))
    assert len(waits) == 1
    api.failures += [Failure(method, 500)]
    with pytest.raises(ZoneError, match=f"cannot create A shop.{ZONE}: the provider answered 500"):
        zone.create(a(f"shop.{ZONE}", "192.0.2.1"))
    assert (len(waits), api.failures) == (1, [])


def test_wrong_credentials_are_told_at_once(api: Api, waits: list[float]) -> None:
    wrong = dict.fromkeys(api.environment, "wrong") | {"PDNS_API_URL": api.url}
    with pytest.raises(ZoneError, match="refuses the credentials"):
        open_zone(api.provider, ZONE, wrong, Manner(waits.append), endpoint=api.url)
    assert waits == []


def test_missing_credentials_are_named(api: Api) -> None:
    for missing in api.environment:
        environment = {name: value for name, value in endpoint_in(api).items() if name != missing}
        with pytest.raises(UsageError, match=f"{api.provider} needs {missing} in the environment"):
            open_zone(api.provider, ZONE, environment, Manner(lambda _: None), endpoint=api.url)
    assert api.requests == []


def test_a_zone_that_is_not_there_is_told(api: Api) -> None:
    with pytest.raises(ZoneError, match=f"there is no zone other.example at {api.provider}"):
        open_zone(api.provider, "other.example", endpoint_in(api), Manner(lambda _: None), endpoint=api.url)


def test_what_the_provider_refuses_is_told_in_its_words() -> None:
    with serve(DigitalOcean()) as api:
        api.add("www", "CNAME", ["elsewhere.example."], 300)
        with pytest.raises(ZoneError, match="422: CNAME records cannot share a name"):
            opened(api, []).create(a(WWW, "192.0.2.1"))
    with serve(Gandi()) as api:
        api.add("www", "A", ["192.0.2.9"], 300)
        with pytest.raises(ZoneError, match=f"cannot create A {WWW}"):
            opened(api, []).create(a(WWW, "192.0.2.1"))
    with serve(Route53()) as api, pytest.raises(ZoneError, match=f"cannot delete A {WWW}"):
        opened(api, []).delete(a(WWW, "192.0.2.1"))


def test_a_page_of_a_proxy_is_no_crash(api: Api, zone: Zone, waits: list[float]) -> None:
    api.failures += [Failure("GET", 502, body=b"<html>Bad Gateway</html>")] * 9
    with pytest.raises(ZoneError, match=f"cannot read the zone {ZONE}"):
        zone.records()
    assert len(waits) == 3


def test_a_provider_that_is_not_there_is_told(api: Api, waits: list[float]) -> None:
    with pytest.raises(ZoneError, match=f"cannot list the zones at {api.provider}"):
        open_zone(api.provider, ZONE, endpoint_in(api), Manner(waits.append), endpoint="http://127.0.0.1:1")
    assert len(waits) == 3


def test_values_that_somebody_added_meanwhile_stay() -> None:
    with serve(DigitalOcean()) as api:
        zone = opened(api, [])
        zone.create(a(WWW, "192.0.2.1"))
        api.add("www", "A", ["192.0.2.77"], 300)
        zone.update(a(WWW, "192.0.2.1"), a(WWW, "192.0.2.2"))
        assert api.sets()["www", "A"][0] == {"192.0.2.2", "192.0.2.77"}


def test_new_values_are_there_before_old_ones_go() -> None:
    with serve(DigitalOcean()) as api:
        zone = opened(api, [])
        zone.create(a(WWW, "192.0.2.1"))
        api.requests.clear()
        zone.update(a(WWW, "192.0.2.1"), a(WWW, "192.0.2.2"))
        assert [method for method, _ in api.requests] == ["GET", "POST", "DELETE"]
