"""What must be true of a healthy cluster, and how it is seen on the running fortress.

Each check is read from the nodes themselves; what is compared between nodes is judged from all nodes' answers together.
Leaves the scripts to ``probing``.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from festning.model.check import CheckSpec, Judgement, Output, Probe, Verdict
from festning.model.fortress import Fortress, Host
from festning.systems.galera import provider
from festning.systems.galera.catalog import ALONE_UNIT, FORGET_UNIT, FORM_UNIT, KEYS, REVIVAL_UNIT, flush_at_commit
from festning.systems.galera.probing import Told, arbiter_script, data_node_script, read

IN_FLIGHT = 10
"""Transactions by which two nodes' positions may differ: they are not looked at in the same instant."""
TLS = "TLS 1.2 or 1.3, peer verified"


def checks(fortress: Fortress) -> tuple[CheckSpec, ...]:
    """Every check of the database."""
    members = len(fortress.cores) + len(fortress.arbiters)
    durability = {
        "innodb_flush_log_at_trx_commit": str(flush_at_commit(fortress.database.durability)),
        "innodb_doublewrite": "ON",
        "innodb_snapshot_isolation": "ON",
    }
    specs: list[CheckSpec] = []
    for core in fortress.cores:
        specs += [
            _on(core, "galera.cluster-size", f"{members} members", _status("cluster_size", str(members))),
            _on(core, "galera.primary", "Primary", _status("cluster_status", "Primary")),
            _on(core, "galera.synced", "Synced", _status("local_state_comment", "Synced")),
            _on(core, "galera.durability", _listed(durability), _variables(durability)),
            _on(core, "galera.group-timeouts", _listed(dict(provider.EVS_TIMEOUTS)), _options()),
            _on(core, "galera.replication-tls", TLS, _tls),
            _on(core, "galera.revival", "a server that is stuck is ended", _active(REVIVAL_UNIT)),
            _on(core, "galera.forming", "a lost group is formed again", _active(FORM_UNIT)),
        ]
    specs += [_same_state(fortress), _one_writer(fortress)]
    for arbiter in fortress.arbiters:
        specs += [
            _arbitrator(fortress, arbiter),
            _on_arbiter(arbiter, "galera.replication-tls", TLS, _tls),
            _on_arbiter(arbiter, "galera.forming", "a group of the arbitrator alone is ended", _active(ALONE_UNIT)),
            _on_arbiter(arbiter, "galera.forgetting", "a group that it lost is forgotten", _active(FORGET_UNIT)),
        ]
    return tuple(specs)


def data_node_probe(host: Host) -> Probe:
    """The one look at a data node that all its checks share."""
    return Probe(host=host.name, script=data_node_script(host.bridge, KEYS, (REVIVAL_UNIT, FORM_UNIT)))


def _arbiter_probe(host: Host) -> Probe:
    return Probe(host=host.name, script=arbiter_script(host.bridge, KEYS, ("garb.service", ALONE_UNIT, FORGET_UNIT)))


def _on(host: Host, check: str, expected: str, judge: Callable[[Told], Judgement]) -> CheckSpec:
    def judge_outputs(outputs: tuple[Output, ...]) -> Judgement:
        told = read(outputs[0])
        return judge(told) if told.answers else _fail(None, "the database does not answer on its own socket")

    return CheckSpec(id=check, host=host.name, probes=(data_node_probe(host),), expected=expected, judge=judge_outputs)


def _on_arbiter(host: Host, check: str, expected: str, judge: Callable[[Told], Judgement]) -> CheckSpec:
    def judge_outputs(outputs: tuple[Output, ...]) -> Judgement:
        return judge(read(outputs[0]))

    return CheckSpec(id=check, host=host.name, probes=(_arbiter_probe(host),), expected=expected, judge=judge_outputs)


def _status(name: str, wanted: str) -> Callable[[Told], Judgement]:
    def judge(told: Told) -> Judgement:
        found = told.status(name)
        return _pass(found) if found == wanted else _fail(found, f"wsrep_{name} is {found or 'not known'}")

    return judge


def _variables(wanted: dict[str, str]) -> Callable[[Told], Judgement]:
    def judge(told: Told) -> Judgement:
        return _compared({name: told.get("variable", name) for name in wanted}, wanted)

    return judge


def _options() -> Callable[[Told], Judgement]:
    def judge(told: Told) -> Judgement:
        return _compared(
            {name: told.options.get(name, "") for name, _ in provider.EVS_TIMEOUTS}, dict(provider.EVS_TIMEOUTS)
        )

    return judge


def _compared(found: dict[str, str], wanted: dict[str, str]) -> Judgement:
    different = {name: value for name, value in found.items() if value != wanted[name]}
    measured = _listed(found)
    return _fail(measured, f"differs: {_listed(different)}") if different else _pass(measured)


def _tls(told: Told) -> Judgement:
    protocol, verification = told.get("tls", "protocol"), told.get("tls", "verification")
    if protocol in ("TLSv1.2", "TLSv1.3") and verification == "OK":
        return _pass(protocol)
    return _fail(
        protocol or None, f"the group port answered {protocol or 'without TLS'}, {verification or 'unverified'}"
    )


def _active(unit: str) -> Callable[[Told], Judgement]:
    def judge(told: Told) -> Judgement:
        state = told.get("unit", unit)
        return _pass(state) if state == "active" else _fail(state, f"{unit} is {state or 'not known'}")

    return judge


def _same_state(fortress: Fortress) -> CheckSpec:
    names = tuple(core.name for core in fortress.cores)

    def judge(outputs: tuple[Output, ...]) -> Judgement:
        told = dict(zip(names, map(read, outputs), strict=True))
        uuids = {
            name: (each.status("cluster_state_uuid"), each.status("local_state_uuid")) for name, each in told.items()
        }
        listed = "; ".join(
            f"{name} {each.status('local_state_uuid')}:{each.status('last_committed')}" for name, each in told.items()
        )
        if len({uuid for pair in uuids.values() for uuid in pair}) != 1:
            return _fail(listed, "the data nodes have different states")
        spans = sorted(span for each in told.values() if (span := each.positions) is not None)
        if len(spans) != len(names):
            return _fail(listed, "a data node does not tell its position")
        behind = max((later[0] - earlier[1] for earlier, later in pairwise(spans)), default=0)
        return _fail(listed, f"a data node is {behind} transactions behind") if behind > IN_FLIGHT else _pass(listed)

    return CheckSpec(
        id="galera.same-state",
        host=names[0],
        probes=tuple(data_node_probe(core) for core in fortress.cores),
        expected=f"one UUID, and positions within {IN_FLIGHT} transactions",
        judge=judge,
    )


def _one_writer(fortress: Fortress) -> CheckSpec:
    names = tuple(core.name for core in fortress.cores)

    def judge(outputs: tuple[Output, ...]) -> Judgement:
        answers = {name: read(output).get("health", "writer") for name, output in zip(names, outputs, strict=True)}
        writers = [name for name, answer in answers.items() if answer.startswith("200 ")]
        reasons = "; ".join(f"{name}: {answer or 'no answer'}" for name, answer in answers.items())
        return _pass(writers[0]) if len(writers) == 1 else _fail(", ".join(writers) or "none", reasons)

    return CheckSpec(
        id="galera.one-writer",
        host=names[0],
        probes=tuple(data_node_probe(core) for core in fortress.cores),
        expected="exactly one data node answers for writes",
        judge=judge,
    )


def _arbitrator(fortress: Fortress, arbiter: Host) -> CheckSpec:
    def judge(outputs: tuple[Output, ...]) -> Judgement:
        unit = read(outputs[0]).get("unit", "garb.service")
        seen = [
            core.name
            for core, output in zip(fortress.cores, outputs[1:], strict=True)
            if read(output).get("member", arbiter.name) == "arbitrator"
        ]
        missing = [core.name for core in fortress.cores if core.name not in seen]
        if unit != "active":
            return _fail(unit, f"garb.service is {unit or 'not known'}")
        return _fail(unit, f"not seen by {', '.join(missing)}") if missing else _pass(f"seen by {', '.join(seen)}")

    return CheckSpec(
        id="galera.arbitrator",
        host=arbiter.name,
        probes=(_arbiter_probe(arbiter), *(data_node_probe(core) for core in fortress.cores)),
        expected="runs, and every data node has it in view",
        judge=judge,
    )


def _listed(values: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _pass(measured: str) -> Judgement:
    return Judgement(verdict=Verdict.PASS, measured=measured)


def _fail(measured: str | None, reason: str) -> Judgement:
    return Judgement(verdict=Verdict.FAIL, measured=measured, reason=reason)
