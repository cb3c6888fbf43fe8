"""How fast the healthy stack is beside that of 2014: the bridge, requests, bare writes; and what one more edge costs.

festning is measured on a lab, then the stack of 2014 on another one with the same machines, by the same programs; so
``--turns`` times, since a shared machine is faster in one hour than in the next. Then festning with 1, 2, 4 and 8
edges. Medians of all runs. Labs are taken down however it ends.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from bench.machine import header
from bench.stack import comparison, edges, sides
from bench.stack.tools import Tools
from bench.stage import RunError, ended_by_signals
from festning.errors import FestningError

PARTS = (*sides.PARTS, "edges")
RATE = 40.0


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.stack", description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=3, help="how often each stack is raised and measured")
    parser.add_argument("--runs", type=int, default=2, help="runs of everything in each turn")
    parser.add_argument("--only", action="append", choices=PARTS, help="one of the parts; may be repeated")
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second where the rate is fixed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    options = parser.parse_args(arguments)
    if os.geteuid() != 0:
        raise SystemExit("bench-stack boots machines, and that takes root: run it with sudo")
    print(header(), flush=True)
    taken: dict[str, dict[str, list[float]]] = {}
    found: dict[str, Any] = {"header": header(), "figures": taken}
    try:
        with ended_by_signals(), tempfile.TemporaryDirectory() as folder:
            _measure(options, Tools(Path(folder) / "tools"), taken, found)
    except KeyboardInterrupt:
        raise SystemExit("interrupted; the labs are down") from None
    except (FestningError, RunError) as error:
        raise SystemExit(str(error)) from None
    finally:
        if taken:
            print(comparison.table(sides.FESTNING, sides.BASELINE, taken), flush=True)
        ours, theirs = (taken.get(name, {}) for name in (sides.FESTNING, sides.BASELINE))
        found["bars"] = [bar.document() for bar in comparison.bars(ours, theirs)]
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(found, indent=2) + "\n")


def _measure(options: argparse.Namespace, tools: Tools, taken: dict[str, Any], found: dict[str, Any]) -> None:
    parts = options.only or PARTS
    if set(parts) & set(sides.PARTS):
        for raised in (sides.fortress, sides.baseline) * options.turns:
            with raised() as ground:
                say = partial(_say, ground.name, taken.setdefault(ground.name, {}))
                sides.measure(ground, tools, parts, runs=options.runs, rate=options.rate, say=say)
    if "edges" in parts:
        costs = edges.costs(tools, options.turns * options.runs, lambda cost: print(f"  {cost}", flush=True))
        found["edges"] = [cost.document() for cost in costs]
        print(edges.table(costs), flush=True)


def _say(stack: str, taken: dict[str, list[float]], figure: comparison.Figure, value: float) -> None:
    taken.setdefault(figure.name, []).append(value)
    print(f"  {stack:9} {figure.name:34} {value:10.2f} {figure.unit}", flush=True)


if __name__ == "__main__":
    main()
