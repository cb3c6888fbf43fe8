"""How load, policy and compilation grow with the number of hosts: whole processes, for 100, 1,000 and 10,000 hosts.

The example with as many edges, declared in two ways: as one group with ``count``, and each by an entry of its own with
an address of its own (a long file). Each process is fresh; medians of ``--runs``. Linear means that a host more costs
the same among 10,000 as among 1,000.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench.figures import Bar, Run, Series
from bench.stage import EXAMPLE, as_installed, measure

SIZES = (100, 1_000, 10_000)
OTHERS = 3
"""Hosts of the example that are no edges."""
GROUP = "  edge:    {site: dublin, role: edge, count: 2, size: t3.small, traffic: 300GiB}\n"
SHAPES = {"one group": "group", "own entries": "each"}
MOST_FOR_1000_S = 2.0
MOST_GROWTH = 1.3


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.compile_scale", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of what a median is taken of")
    options = parser.parse_args(arguments)
    print(f"\nload, policy and catalogs, whole process, medians of {options.runs}")
    print(f"  {'':22} {'median':>9} {'spread':>17} {'CPU':>9} {'peak':>9} {'a host':>9}")
    for shape in SHAPES:
        found = {}
        for size in SIZES:
            found[size] = series(shape, size, options.runs)
            print(row(found[size], size), flush=True)
        for bar in bars(shape, found):
            print(bar.line(), flush=True)


def series(shape: str, hosts: int, runs: int) -> Series:
    """One shape and size, measured."""
    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder), SHAPES[shape], hosts)
        command = [sys.executable, "-m", "bench.compile_once", str(file)]
        taken: list[Run] = []
        for _ in range(runs):
            run, output = measure(command, as_installed(os.environ))
            assert output.startswith(f"{hosts} hosts, "), output
            taken.append(run)
    return Series(f"{shape}, {hosts:,} hosts", tuple(taken))


def bars(shape: str, found: dict[int, Series]) -> list[Bar]:
    """What is to be reached: 1,000 hosts in time, and no host dearer among many. CPU, since a median of it is calm."""
    few, some, many = (found[size].cpu_s for size in SIZES)
    early, late = (some - few) / (SIZES[1] - SIZES[0]), (many - some) / (SIZES[2] - SIZES[1])
    return [
        Bar(f"{shape}: 1,000 hosts", found[1_000].median_s, MOST_FOR_1000_S, "s"),
        Bar(f"{shape}: a host more among 10,000 and among 1,000", late / early, MOST_GROWTH, "×"),
    ]


def row(measured: Series, hosts: int) -> str:
    """A line of the table."""
    low, high = measured.spread_s
    return (
        f"  {measured.name:22} {measured.median_s:7.2f} s {low:7.2f}–{high:.2f} s {measured.cpu_s:7.2f} s"
        f" {measured.peak_mib:5.0f} MiB {1000 * measured.median_s / hosts:6.2f} ms"
    )


def write(folder: Path, shape: str, hosts: int) -> Path:
    """The example in a folder, with edges until there are so many hosts."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    file = folder / "fortress.yaml"
    text = file.read_text()
    assert GROUP in text
    edges = hosts - OTHERS
    entries = GROUP.replace("count: 2", f"count: {edges}") if shape == "group" else "".join(map(_entry, range(edges)))
    file.write_text(f"{text.replace(GROUP, entries)}\nbridge: {{pool: 10.0.0.0/8, block: 18}}\n")
    return file


def _entry(index: int) -> str:
    address = f"100.{64 + index // 65536}.{index // 256 % 256}.{index % 256}"
    lines = ("site: dublin", "role: edge", f"address: {address}", "size: t3.small")
    return f"  edge-{index}:\n" + "".join(f"    {line}\n" for line in lines)


if __name__ == "__main__":
    main()
