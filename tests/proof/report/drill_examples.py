"""Made-up drills that look as real ones do, for the tests of the page and for people's eyes.

``python tests/proof/report/drill_examples.py FOLDER`` writes their pages.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from festning.model.check import Verdict
from festning.model.drill import Checked, DrillResult, Fate, Kind, Mark, Moment, Outcome, Requirement, Sight
from festning.proof.figures.doors import felt
from festning.proof.report.index import page_names, render_index
from festning.proof.report.page import render_page

NOON = 1_795_435_200.0
DOORS = ("core1", "core2", "edge1", "edge2")
HOSTS = (*DOORS, "arbiter")

Served = tuple[float | None, Fate, str]
Serve = Callable[[str, Kind, float, random.Random], Served]
"""When a request is answered that is due so many seconds from the fault, and how."""


def load(begin: float, end: float, serve: Serve, per_second: float = 6.0) -> tuple[Outcome, ...]:
    """Reads and writes through every door over kept and new connections, and SQL; times are from the fault."""
    return tuple(sorted(_load(begin, end, serve, per_second), key=lambda one: one.due))


def _load(begin: float, end: float, serve: Serve, per_second: float) -> Iterator[Outcome]:
    chance = random.Random(7)  # The same drills each time.
    streams = [(door, kind, per_second) for door in DOORS for kind in Kind for _ in ("kept", "new")]
    for number, (door, kind, rate) in enumerate([*streams, ("core2: 3306", Kind.WRITE, 20.0)]):
        due = begin + number * 0.013
        while due < end:
            ended, fate, why = serve(door, kind, due, chance)
            yield Outcome(
                door=door,
                kind=kind,
                due=NOON + due,
                ended=None if ended is None else NOON + ended,
                fate=fate,
                why=why,
                number=f"{number}-{due:.3f}" if kind is Kind.WRITE else "",
            )
            due += 1 / rate


def took(due: float, kind: Kind, chance: random.Random) -> Served:
    usual = 0.004 if kind is Kind.READ else 0.011
    return due + usual * chance.lognormvariate(0, 0.35), Fate.OK, ""


def moments(*at: tuple[float, Mark, str]) -> tuple[Moment, ...]:
    return tuple(Moment(NOON + when, mark, what) for when, mark, what in at)


def sights(*changes: tuple[float, str, str], begin: float = -10.0) -> tuple[Sight, ...]:
    steady = [(begin, "core1: database", "writer"), (begin, "core2: database", "synced")]
    tunnels = [(begin, f"{host}: tunnel to {hub}", "up") for host in HOSTS for hub in ("core1", "core2") if host != hub]
    return tuple(Sight(NOON + at, subject, state) for at, subject, state in (*steady, *tunnels, *changes))


def result(
    name: str, about: str, verdict: Verdict, outcomes: tuple[Outcome, ...], hurt: tuple[str, ...] = (), **more: object
) -> DrillResult:
    of_moments: tuple[Moment, ...] = more.get("moments", ())  # type: ignore[assignment]
    figures = felt(outcomes, of_moments, hurt)
    return DrillResult(
        name=name,
        about=about,
        verdict=verdict,
        outcomes=outcomes,
        requests=figures.requests,
        failed_requests=figures.failed,
        unknown_requests=figures.unknown,
        acknowledged_writes=figures.acknowledged_writes,
        write_gap_ms=figures.write_gap_ms,
        read_gap_ms=figures.read_gap_ms,
        doors=figures.doors,
        **more,  # type: ignore[arg-type]
    )


def kill_database() -> DrillResult:
    """A pass: writes wait for 0.6 s."""

    def serve(door: str, kind: Kind, due: float, chance: random.Random) -> Served:
        if kind is Kind.WRITE and -0.008 < due < 0.47:
            return 0.48 + chance.random() * 0.05, Fate.OK, ""
        return took(due, kind, chance)

    outcomes = load(-10, 25, serve)
    return result(
        "kill-database",
        "Kills the writer's mariadbd with SIGKILL while orders are written.",
        Verdict.PASS,
        outcomes,
        moments=moments(
            (0, Mark.FAULT, "SIGKILL to mariadbd on core1"),
            (0.12, Mark.OBSERVED, "core1: mariadbd is gone, 2 of 3 members left"),
            (0.2, Mark.HEAL, "systemd starts mariadb.service on core1 again"),
            (6.4, Mark.HEALED, "core1 is Synced"),
            (7.1, Mark.RECOVERED, "every check passes"),
        ),
        fault_observed=True,
        healed=True,
        recovered_s=7.1,
        sights=sights(
            (0.05, "core1: database", "the database does not answer: ConnectionRefusedError"),
            (2.1, "core1: database", "not up to date (Joiner)"),
            (5.2, "core1: database", "not up to date (Joined)"),
            (6.4, "core1: database", "synced"),
            (0.47, "core2: database", "writer"),
        ),
        requirements=(
            Requirement(asks="write gap at most 0.7 s", measured="0.62 s at core2", verdict=Verdict.PASS),
            Requirement(asks="no failed read", measured="none of 1,680", verdict=Verdict.PASS),
            Requirement(asks="no acknowledged write lost", measured="none of 2,380", verdict=Verdict.PASS),
        ),
        checked=(
            Checked(checker="every acknowledged write once on every node", verdict=Verdict.PASS, looked_at=2380),
            Checked(checker="bank: the total is constant", verdict=Verdict.PASS, looked_at=411),
            Checked(checker="list-append", verdict=Verdict.PASS, looked_at=893),
        ),
        seen=(
            ("core1: pidof mariadbd", ""),
            (
                "core2: mariadb -e \"SHOW STATUS LIKE 'wsrep_cluster_size'\"",
                "Variable_name\tValue\nwsrep_cluster_size\t2\n",
            ),
            ("core1: systemctl show -p NRestarts mariadb.service", "NRestarts=1\n"),
        ),
    )


def blackout() -> DrillResult:
    """A pass in which nothing is served for 40 s, and every door is hit."""

    def serve(door: str, kind: Kind, due: float, chance: random.Random) -> Served:
        back = 39.2 + DOORS.index(door) * 0.9 if door in DOORS else 38.5
        if -0.005 < due < back:
            if due < 0.05:
                return None, Fate.UNKNOWN, "the connection broke, and nobody answered any more"
            waited = min(due + 3.0, back)
            return waited, Fate.FAILED, "no connection within 3 s"
        return took(due, kind, chance)

    down = [(0.2, f"{host}: database", "not seen") for host in ("core1", "core2")]
    back = [
        (36.1, "core1: database", "not in the primary component (non-Primary)"),
        (37.9, "core1: database", "writer"),
    ]
    back += [(36.4, "core2: database", "not in the primary component (no cluster status)")]
    back += [(38.4, "core2: database", "not up to date (Joined)"), (38.9, "core2: database", "synced")]
    links = [
        (at, f"{host}: tunnel to {hub}", state)
        for host in HOSTS
        for hub in ("core1", "core2")
        if host != hub
        for at, state in ((0.3, "down"), (33.0 + len(host) / 4, "up"))
    ]
    return result(
        "blackout",
        "Takes the power from every machine at once and gives it back after 20 s; nobody lends a hand.",
        Verdict.PASS,
        load(-15, 90, serve, per_second=4.0),
        hurt=(*DOORS, "core2: 3306"),
        moments=moments(
            (0, Mark.FAULT, "the power of 5 machines is cut"),
            (0.4, Mark.OBSERVED, "none of 5 machines answers"),
            (20, Mark.HEAL, "power returns"),
            (22.3, Mark.HEALED, "5 machines have booted"),
            (42.6, Mark.RECOVERED, "every check passes"),
        ),
        fault_observed=True,
        healed=True,
        recovered_s=42.6,
        sights=sights(*down, *back, *links, begin=-15),
        requirements=(
            Requirement(asks="serving at most 45 s after power returns", measured="22.6 s", verdict=Verdict.PASS),
            Requirement(asks="no acknowledged write lost", measured="none of 3,104", verdict=Verdict.PASS),
        ),
        checked=(Checked(checker="every acknowledged write once on every node", verdict=Verdict.PASS, looked_at=3104),),
        seen=(("core1: uptime -s", "2026-11-23 12:00:22\n"),),
    )


def cut_writer_host() -> DrillResult:
    """A failure with lost writes and a door that was hit."""

    def serve(door: str, kind: Kind, due: float, chance: random.Random) -> Served:
        if door == "core1" and -0.004 < due < 14.8:
            return due + 3.0, Fate.FAILED, "no connection within 3 s"
        if kind is Kind.WRITE and -0.01 < due < 2.1:
            if due < 0.02:
                return 0.9, Fate.UNKNOWN, "connection lost before the answer"
            if chance.random() < 0.1:
                return due + 0.3, Fate.FAILED, "status 503"
            return 2.1 + chance.random() * 0.2, Fate.OK, ""
        if kind is Kind.READ and 0 < due < 0.5 and door == "edge1":
            return due + 0.4 + chance.random() * 0.3, Fate.OK, ""
        return took(due, kind, chance)

    return result(
        "cut-writer-host",
        "Cuts the power of the host that is hub, front door and writer at once, and gives it back.",
        Verdict.FAIL,
        load(-8, 30, serve),
        hurt=("core1",),
        reasons=(
            "3 acknowledged writes are on no data node: 12-0.412, 12-0.578 and 12-0.745",
            "the write gap at edge2 was 2.25 s; at most 1.5 s is asked for",
        ),
        moments=moments(
            (0, Mark.FAULT, "the power of core1 is cut"),
            (0.6, Mark.OBSERVED, "core1 does not answer, and core2 has lost it"),
            (10, Mark.HEAL, "power returns to core1"),
            (14.2, Mark.HEALED, "core1 has booted"),
            (17.3, Mark.RECOVERED, "every check passes"),
        ),
        fault_observed=True,
        healed=True,
        recovered_s=17.3,
        lost_writes=3,
        sights=sights(
            (0.3, "core1: database", "not seen"),
            (0.7, "core2: database", "not in the primary component (non-Primary)"),
            (1.9, "core2: database", "writer"),
            (13.5, "core1: database", "not up to date (Joiner)"),
            (15.9, "core1: database", "synced"),
            *((0.9 + n / 10, f"{host}: tunnel to core1", "down") for n, host in enumerate(HOSTS[1:])),
            *((14.0 + n / 5, f"{host}: tunnel to core1", "up") for n, host in enumerate(HOSTS[1:])),
            (0.3, "core1: tunnel to core2", "not seen"),
            (14.1, "core1: tunnel to core2", "up"),
        ),
        requirements=(
            Requirement(
                asks="write gap at most 1.5 s at every surviving front door",
                measured="2.25 s at edge2",
                verdict=Verdict.FAIL,
            ),
            Requirement(
                asks="failed requests at surviving doors only those in flight",
                measured="11 failed, 7 in flight",
                verdict=Verdict.FAIL,
            ),
            Requirement(asks="no acknowledged write lost", measured="3 lost", verdict=Verdict.FAIL),
        ),
        checked=(
            Checked(
                checker="every acknowledged write once on every node",
                verdict=Verdict.FAIL,
                looked_at=2101,
                problems=(
                    "12-0.412 was acknowledged at 12:00:00.431 and is on neither core1 nor core2",
                    "12-0.578 was acknowledged at 12:00:00.590 and is on neither core1 nor core2",
                    "12-0.745 was acknowledged at 12:00:00.759 and is on neither core1 nor core2",
                ),
            ),
            Checked(checker="set", verdict=Verdict.PASS, looked_at=780),
            Checked(
                checker="list-append",
                verdict=Verdict.UNKNOWN,
                looked_at=0,
                problems=("the checker stopped: KeyError: 'k7'",),
            ),
        ),
        seen=(("machinectl show core1", "Could not get path to machine: No machine 'core1' known\n"),),
    )


def slow_service() -> DrillResult:
    """An unknown: the fault was not observed."""
    return result(
        "slow-service",
        "Makes the shop on core2 answer slowly.",
        Verdict.UNKNOWN,
        load(-5, 12, lambda door, kind, due, chance: took(due, kind, chance)),
        reasons=("the fault was not observed within 10 s, so nothing is proven",),
        moments=moments(
            (0, Mark.FAULT, "200 ms before each answer of the shop on core2"),
            (10, Mark.HEAL, "the shop answers at once again"),
            (10.4, Mark.HEALED, ""),
        ),
        healed=True,
        sights=sights(begin=-5),
        seen=(("core2: curl -s -o /dev/null -w '%{time_total}' 127.0.0.1:8080", "0.003\n"),),
    )


def aborted() -> DrillResult:
    """An unknown of which there is next to nothing to tell."""
    return DrillResult(
        name="fill-disk",
        about="Fills the disk of a data node.",
        verdict=Verdict.UNKNOWN,
        reasons=("the load did not start: client could not be reached",),
    )


def all_examples() -> list[DrillResult]:
    return [kill_database(), blackout(), cut_writer_host(), slow_service(), aborted()]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    examples = all_examples()
    for page, example in zip(page_names(examples), examples, strict=True):
        (folder / page).write_text(render_page(example, "nordlys"), encoding="utf-8")
    index = render_index(examples, "nordlys", "2026-11-23 12:00 UTC")
    (folder / "index.html").write_text(index, encoding="utf-8")
