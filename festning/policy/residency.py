"""Rules about where personal data is: at rest, decrypted, in passing, in logs, in copies; and whose law reaches it.

Knows where the stack puts what (data on cores, keys where ``Fortress.decrypts`` says, the replication stream at
arbitrators). Nothing is found in a fortress without a service with ``data: personal``, but for visitors' addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from festning.model.adequacy import adequacy
from festning.model.countries import EEA
from festning.model.fortress import Addresses, Host, Role, Site
from festning.policy.rule import Case, Fault

LARGEST_AGE = timedelta(days=548)
"""Of the list of adequacy decisions: a year and a half."""


def data_at_rest(case: Case) -> Iterator[Fault]:
    """Every core is a data node, and has all of the database on its disk."""
    if case.stored:
        for host in _entries(case, Role.CORE):
            if host.site.country not in case.fortress.residency.countries:
                yield Fault(
                    f"hosts.{host.entry}.site",
                    f"{host.name} is a data node and stands in {_country(case, host.site.country)}: "
                    "the personal data of the database rests there",
                    f"place it at a site in {_allowed(case)}",
                )


def decryption(case: Case) -> Iterator[Fault]:
    """Cores hold every service's TLS key; an edge that runs a personal service sees its requests in the clear."""
    for host in _entries(case, Role.CORE, Role.EDGE):
        services = [s.name for s in case.personal if host.role is Role.CORE or s.runs_on is Role.EDGE]
        if services and host.site.country not in case.fortress.residency.countries:
            how = "the TLS key of" if host.role is Role.CORE else "a server of"
            yield Fault(
                f"hosts.{host.entry}.site",
                f"{host.name} in {_country(case, host.site.country)} has {how} {' and '.join(services)}: "
                "personal data is in the clear there",
                f"place it at a site in {_allowed(case)}"
                + (", or run the service on cores" if host.role is Role.EDGE else ""),
            )


def arbitrator(case: Case) -> Iterator[Fault]:
    """garbd keeps nothing, but it receives every write set that the data nodes exchange, decrypted."""
    if not case.stored:
        return
    for host in _entries(case, Role.ARBITER):
        wrong = _outside(case, host.site)
        if wrong:
            yield Fault(
                f"hosts.{host.entry}.site",
                f"{host.name} receives the whole replication stream, personal data in the clear, and {wrong}",
                f"place it at a third site in {_allowed(case)}, with an operator under the law of {_laws(case)}",
            )


def backups(case: Case) -> Iterator[Fault]:
    """A copy is the data once more."""
    if not case.stored:
        return
    residency = case.fortress.residency
    for index, backup in enumerate(case.fortress.backups):
        wrong = []
        if backup.country not in residency.countries:
            wrong.append(f"is in {_country(case, backup.country)}")
        if backup.operator.jurisdiction not in residency.operators:
            wrong.append(f"is kept by {backup.operator.name}, under the law of {backup.operator.jurisdiction}")
        if wrong:
            yield Fault(
                f"backups.{index}",
                f"the copy {backup.name} of the personal data {' and '.join(wrong)}",
                f"keep it in {_allowed(case)}, with an operator under the law of {_laws(case)}; or encrypt it with a "
                "key that never leaves there, and waive this with that reason",
            )


def jurisdiction(case: Case) -> Iterator[Fault]:
    """Whoever runs the machine may be ordered to hand over what is on it, wherever it stands."""
    if not case.personal:
        return
    at_edges = any(service.runs_on is Role.EDGE for service in case.personal)
    seen: set[str] = set()
    for host in case.fortress.hosts:
        site = host.site
        holds = host.role is Role.CORE or (host.role is Role.EDGE and at_edges)
        if holds and site.name not in seen and site.operator.jurisdiction not in case.fortress.residency.operators:
            seen.add(site.name)
            yield Fault(
                f"sites.{site.name}.operator.jurisdiction",
                f"{site.operator.name} runs {host.name}, where personal data is in the clear, and the law of "
                f"{_country(case, site.operator.jurisdiction)} reaches it",
                f"choose an operator under the law of {_laws(case)} alone",
            )


def edge_logs(case: Case) -> Iterator[Fault]:
    """The address of a visitor is personal data, and an edge sees it even when all it does is relay."""
    if case.fortress.logged_outside is not Addresses.FULL:
        return
    outside = dict.fromkeys(
        host.entry
        for host in case.fortress.hosts
        if host.role is not Role.ARBITER and not case.fortress.residency.admits(host.site)
    )
    if outside:
        yield Fault(
            "logs.addresses",
            f"the logs of {', '.join(outside)} keep visitors' whole addresses, where personal data may not be",
            "addresses: truncated (the default), or none",
        )


def administrators(case: Case) -> Iterator[Fault]:
    """An administrator can read everything: looking from abroad is a transfer to where they sit."""
    if not case.personal:
        return
    for index, origin in enumerate(case.fortress.admin.origins):
        if origin.country is not None and origin.country not in case.fortress.residency.countries:
            yield Fault(
                f"admin.from.{index}.country",
                f"administrators in {_country(case, origin.country)} ({origin.network}) reach hosts with personal data",
                f"administrate from {_allowed(case)}, or through a machine there that lets nothing be copied out",
            )


def administrators_undeclared(case: Case) -> Iterator[Fault]:
    """What is not said cannot be judged."""
    if case.personal:
        for index, origin in enumerate(case.fortress.admin.origins):
            if origin.country is None:
                yield Fault(
                    f"admin.from.{index}",
                    f"in which country the administrators at {origin.network} sit is not said",
                    f"write {{network: {origin.network}, country: NO}}, with the country in which they sit",
                )


def transfer(case: Case) -> Iterator[Fault]:
    """Countries outside the EEA that the file itself allows, without a decision that covers them."""
    residency = case.fortress.residency
    for key, countries in (("countries", residency.countries), ("operators", residency.operators)):
        for country in sorted(countries - EEA):
            standing = standing_of(country, case.today)
            if standing:
                yield Fault(
                    f"residency.personal.{key}",
                    f"{country} is allowed, and is outside the EEA: {standing}",
                    "take it out; or have standard contractual clauses with a transfer impact assessment (GDPR, "
                    "Article 46), and waive this with where they are filed",
                )


def adequacy_age(case: Case) -> Iterator[Fault]:
    """The list ages; decisions come, end and are annulled."""
    residency = case.fortress.residency
    if not (residency.countries | residency.operators) - EEA:
        return
    as_of = adequacy().as_of
    if case.today - as_of > LARGEST_AGE:
        yield Fault(
            "residency.personal",
            f"countries outside the EEA are allowed, and festning's list of adequacy decisions is of {as_of}",
            "update festning, or compare festning/model/adequacy.toml with the Commission's list",
        )


def standing_of(country: str, today: date) -> str:
    """What an adequacy decision says of a country outside the EEA; empty when it is found adequate for everyone."""
    decision = adequacy().decisions.get(country)
    if decision is None:
        return "there is no adequacy decision for it"
    if decision.ends is not None and decision.ends < today:
        return f"its adequacy decision ({decision.number}) ended on {decision.ends}"
    if decision.condition:
        return f"{decision.name} is adequate only for {decision.condition} (Decision {decision.number})"
    return ""


def _outside(case: Case, site: Site) -> str:
    residency = case.fortress.residency
    wrong = []
    if site.country not in residency.countries:
        wrong.append(f"stands in {_country(case, site.country)}")
    if site.operator.jurisdiction not in residency.operators:
        wrong.append(f"is run by {site.operator.name}, under the law of {_country(case, site.operator.jurisdiction)}")
    return " and ".join(wrong)


def _country(case: Case, country: str) -> str:
    """A country that is not allowed, with what the Commission says of it."""
    if country in EEA:
        return country
    standing = standing_of(country, case.today)
    return f"{country} ({standing})" if standing else f"{country} (adequate by decision, yet not allowed here)"


def _entries(case: Case, *roles: Role) -> Iterator[Host]:
    """The first host of each entry with one of the roles."""
    firsts: dict[str, Host] = {}
    for host in case.fortress.hosts:
        if host.role in roles:
            firsts.setdefault(host.entry, host)
    yield from firsts.values()


def _allowed(case: Case) -> str:
    return _listed(case.fortress.residency.countries)


def _laws(case: Case) -> str:
    return _listed(case.fortress.residency.operators)


def _listed(countries: frozenset[str]) -> str:
    if countries >= EEA:
        return " or ".join(("the EEA", *sorted(countries - EEA)))
    return " or ".join(sorted(countries))
