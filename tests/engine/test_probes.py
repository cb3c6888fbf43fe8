"""Probes run, shared, timed and judged; whatever could not be known is unknown."""

from __future__ import annotations

import asyncio
from pathlib import Path

from festning.engine import probes
from festning.engine.connections import Connections
from festning.engine.endpoint import Endpoint, this_machine
from festning.model.check import Check, CheckSpec, Judgement, Output, Probe, Turn, Verdict

NOW = 1_800_000_000.0


def run(*specs: CheckSpec) -> list[Check]:
    async def go() -> list[Check]:
        nowhere = Endpoint(host="gone", address="127.0.0.1", port=1, known_host_key=None, client_key=None)
        async with Connections([this_machine("alpha"), this_machine("beta"), nowhere]) as connections:
            return await probes.run(specs, connections, clock=lambda: NOW)

    return asyncio.run(go())


def says(word: str) -> Judgement:
    return Judgement(verdict=Verdict.PASS, measured=word)


def judge(outputs: tuple[Output, ...]) -> Judgement:
    return says(" ".join(output.stdout.strip() for output in outputs))


def spec(*mine: Probe, name: str = "c") -> CheckSpec:
    return CheckSpec(id=name, host="alpha", probes=mine, expected="it", judge=judge, unit="words")


def test_a_check_carries_what_was_run_where_and_when():
    (check,) = run(spec(Probe(host="alpha", script="echo hello; echo aside >&2")))
    assert (check.verdict, check.measured, check.unit, check.expected) == (Verdict.PASS, "hello", "words", "it")
    (evidence,) = check.evidence
    assert (evidence.host, evidence.command, evidence.status) == ("alpha", "echo hello; echo aside >&2", 0)
    assert evidence.output == "hello\naside"
    assert evidence.at.startswith("2027-01-15T08:00:00.")
    assert evidence.at.endswith("Z")


def test_equal_probes_are_run_once(tmp_path: Path):
    probe = Probe(host="alpha", script=f"echo x >> {tmp_path}/runs; wc -l < {tmp_path}/runs")
    first, second = run(spec(probe, name="a"), spec(probe, name="b"))
    assert (first.measured, second.measured) == ("1", "1")


def test_turns_follow_each_other_over_hosts(tmp_path: Path):
    log = tmp_path / "log"
    act = Probe(host="beta", script=f"sleep 0.2; echo act >> {log}; echo done", turn=Turn.ACT)
    confirm = Probe(host="alpha", script=f"cat {log}", turn=Turn.CONFIRM)
    (check,) = run(spec(confirm, act))
    assert check.measured == "act done"


def test_strain_is_put_on_one_host_at_a_time(tmp_path: Path):
    script = f"mkdir {tmp_path}/busy && sleep 0.2 && rmdir {tmp_path}/busy && echo alone"
    strains = [
        Probe(host=host, script=script + f" # {n}", turn=Turn.STRAIN) for host in ("alpha", "beta") for n in (1, 2)
    ]
    (check,) = run(spec(*strains))
    assert check.measured == "alone alone alone alone"


def test_a_host_that_cannot_be_reached_makes_it_unknown():
    (check,) = run(spec(Probe(host="alpha", script="echo fine"), Probe(host="gone", script="true")))
    assert check.verdict is Verdict.UNKNOWN
    assert check.reason.startswith("gone: ")
    assert [evidence.status for evidence in check.evidence] == [0, None]


def test_a_host_that_nobody_knows_makes_it_unknown():
    (check,) = run(spec(Probe(host="nobody", script="true")))
    assert check.verdict is Verdict.UNKNOWN


def test_a_probe_that_does_not_end_makes_it_unknown():
    (check,) = run(spec(Probe(host="alpha", script="echo so far; sleep 30", timeout_s=0.3)))
    assert (check.verdict, check.reason) == (Verdict.UNKNOWN, "alpha: no end within 0.3 s")
    assert check.evidence[0].output == "so far"


def test_a_judge_that_crashes_is_unknown_and_never_a_pass():
    def crash(outputs: tuple[Output, ...]) -> Judgement:
        return says(outputs[0].stdout.split()[7])

    broken = CheckSpec(id="c", host="alpha", probes=(Probe(host="alpha", script="echo"),), expected="", judge=crash)
    (check,) = run(broken)
    assert check.verdict is Verdict.UNKNOWN
    assert "IndexError" in check.reason


def test_python_probes():
    (check,) = run(spec(Probe(host="alpha", script="print(6 * 7)", interpreter="python3")))
    assert check.measured == "42"
