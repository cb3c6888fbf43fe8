"""How fast festning plans and applies, beside pyinfra, Ansible and a bare SSH round trip, in one run; and on 50 hosts.

Everyone does the same packages, accounts, directories, files and units, from the same compiled catalogs, on the same
lab hosts, as whole processes, in turns. That everyone agrees is checked first: after festning's apply, a run of each
peer changes nothing. Medians of ``--runs``. The machine is left as it was: labs down, kernel settings and secrets gone.

Before each measured change, one small file that every host has is edited by hand on all of them, and each tool's own
run puts it right.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import machine
from bench.contest import Contender, bare_round_trip, contenders, install_apt_bindings
from bench.figures import Bar, Run, Series, table, times_faster
from bench.peers.installing import REQUIREMENTS
from bench.stage import RunError, Stage, ended_by_signals, enough_watchers, measure, stage

EDITED = "/etc/cloud/cloud.cfg.d/99-festning.cfg"
"""On every host, and nothing reacts to it."""
MEMORY = Path("/dev/shm")  # noqa: S108 (a tmpfs: secrets must not touch a disk)
SMALL_EDGES, LARGE_EDGES = 3, 47
COMPILE_SCALE = "bench.compile_scale"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.engine", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of what a median is taken of")
    parser.add_argument("--only", choices=("six", "fifty", "compile"), help="one of the parts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    options = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("bench-engine boots machines, and that takes root: run it with sudo")
    print(header(), flush=True)
    parts = {"six": six_hosts, "fifty": fifty_hosts, "compile": compilation}
    chosen = [options.only] if options.only else list(parts)
    found: dict[str, Any] = {"header": header()}
    try:
        with ended_by_signals(), enough_watchers(), tempfile.TemporaryDirectory() as folder:
            for name in chosen:
                found[name] = parts[name](Path(folder), options.runs)
    except KeyboardInterrupt:
        raise SystemExit("interrupted; the labs are down and the settings are back") from None
    except RunError as error:
        raise SystemExit(str(error)) from None
    finally:
        if options.json:
            options.json.write_text(json.dumps(found, indent=2) + "\n")


def header() -> str:
    """Who measures, on what."""
    pinned = dict(line.split("==") for line in REQUIREMENTS.read_text().split() if "==" in line)
    return (
        f"{machine.header()}\n"
        f"festning {version('festning')}, pyinfra {pinned['pyinfra']}, ansible-core {pinned['ansible-core']},"
        f" asyncssh {version('asyncssh')}"
    )


def six_hosts(folder: Path, runs: int) -> dict[str, Any]:
    """Everyone beside everyone on six hosts: a look with nothing to change, then a change of one file on each."""
    with stage(folder, "bench-six", SMALL_EDGES) as made, in_memory() as secret:
        debs = folder / "debs"
        debs.mkdir()
        install_apt_bindings(made, debs)
        everyone = contenders(made, secret)
        agree(everyone)
        bare = bare_round_trip(made)
        looks = in_turns(everyone, made, runs, dry=True, bare=bare)
        changes = in_turns(everyone, made, runs, dry=False, bare=None)
    bars = [*look_bars(looks), *change_bars(changes)]
    show("plan of 6 hosts, nothing to change", list(looks.values()), looks["festning"], look_bars(looks))
    show("apply of one changed file on 6 hosts", list(changes.values()), changes["festning"], change_bars(changes))
    return {
        "plan": [series.document() for series in looks.values()],
        "apply": [series.document() for series in changes.values()],
        "bars": [bar.document() for bar in bars],
    }


def look_bars(looks: dict[str, Series]) -> list[Bar]:
    """What is to be reached by a look."""
    mine, bare = looks["festning"], looks["bare round trip"]
    return [
        Bar("times faster than pyinfra", times_faster(mine, looks["pyinfra"]), 4, "×", at_least=True),
        Bar("times faster than Ansible", times_faster(mine, looks["Ansible"]), 25, "×", at_least=True),
        Bar("times the bare asyncssh round trip", times_faster(bare, mine), 2, "×"),
    ]


def change_bars(changes: dict[str, Series]) -> list[Bar]:
    """What is to be reached by a change."""
    mine = changes["festning"]
    return [
        Bar("times faster than pyinfra", times_faster(mine, changes["pyinfra"]), 4, "×", at_least=True),
        Bar("times faster than Ansible", times_faster(mine, changes["Ansible"]), 20, "×", at_least=True),
    ]


def agree(everyone: list[Contender]) -> None:
    """Each contender's own run, after festning's apply, changes nothing: the state is the same one for all.

    Also warms what each keeps between runs. Raises :class:`RunError`.
    """
    for one in everyone:
        _, output = measure(one.change, one.environment, one.folder)
        changed = _changes(one, output, dry=False)
        if changed:
            raise RunError(f"{one.name} changed {changed} after festning's apply, so it has another state:\n{output}")


def in_turns(
    everyone: list[Contender], made: Stage, runs: int, *, dry: bool, bare: list[str] | None
) -> dict[str, Series]:
    """Each contender once, and so on: whatever else the machine does meets all of them."""
    taken: dict[str, list[Run]] = {one.name: [] for one in everyone}
    if bare is not None:
        taken = {"bare round trip": [], **taken}
    for number in range(1, runs + 1):
        print(f"  … {'looks' if dry else 'changes'}, round {number} of {runs}", file=sys.stderr, flush=True)
        if bare is not None:
            taken["bare round trip"].append(measure(bare, made.environment)[0])
        for one in everyone:
            if not dry:
                edit(made)
            run, output = measure(one.look if dry else one.change, one.environment, one.folder)
            wanted = 0 if dry else len(made.fortress.hosts)
            if _changes(one, output, dry=dry) != wanted:
                raise RunError(f"{one.name} was to change {wanted} files:\n{output}")
            taken[one.name].append(run)
    return {name: Series(name, tuple(series)) for name, series in taken.items()}


def edit(made: Stage) -> None:
    """Append a line to the file, by hand, on every host."""
    for host in made.fortress.hosts:
        made.on_host(host.name, "sh", "-c", f"echo '# edited by hand' >>{EDITED}")


def fifty_hosts(folder: Path, runs: int) -> dict[str, Any]:
    """A plan of fifty hosts on which everything is applied."""
    with stage(folder, "bench-fifty", LARGE_EDGES) as made:
        taken = [measure(made.festning("plan"), made.environment)[0] for _ in range(runs)]
    series = Series("festning", tuple(taken))
    bars = [Bar("plan", series.median_s, 3, "s"), Bar("peak memory of the process", series.peak_mib, 250, "MiB")]
    show("plan of 50 hosts, nothing to change", [series], None, bars)
    return {"plan": [series.document()], "bars": [bar.document() for bar in bars]}


def compilation(_folder: Path, _runs: int) -> dict[str, Any]:
    """Load, policy and compilation alone, for fortresses of growing size: a table of its own."""
    if importlib.util.find_spec(COMPILE_SCALE) is None:
        return {}
    importlib.import_module(COMPILE_SCALE).main([])
    return {}


def show(title: str, rows: list[Series], beside: Series | None, bars: list[Bar]) -> None:
    """Print a table with what was to be reached."""
    print("", table(title, rows, beside), *(bar.line() for bar in bars), sep="\n", flush=True)


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder on a tmpfs, for root only; gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="festning-bench-", dir=MEMORY))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _changes(one: Contender, output: str, *, dry: bool) -> int:
    try:
        return one.changes(output, dry)
    except ValueError as error:
        raise RunError(f"{one.name}: {error}\n{output}") from None


if __name__ == "__main__":
    main()
