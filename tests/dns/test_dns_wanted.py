"""Who stands in the answer: edges first, cores when none is well, nobody when nobody is."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from festning.dns.wanted import answers, records
from festning.errors import BadFileError
from festning.model.fortress import Host, Service
from tests.dns.named_fortresses import CORES, EDGES, SHOP, WWW, a, fortress, without_edges


def doors(declared, stands=lambda service, door: True) -> dict[str, list[str]]:
    return {answer.name: [door.name for door in answer.doors] for answer in answers(declared, stands)}


def test_edges_answer_for_all_services_the_personal_ones_included() -> None:
    declared = fortress()
    assert doors(declared) == {SHOP: ["edge1", "edge2"], WWW: ["edge1", "edge2"]}
    edge, shop = declared.host("edge1"), declared.services[0]
    assert not declared.decrypts(edge, shop), "what it is sent it hands on unread"


def test_cores_answer_where_there_are_no_edges() -> None:
    assert doors(without_edges()) == {SHOP: ["core1", "core2"], WWW: ["core1", "core2"]}


def test_a_dead_edge_leaves_the_answer_of_the_service_that_it_is_dead_for() -> None:
    def stands(service: Service, door: Host) -> bool:
        return (service.name, door.name) != ("shop", "edge1")

    assert doors(fortress(), stands) == {SHOP: ["edge2"], WWW: ["edge1", "edge2"]}


def test_edges_that_are_leaving_are_met_while_no_other_is() -> None:
    declared = fortress()
    leaving = replace(declared, hosts=tuple(replace(one, leaving=one.name == "edge1") for one in declared.hosts))
    assert doors(leaving) == {SHOP: ["edge2"], WWW: ["edge2"]}
    assert doors(leaving, lambda _, door: door.name != "edge2") == {SHOP: ["edge1"], WWW: ["edge1"]}


def test_cores_take_over_when_every_edge_is_dead_and_nobody_does_when_all_are() -> None:
    assert doors(fortress(), lambda _, door: door.name == "core2") == {SHOP: ["core2"], WWW: ["core2"]}
    assert doors(fortress(), lambda _, door: door.name == "arbiter") == {SHOP: [], WWW: []}


def test_records_by_family_with_the_declared_ttl_and_issuers() -> None:
    declared = fortress(("waivers: []", "dns: {ttl: 90, caa: [letsencrypt.org]}"), edges=("192.0.2.101", "2001:DB8::1"))
    sets = [one for answer in answers(declared) for one in records(declared, answer) if answer.name == WWW]
    assert [(one.type.value, one.values, one.ttl) for one in sets] == [
        ("A", ("192.0.2.101",), 90),
        ("AAAA", ("2001:db8::1",), 90),
        ("CAA", ('0 issue "letsencrypt.org"',), 90),
    ]


def test_hosts_without_an_address_are_in_no_answer() -> None:
    assert doors(fortress(edges=EDGES[:1])) == {SHOP: ["edge1"], WWW: ["edge1"]}


def test_names_outside_the_zone_are_known_as_such() -> None:
    declared = fortress(("host: www.nordlys.example", "host: www.else.example"))
    assert {answer.name: answer.inside for answer in answers(declared)} == {SHOP: True, "www.else.example": False}
    lookalike = fortress(("host: www.nordlys.example", "host: www.fakenordlys.example"))
    assert not answers(lookalike)[1].inside


def test_another_zone_than_the_domain() -> None:
    declared = fortress(("waivers: []", "dns: {zone: shop.nordlys.example}"))
    inside = {answer.name: answer.inside for answer in answers(declared)}
    assert inside == {SHOP: True, WWW: False}
    assert records(declared, answers(declared)[0])[0].relative("shop.nordlys.example") == ""
    with pytest.raises(ValueError, match="not in the zone"):
        a(WWW, *CORES).relative("shop.nordlys.example")


@pytest.mark.parametrize(
    ("dns", "words"),
    [
        ("{ttl: 10}", "dns.ttl"),
        ("{ttl: 100000}", "dns.ttl"),
        ("{provider: bind}", "dns.provider"),
        ("{provider: gandi_live}", "Gandi keeps no record for less than 300 s, and ttl is 60"),
        ("{caa: [0 issue x]}", "dns.caa.0"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(dns: str, words: str) -> None:
    with pytest.raises(BadFileError, match=words):
        fortress(("waivers: []", f"dns: {dns}"))
    assert fortress(("waivers: []", "dns: {provider: gandi_live, ttl: 300}")).dns.ttl == 300


def test_a_door_with_an_address_of_each_family_has_a_record_of_each() -> None:
    declared = fortress()
    both = replace(declared.host("edge1"), other_address=ip_address("2001:db8::21"))
    hosts = tuple(both if host.name == "edge1" else host for host in declared.hosts)
    dual = replace(declared, hosts=hosts)
    (answer,) = (one for one in answers(dual) if one.name == WWW)
    found = {one.type.value: one.values for one in records(dual, answer) if one.type.value in ("A", "AAAA")}
    assert found == {"A": EDGES, "AAAA": ("2001:db8::21",)}
