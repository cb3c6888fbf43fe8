"""All rules, and how they are asked.

Knows the register: names, severities and summaries. Leaves what each rule is for to ``explanations``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from festning.model.finding import Finding, Severity
from festning.model.fortress import Fortress
from festning.policy import exposure, residency, strength, survivability, waivers
from festning.policy.rule import Case, Fault, Rule

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

RULES: tuple[Rule, ...] = (
    Rule("residency.data-at-rest", _ERROR, "data nodes stand where personal data may rest", residency.data_at_rest),
    Rule("residency.decryption", _ERROR, "personal data is decrypted only where it may be", residency.decryption),
    Rule("residency.arbitrator", _ERROR, "the arbitrator may see what replication carries", residency.arbitrator),
    Rule("residency.backups", _ERROR, "copies are kept where personal data may rest", residency.backups),
    Rule("residency.jurisdiction", _ERROR, "no foreign law reaches the keepers of the data", residency.jurisdiction),
    Rule("residency.edge-logs", _ERROR, "logs abroad keep no visitor's whole address", residency.edge_logs),
    Rule("residency.administrators", _ERROR, "administrators sit where personal data may be", residency.administrators),
    Rule(
        "residency.administrators-undeclared",
        _WARNING,
        "where administrators sit is declared",
        residency.administrators_undeclared,
    ),
    Rule("residency.transfer", _WARNING, "allowed countries outside the EEA are adequate", residency.transfer),
    Rule("residency.adequacy-age", _WARNING, "the list of adequacy decisions is recent", residency.adequacy_age),
    Rule("survivability.single-core", _ERROR, "there are two cores at least", survivability.single_core),
    Rule("survivability.no-majority", _ERROR, "the database's votes are odd in number", survivability.no_majority),
    Rule("survivability.nowhere", _ERROR, "every service has a host to run on", survivability.nowhere),
    Rule("survivability.host", _ERROR, "no single host's loss stops a service", survivability.host),
    Rule("survivability.site", _WARNING, "no single site's loss stops a service", survivability.site),
    Rule("survivability.operator", _WARNING, "no operator of several sites is all of them", survivability.operator),
    Rule(
        "survivability.foreign-operator",
        _ERROR,
        "no foreign operator can stop a personal service",
        survivability.foreign_operator,
    ),
    Rule(
        "survivability.foreign-country",
        _ERROR,
        "no foreign country can stop a personal service",
        survivability.foreign_country,
    ),
    Rule(
        "survivability.arbiter-beside-data",
        _WARNING,
        "the arbitrator is at a site without a data node",
        survivability.arbiter_beside_data,
    ),
    Rule(
        "survivability.backup-beside-data",
        _WARNING,
        "a copy of the data is at another site than the data",
        survivability.backup_beside_data,
    ),
    Rule("exposure.admin-anywhere", _ERROR, "SSH is open to administrators' networks only", exposure.admin_anywhere),
    Rule("exposure.internal-port", _ERROR, "the fortress's own ports are not opened", exposure.internal_port),
    Rule("exposure.open-port", _WARNING, "nothing else is open to everyone", exposure.open_port),
    Rule("strength.ciphers", _ERROR, "ciphers have forward secrecy and authenticate", strength.ciphers),
    Rule("strength.disk", _ERROR, "declared disks are large enough", strength.disk),
    Rule("strength.durability", _WARNING, "acknowledged commits are on disk", strength.durability),
    Rule("strength.isolation", _WARNING, "services run in the sandbox", strength.isolation),
    Rule("strength.hub-processes", _WARNING, "edges come back at once to a hub that restarts", strength.hub_processes),
    Rule("strength.certificates", _WARNING, "certificates hold neither too long nor too short", strength.certificates),
)

ABOUT_WAIVERS: tuple[tuple[str, Severity, str], ...] = (
    (waivers.EXPIRED, _ERROR, "no waiver is past its date"),
    (waivers.UNKNOWN, _ERROR, "every waiver names a rule or a check"),
    (waivers.UNUSED, _WARNING, "every waiver covers something"),
)
"""Name, severity and summary of the rules that judge the waivers: they see what the others found."""

NAMES = frozenset(rule.name for rule in RULES) | {name for name, _, _ in ABOUT_WAIVERS}


def no_checks() -> frozenset[str]:
    """No check's name is known."""
    return frozenset()


def judge(
    fortress: Fortress, today: date, check_names: Callable[[], frozenset[str]] = no_checks
) -> tuple[Finding, ...]:
    """What every rule finds in the fortress on a day, in the order of the rules, waived or not.

    ``check_names`` tells the checks of verify that a waiver may name; it is asked only for a name that is no rule.
    """
    return judge_case(Case(fortress, today), check_names)


def judge_case(case: Case, check_names: Callable[[], frozenset[str]] = no_checks) -> tuple[Finding, ...]:
    """As ``judge``, for a case whose losses are wanted as well."""
    raw = [_finding(rule.name, rule.severity, fault) for rule in RULES for fault in rule.judge(case)]
    found = waivers.cover(raw, case.fortress.waivers, case.today)
    return (*found, *_about_waivers(case, found, waivers.Known(NAMES, check_names)))


def _about_waivers(case: Case, found: Iterable[Finding], known: waivers.Known) -> Iterator[Finding]:
    declared = case.fortress.waivers
    faults = {
        waivers.EXPIRED: waivers.expired(declared, case.today),
        waivers.UNKNOWN: waivers.unknown(declared, known),
        waivers.UNUSED: waivers.unused(declared, found, known, case.today),
    }
    for name, severity, _ in ABOUT_WAIVERS:
        for fault in faults[name]:
            yield _finding(name, severity, fault)


def _finding(rule: str, severity: Severity, fault: Fault) -> Finding:
    return Finding(rule=rule, severity=severity, key_path=fault.key_path, message=fault.message, fix=fault.fix)
