"""What a loss stops: the computed answer against a simulation that follows packets from host to host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from ipaddress import IPv4Address
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from festning.model.fortress import Data, Fortress, Host, Operator, Role, Runtime, Service, Site
from festning.policy.losses import Kind, Loss, losses_of
from festning.policy.rules import NAMES, judge
from tests.policy.conftest import BASE, TODAY, changed, fortress

PARSED = fortress(BASE)


def sites() -> list[Site]:
    """Two sites in Norway of one operator, one of another, and one abroad."""
    places = (("a", "NO", "One"), ("b", "NO", "One"), ("c", "NO", "Two"), ("d", "IE", "Three"))
    return [
        Site(name=name, provider="static", country=country, operator=Operator(operator, country))
        for name, country, operator in places
    ]


def service(index: int, runtime: Runtime, runs_on: Role, data: Data, *, database: bool) -> Service:
    template = PARSED.services[0]
    name = f"s{index}"
    return replace(
        template, name=name, index=index, runtime=runtime, runs_on=runs_on, data=data, host=name, database=database
    )


@st.composite
def fortresses(draw: st.DrawFn) -> Fortress:
    placed = draw(st.lists(st.tuples(st.sampled_from(Role), st.sampled_from(sites())), min_size=1, max_size=8))
    hosts = tuple(
        Host(name=f"h{n}", entry=f"h{n}", number=n, role=role, site=site, bridge=IPv4Address(n))
        for n, (role, site) in enumerate(placed)
    )
    kinds = st.tuples(
        st.sampled_from(Runtime), st.sampled_from((Role.CORE, Role.EDGE)), st.sampled_from(Data), st.booleans()
    )
    services = tuple(
        service(n, runtime, role, data, database=database and runtime is not Runtime.STATIC)
        for n, (runtime, role, data, database) in enumerate(draw(st.lists(kinds, min_size=1, max_size=3)))
    )
    return replace(PARSED, sites=tuple(sites()), hosts=hosts, services=services)


class Simulation:
    """The hosts that are alive, the links between them, and a request that goes from one to the next."""

    def __init__(self, declared: Fortress, lost: Iterable[str]) -> None:
        self.declared = declared
        self.alive = [host for host in declared.hosts if host.name not in set(lost)]
        self.primary = self._primary()

    def linked(self, one: Host, other: Host) -> bool:
        """Whether a tunnel leads from one to the other: they end at hubs, and every core is one."""
        return one is other or other in self.declared.hubs_of(one) or one in self.declared.hubs_of(other)

    def answers(self, service: Service) -> bool:
        doors = [host for host in self.alive if host.role is not Role.ARBITER]
        return any(self._through(door, service) for door in doors)

    def _through(self, door: Host, service: Service) -> bool:
        cores = [host for host in self.alive if host.role is Role.CORE and self.linked(door, host)]
        if not self.declared.decrypts(door, service):
            return any(self._through(core, service) for core in cores)
        servers = [host for host in self.declared.hosts_of(service) if host in self.alive and self.linked(door, host)]
        if door.role is Role.EDGE and service.runs_on is Role.EDGE:
            servers = [door]
        if any(self._serves(server, service) for server in servers) or service in self.declared.copies_on(door):
            return True
        return door.role is Role.EDGE and any(self._through(core, service) for core in cores)

    def _serves(self, server: Host, service: Service) -> bool:
        return not service.database or any(self.linked(server, node) for node in self.primary)

    def _primary(self) -> list[Host]:
        """The data nodes of the component that has more than half of all votes, if there is one."""
        voters = [host for host in self.alive if host.role is not Role.EDGE]
        total = len(self.declared.cores) + len(self.declared.arbiters)
        for voter in voters:
            component = [voter]
            for member in component:
                component += [other for other in voters if other not in component and self.linked(member, other)]
            nodes = [member for member in component if member.role is Role.CORE]
            if len(component) > total - len(component) and nodes:
                return nodes
        return []


@settings(max_examples=300, deadline=None)
@given(fortresses())
def test_the_computed_answer_is_what_the_simulation_shows(declared: Fortress) -> None:
    for loss in losses_of(declared):
        for hosts in (loss.hosts, *((name,) for name in loss.alike)):
            simulated = Simulation(declared, hosts)
            for service, outcome in zip(declared.services, loss.outcomes, strict=True):
                assert outcome.reads == simulated.answers(service), (loss, service)
                assert outcome.writes == (outcome.reads if service.database else None)
                assert bool(outcome.why) == (not outcome.reads)


@given(fortresses())
@settings(max_examples=50, deadline=None)
def test_every_host_site_operator_and_country_is_lost_once(declared: Fortress) -> None:
    losses = losses_of(declared)
    single = [name for loss in losses if loss.kind is Kind.HOST for name in (loss.name, *loss.alike)]
    assert sorted(single) == sorted(host.name for host in declared.hosts)
    for kind, names in (
        (Kind.SITE, {host.site.name for host in declared.hosts}),
        (Kind.OPERATOR, {host.site.operator.name for host in declared.hosts}),
        (Kind.COUNTRY, {host.site.country for host in declared.hosts}),
    ):
        assert sorted(loss.name for loss in losses if loss.kind is kind) == sorted(names)


def of(losses: tuple[Loss, ...], kind: Kind, name: str) -> dict[str, tuple[str, ...]]:
    (loss,) = (loss for loss in losses if (loss.kind, loss.name) == (kind, name))
    return {outcome.service: outcome.why for outcome in loss.outcomes}


def test_reasons_are_said() -> None:
    together = losses_of(fortress(changed(("{site: trondheim, role: arbiter,", "{site: oslo, role: arbiter,"))))
    assert of(together, Kind.SITE, "oslo") == {
        "shop": ("the database has 1 of 3 votes left, needs 2, and stops",),
        "www": (),
    }
    assert of(together, Kind.COUNTRY, "NO")["shop"] == ("it runs on cores, and none is left for the edges to relay to",)
    assert of(together, Kind.COUNTRY, "IE") == {"shop": (), "www": ()}


def test_a_thousand_hosts_take_little_time() -> None:
    wide = "bridge:\n  pool: 10.0.0.0/8\n  block: 20\n  processes: 4\n"
    text = changed(("role: edge, count: 2}", "role: edge, count: 1000}"), ("bridge:\n", wide))
    large = fortress(text)
    began = process_time()
    assert judge(large, TODAY) == ()
    assert process_time() - began < 2, "measured: about 0.02 s"


def test_a_thousand_sites_take_little_time() -> None:
    base = PARSED
    many = tuple(replace(base.sites[3], name=f"site{n}", operator=Operator(f"o{n}", "US")) for n in range(1000))
    hosts = tuple(
        replace(base.hosts[3], name=f"edge{n}", entry=f"edge{n}", number=16 + n, site=site)
        for n, site in enumerate(many)
    )
    large = replace(base, sites=(*base.sites, *many), hosts=(*base.hosts[:3], *hosts))
    large = replace(large, bridge=replace(base.bridge, processes=4))
    began = process_time()
    assert judge(large, TODAY) == ()
    assert process_time() - began < 5


@settings(max_examples=200, deadline=None)
@given(fortresses(), st.sampled_from((TODAY, TODAY.replace(year=2040))))
def test_no_fortress_confounds_a_rule(declared: Fortress, today: date) -> None:
    for finding in judge(declared, today):
        assert finding.rule in NAMES
        assert all((finding.key_path, finding.message, finding.fix))
