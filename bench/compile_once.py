"""Loads one fortress, judges it and compiles every catalog, as every verb does before it turns to the hosts."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from festning.systems.galera.recovery.formation import Formation
from festning.workflows.compiling import compile_catalogs, read_sources
from festning.workflows.judging import load_judged


def main() -> None:
    """Print how many hosts and catalog items came out."""
    fortress = load_judged(Path(sys.argv[1]), datetime.now(UTC).date())
    catalogs = compile_catalogs(fortress, read_sources(fortress), Formation.running())
    items = sum(len(system.items) for catalog in catalogs.values() for system in catalog.systems)
    print(f"{len(catalogs)} hosts, {items} items")


if __name__ == "__main__":
    main()
