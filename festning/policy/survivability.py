"""Rules about what may be lost: computed from the dependencies of the declared fortress, not asserted.

Knows which losses are acceptable and how to say what they cost; what stops when is computed in ``losses``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from festning.model.fortress import Role
from festning.model.listing import listed
from festning.policy.losses import Kind, Loss, Outcome
from festning.policy.rule import Case, Fault

_APART = "place the cores at different sites with the arbiter at a third"
_ELSEWHERE = "declare hosts with the roles that are lost there at another site as well"


def single_core(case: Case) -> Iterator[Fault]:
    """There must be two cores at least: one is a database, a hub and a front door without a second."""
    if len(case.fortress.cores) == 1:
        only = case.fortress.cores[0]
        yield Fault(
            f"hosts.{only.entry}",
            f"{only.name} is the only core host: with it go the data, the bridge and every service",
            "declare a second host with role core",
        )


def no_majority(case: Case) -> Iterator[Fault]:
    """The votes must be odd in number: of an even number, half may be cut off from half, and neither goes on."""
    cores, arbiters = len(case.fortress.cores), len(case.fortress.arbiters)
    votes = cores + arbiters
    if cores > 1 and votes % 2 == 0:
        yield Fault(
            "hosts",
            f"{cores} data nodes and {arbiters} arbiters make {votes} votes: when half of them are lost or cut "
            "off, the rest is no majority and stops writing",
            "declare a host with role arbiter, at a third site" if not arbiters else "make the votes odd in number",
        )


def nowhere(case: Case) -> Iterator[Fault]:
    """A service needs a host of the role that it runs on."""
    for service in case.fortress.services:
        if service.name in case.down:
            yield Fault(
                f"services.{service.name}.runs_on",
                f"{service.name} runs on hosts with role {service.runs_on.value}, and there is none",
                f"declare a host with role {service.runs_on.value}, or run it on another role",
            )


def host(case: Case) -> Iterator[Fault]:
    """Any one host may be lost. Voters of a cluster that cannot lose one at all are left to the rules about votes."""
    cores, votes = len(case.fortress.cores), len(case.fortress.cores) + len(case.fortress.arbiters)
    voters_told = cores == 1 or votes % 2 == 0
    for loss in _of(case, Kind.HOST):
        lost = case.fortress.host(loss.name)
        stopped = _stopped(case, loss)
        if stopped and not (voters_told and lost.role is not Role.EDGE):
            yield Fault(
                f"hosts.{lost.entry}",
                f"when {lost.name} alone is lost, {_costs(stopped)}",
                f"declare another host with role {lost.role.value}, so that one is left",
            )


def site(case: Case) -> Iterator[Fault]:
    """A site may burn: what it costs must be known, and decided."""
    if len(case.fortress.cores) < 2:
        return
    data = Counter(core.site.name for core in case.fortress.cores)
    for loss in _of(case, Kind.SITE):
        stopped = _stopped(case, loss)
        everything = data[loss.name] == len(case.fortress.cores)
        if stopped or everything:
            yield Fault(
                f"sites.{loss.name}",
                f"when {loss.name} is lost ({_few(loss.hosts)}), {_costs(stopped) if stopped else 'services go on'}"
                + (f"; every data node is there: {_last_copy(case, loss.name)}" if everything else ""),
                (_APART if data[loss.name] else _ELSEWHERE)
                + ", or waive this with the reason why its loss is accepted",
            )


def operator(case: Case) -> Iterator[Fault]:
    """One operator is one contract, one control plane and one mistake, however many sites it has."""
    yield from _of_several_sites(case, Kind.OPERATOR)


def foreign_operator(case: Case) -> Iterator[Fault]:
    """Nobody outside the residency rule may be able to stop a service with personal data."""
    foreign = {
        site.operator.name: site
        for site in reversed(case.fortress.sites)
        if site.operator.jurisdiction not in case.fortress.residency.operators
    }
    for loss in _of(case, Kind.OPERATOR):
        stopped = _personal(case, _stopped(case, loss))
        if loss.name in foreign and stopped:
            theirs = foreign[loss.name]
            yield Fault(
                f"sites.{theirs.name}.operator",
                f"when {loss.name} is lost, or withdraws ({theirs.operator.jurisdiction}; {_few(loss.hosts)}), "
                f"{_costs(stopped)}",
                "place what the service needs with operators that the residency rule admits, so that it goes on "
                "without this one",
            )


def foreign_country(case: Case) -> Iterator[Fault]:
    """No country outside the residency rule may be able to stop a service with personal data."""
    sites = {site.country: site for site in reversed(case.fortress.sites)}
    for loss in _of(case, Kind.COUNTRY):
        stopped = _personal(case, _stopped(case, loss))
        if stopped and loss.name not in case.fortress.residency.countries:
            yield Fault(
                f"sites.{sites[loss.name].name}.country",
                f"when everything in {loss.name} is lost or cut off ({_few(loss.hosts)}), {_costs(stopped)}",
                "place what the service needs in countries that the residency rule admits",
            )


def arbiter_beside_data(case: Case) -> Iterator[Fault]:
    """The third vote is for telling which of two places is dead: from one of them it cannot."""
    places = {core.site.name: core.name for core in case.fortress.cores}
    for arbiter in case.fortress.arbiters:
        beside = places.get(arbiter.site.name)
        if beside is not None:
            yield Fault(
                f"hosts.{arbiter.entry}.site",
                f"{arbiter.name} is at {arbiter.site.name}, where {beside} is: both votes go with that site",
                "place the arbiter at a site without a data node",
            )


def backup_beside_data(case: Case) -> Iterator[Fault]:
    """A copy that burns with the data is none."""
    declared = case.fortress.backups
    data = {core.site.name for core in case.fortress.cores}
    if declared and all(backup.site in data for backup in declared):
        yield Fault(
            "backups.0",
            f"every copy of the data is at a site that has the data itself: {_few([b.name for b in declared])}",
            "keep a copy at another site",
        )


def _of(case: Case, kind: Kind) -> Iterator[Loss]:
    return (loss for loss in case.losses if loss.kind is kind)


def _stopped(case: Case, loss: Loss) -> tuple[Outcome, ...]:
    """What stops by this loss, and was not down before."""
    return tuple(outcome for outcome in loss.stopped if outcome.service not in case.down)


def _personal(case: Case, outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    names = {service.name for service in case.personal}
    return tuple(outcome for outcome in outcomes if outcome.service in names)


def _of_several_sites(case: Case, kind: Kind) -> Iterator[Fault]:
    """What the loss of an operator stops and the loss of none of its sites alone does."""
    of = {loss.name: {outcome.service for outcome in _stopped(case, loss)} for loss in _of(case, Kind.SITE)}
    for loss in _of(case, kind):
        sites = [site.name for site in case.fortress.sites if site.operator.name == loss.name]
        alone = set().union(*(of.get(name, set()) for name in sites))
        stopped = tuple(outcome for outcome in _stopped(case, loss) if outcome.service not in alone)
        if stopped:
            yield Fault(
                f"sites.{sites[0]}.operator",
                f"{', '.join(sites)} are all run by {loss.name}: when it is lost, {_costs(stopped)}",
                "place cores and arbiter with different operators",
            )


def _costs(stopped: tuple[Outcome, ...]) -> str:
    """Each service that stops, with why; services that stop for one reason together."""
    by_reason: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in stopped:
        by_reason.setdefault(outcome.why, []).append(outcome)
    return "; ".join(
        f"{_few([outcome.service for outcome in outcomes])} can neither be read nor written: {', and '.join(why)}"
        if outcomes[0].writes is not None
        else f"{_few([outcome.service for outcome in outcomes])} cannot be read: {', and '.join(why)}"
        for why, outcomes in by_reason.items()
    )


def _last_copy(case: Case, lost: str) -> str:
    """What is left of the data when the site with all of it is gone for good."""
    kept = [backup.name for backup in case.fortress.backups if backup.site != lost]
    if kept:
        return f"what was written since the last copy ({_few(kept)}) is gone with its disks"
    return "its disks have the only copy of the data, as no backup elsewhere is declared"


def _few(names: list[str] | tuple[str, ...]) -> str:
    """The names, or the first of them and how many more."""
    return listed(names, 4 if len(names) <= 4 else 3)
