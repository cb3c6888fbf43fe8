"""How long each failure is felt: every drill of the table, on festning and on the stack of 2014, worst and median.

Each drill is run as often as asked on a lab with festning, in turns; then the same faults on a lab with the stack of
2014, under the same load. A run is kept in ``--json FILE`` as soon as it is there, and a bench that was stopped goes on
from it. Labs are taken down however it ends.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from bench.failover import baseline_side, fortress_side
from bench.failover.fortress_side import Manner
from bench.failover.ledger import Ledger, code_of
from bench.failover.measured import Measured
from bench.failover.rows import RANDOM, ROWS
from bench.failover.running import measure
from bench.failover.table import line_of, table
from bench.machine import header
from bench.stage import RunError, ended_by_signals
from festning.workflows.loading import Volume

ROOT = Path(__file__).parents[2]
PER_SECOND = 3.0
"""Requests in each stream. Writes reach a door 15 times a second, so a gap is measured to some 70 ms; with half as much
again, the machines of a lab on two processors were short of time, and that was measured instead."""
PATIENCE_S = 180.0
EVIDENCE = Path("build/failover")
RANDOM_FOR_EACH_RUN = 5


class Told:
    """What a drill does, on one line of the terminal."""

    def stage(self, title: str) -> None:
        print(f"  … {title}", file=sys.stderr, flush=True)

    def detail(self, text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\033[K    {text[:110]}", end="\r", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print the table."""
    options = _options(arguments)
    if os.geteuid() != 0:
        raise SystemExit("bench-failover boots machines, and that takes root: run it with sudo")
    manner = Manner(volume=replace(Volume(), per_second=options.rate), progress=Told(), evidence=options.evidence)
    mine = fortress_side.side(manner, options.seed)
    other = baseline_side.side(manner, options.patience)
    try:
        ledger = Ledger(options.json, _code(options))
    except ValueError as error:
        raise SystemExit(f"{error}; name another file") from None
    print(header(), flush=True)
    if ledger.left_out:
        print(f"{ledger.left_out} runs in {options.json} are of another code or load, and are not counted", flush=True)
    names = options.only or [row.drill for row in ROWS]
    runs = {name: options.random_runs if name == RANDOM else options.runs for name in names}
    baseline_runs = {name: options.baseline_runs for name in names if name != RANDOM}
    try:
        with ended_by_signals():
            measure(mine, runs, ledger, _say)
            measure(other, baseline_runs, ledger, _say)
    except KeyboardInterrupt:
        kept = f"; run it again with --json {options.json} to go on" if options.json else ""
        raise SystemExit(f"interrupted; the labs are down{kept}") from None
    except RunError as error:
        raise SystemExit(str(error)) from None
    finally:
        print(table(ROWS, ledger.of, mine.name, other.name), flush=True)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.failover", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20, help="runs of each drill on festning")
    parser.add_argument("--random-runs", type=int, metavar="N", help="drills made by chance; 5 times --runs by default")
    parser.add_argument("--baseline-runs", type=int, default=3, metavar="N", help="runs of each on the stack of 2014")
    parser.add_argument(
        "--only", action="append", choices=[row.drill for row in ROWS], metavar="NAME", help="a drill; may be repeated"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep each run here, and go on from what is there")
    parser.add_argument(
        "--evidence", type=Path, metavar="DIR", default=EVIDENCE, help="pages and journals of runs that do not pass"
    )
    parser.add_argument("--rate", type=float, default=PER_SECOND, help="requests a second in each stream of the load")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE_S, help="seconds after which the stack of 2014 is said to stay down"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the drills made by chance")
    options = parser.parse_args(arguments)
    if options.random_runs is None:
        options.random_runs = RANDOM_FOR_EACH_RUN * options.runs
    return options


def _code(options: argparse.Namespace) -> dict[str, str]:
    """What each stack is now. The command line's looks change no figure."""
    ours = [folder for folder in sorted((ROOT / "festning").iterdir()) if folder.is_dir() and folder.name != "cli"]
    example = ROOT / "examples" / "nordlys"
    proof = ROOT / "festning" / "proof"
    return {
        fortress_side.NAME: code_of([*ours, example], options.rate, options.seed),
        baseline_side.NAME: code_of([ROOT / "bench" / "baseline", proof, example], options.rate, options.patience),
    }


def _say(run: Measured) -> None:
    print(line_of(run), flush=True)


if __name__ == "__main__":
    main()
