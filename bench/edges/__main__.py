"""Many edges: what a hub carries, what a plan and an apply cost as edges grow, how fast edges come and are replaced.

Each part has labs or namespaces of its own, which are taken down however it ends. Medians of ``--runs`` where the
tables do not say otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from bench.edges import grow, hub, scale
from bench.machine import header
from bench.stage import RunError, ended_by_signals, enough_watchers
from festning.errors import FestningError

PARTS = {"hub": hub.measure, "grow": grow.grow, "scale": scale.scale, "replace": scale.replace}


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.edges", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of what a median is taken of")
    parser.add_argument("--only", action="append", choices=tuple(PARTS), help="one of the parts; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    options = parser.parse_args(arguments)
    if os.geteuid() != 0:
        raise SystemExit("bench-edges boots machines, and that takes root: run it with sudo")
    print(header(), flush=True)
    found: dict[str, Any] = {"header": header()}
    try:
        with ended_by_signals(), enough_watchers(), tempfile.TemporaryDirectory() as folder:
            for name in options.only or PARTS:
                found[name] = PARTS[name](Path(folder), options.runs)
    except KeyboardInterrupt:
        raise SystemExit("interrupted; the labs are down and the settings are back") from None
    except (FestningError, RunError) as error:
        raise SystemExit(str(error)) from None
    finally:
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
