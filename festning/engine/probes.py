"""Running checks: their probes by turns on all hosts at once, then the judgements.

Equal probes are run once. Nothing that could not be run, or not be judged, ever counts as a pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from festning.engine.connections import Connections
from festning.engine.questions import put
from festning.errors import FestningError
from festning.model.check import Check, CheckSpec, Evidence, Judgement, Output, Probe, Turn, Verdict

AT_ONCE = 8
"""Probes that one host runs at a time; strain is put on one at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A probe that was run, or was not: then ``output`` is ``None`` and ``reason`` says why."""

    probe: Probe
    at: str
    output: Output | None
    reason: str = ""
    printed: str = ""


async def run(
    specs: Sequence[CheckSpec],
    connections: Connections,
    *,
    clock: Callable[[], float],
    progress: Callable[[Turn, str], None] = lambda _turn, _host: None,
) -> list[Check]:
    """Every check with its verdict and evidence, in the order of ``specs``.

    ``clock`` gives seconds since the epoch, for the evidence. ``progress`` hears of each host that is through a turn.
    """
    probes = dict.fromkeys(probe for spec in specs for probe in spec.probes)
    runs: dict[Probe, _Run] = {}
    for turn in Turn:
        by_host: dict[str, list[Probe]] = {}
        for probe in probes:
            if probe.turn is turn:
                by_host.setdefault(probe.host, []).append(probe)
        works = [_on_host(host, mine, connections, clock, progress) for host, mine in by_host.items()]
        if turn is Turn.STRAIN:
            done = [await work for work in works]
        else:
            done = await asyncio.gather(*works)
        runs |= {one.probe: one for several in done for one in several}
    return [_judged(spec, runs) for spec in specs]


async def _on_host(
    host: str,
    probes: list[Probe],
    connections: Connections,
    clock: Callable[[], float],
    progress: Callable[[Turn, str], None],
) -> list[_Run]:
    turn = probes[0].turn
    began = clock()
    try:
        outputs = await put(host, probes, connections, at_once=1 if turn is Turn.STRAIN else AT_ONCE)
    except FestningError as error:
        return [_Run(probe=probe, at=_utc(began), output=None, reason=error.message) for probe in probes]
    finally:
        progress(turn, host)
    return [_run(probe, told, began) for probe, told in zip(probes, outputs, strict=True)]


def _run(probe: Probe, told: Mapping[str, object], began: float) -> _Run:
    status, seconds, started = told["status"], float(str(told["seconds"])), float(str(told["started"]))
    stdout, stderr = str(told["stdout"]), str(told["stderr"])
    at = _utc(began + started)
    printed = "\n".join(part for part in (stdout.rstrip(), stderr.rstrip()) if part)
    if not isinstance(status, int):
        reason = f"no end within {probe.timeout_s:g} s"
        return _Run(probe=probe, at=at, output=None, reason=reason, printed=printed)
    return _Run(
        probe=probe, at=at, output=Output(status=status, stdout=stdout, stderr=stderr, seconds=seconds), printed=printed
    )


def _judged(spec: CheckSpec, runs: Mapping[Probe, _Run]) -> Check:
    mine = [runs[probe] for probe in spec.probes]
    judgement = _judgement(spec, mine)
    return Check(
        id=spec.id,
        host=spec.host,
        verdict=judgement.verdict,
        measured=judgement.measured,
        unit=spec.unit,
        expected=spec.expected,
        evidence=tuple(_evidence(mine)),
        reason=judgement.reason,
    )


def _judgement(spec: CheckSpec, runs: list[_Run]) -> Judgement:
    missing = [
        f"{one.probe.host}: {one.reason}" if one.probe.host not in one.reason else one.reason
        for one in runs
        if one.output is None
    ]
    if missing:
        return Judgement(verdict=Verdict.UNKNOWN, reason="; ".join(dict.fromkeys(missing)))
    try:
        return spec.judge(tuple(one.output for one in runs if one.output is not None))
    except Exception as error:  # noqa: BLE001  Whatever a judge trips over, the answer is that nobody knows.
        return Judgement(
            verdict=Verdict.UNKNOWN, reason=f"the output could not be judged: {type(error).__name__}: {error}"
        )


def _evidence(runs: Iterable[_Run]) -> Iterable[Evidence]:
    for one in runs:
        yield Evidence(
            host=one.probe.host,
            command=one.probe.script,
            at=one.at,
            status=one.output.status if one.output is not None else None,
            output=one.printed or one.reason,
        )


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
