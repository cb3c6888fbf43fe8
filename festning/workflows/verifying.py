"""``verify``: every check of every system, run on the running fortress, with evidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path

from festning.engine.connections import Connections
from festning.engine.probes import run
from festning.model.check import Check, CheckSpec, Turn, Verdict, worst
from festning.model.fortress import Fortress, Waiver
from festning.model.material import Authority
from festning.systems.base import checks as base
from festning.systems.galera import checks as galera
from festning.systems.haproxy import checks as haproxy
from festning.systems.nftables import checks as nftables
from festning.systems.openvpn import checks as openvpn
from festning.systems.services import checks as services
from festning.workflows.compiling import compile_flows
from festning.workflows.opening import Opened, Surroundings, open_fortress
from festning.workflows.progress import Progress


@dataclass(frozen=True, slots=True)
class Verification:
    """All checks of one run, and the verdict of them together."""

    fortress: str
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        return worst(self.checks)

    @property
    def not_well(self) -> frozenset[tuple[str, str]]:
        """Identity and host of the checks that failed or are unknown."""
        good = (Verdict.PASS, Verdict.WAIVED)
        return frozenset((check.id, check.host) for check in self.checks if check.verdict not in good)

    def with_again(self, again: Iterable[Check]) -> Verification:
        """The same, with what later checks of the same identity and host found."""
        later = {(check.id, check.host): check for check in again}
        return replace(self, checks=tuple(later.get((check.id, check.host), check) for check in self.checks))


async def verify_file(
    file: Path,
    surroundings: Surroundings,
    *,
    lab: bool,
    now: Callable[[], datetime],
    token: Callable[[], str],
    progress: Progress,
) -> Verification:
    """``verify`` on a file's fortress, which is up."""
    opened = open_fortress(file, surroundings, lab=lab)
    async with Connections([*opened.endpoints(), opened.client()]) as connections:
        return await verify(opened, connections, now, token, progress)


async def verify(
    opened: Opened,
    connections: Connections,
    now: Callable[[], datetime],
    token: Callable[[], str],
    progress: Progress,
    *,
    before: Verification | None = None,
    hosts: Collection[str] | None = None,
) -> Verification:
    """Run every check; of a verification ``before``, those again that did not come out well.

    With ``hosts`` only theirs, and nothing that strains them: this is for a change in the middle of traffic.

    ``token`` gives a number that is new each time, for the orders that are written as proof.
    """
    fortress = opened.fortress
    specs = collect_checks(fortress, opened.vault.lookup(Authority.WEB.certificate), token)
    if hosts is not None:
        specs = tuple(
            spec for spec in specs if spec.host in hosts and all(probe.turn < Turn.STRAIN for probe in spec.probes)
        )
    if before is not None:
        specs = tuple(spec for spec in specs if (spec.id, spec.host) in before.not_well)
    progress.stage(f"Verify: {len(specs)} checks")

    def hear(turn: Turn, host: str) -> None:
        progress.detail(f"{turn.name.lower()}: {host}")

    checks = await run(specs, connections, clock=lambda: now().timestamp(), progress=hear)
    found = waive(checks, fortress.waivers, now().date())
    return Verification(fortress.name, found) if before is None else before.with_again(found)


def collect_checks(fortress: Fortress, web_authority: str, token: Callable[[], str]) -> tuple[CheckSpec, ...]:
    """The checks of every system, in the order of the stack."""
    return tuple(
        chain(
            base.checks(fortress),
            openvpn.checks(fortress),
            nftables.checks(fortress, compile_flows(fortress)),
            galera.checks(fortress),
            haproxy.checks(fortress),
            services.checks(fortress, web_authority, token),
        )
    )


def waive(checks: Iterable[Check], waivers: Iterable[Waiver], today: date) -> tuple[Check, ...]:
    """The checks, with those that fail and are waived (and not past the waiver's date) marked as waived."""
    valid = {waiver.rule: waiver for waiver in waivers if waiver.until >= today}
    return tuple(_waived(check, valid.get(check.id)) for check in checks)


def _waived(check: Check, waiver: Waiver | None) -> Check:
    if waiver is None or check.verdict is not Verdict.FAIL:
        return check
    return replace(check, verdict=Verdict.WAIVED, reason=f"waived until {waiver.until}: {waiver.reason}")
