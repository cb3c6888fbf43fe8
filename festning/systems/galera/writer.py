"""Which data node takes the writes, asked on one of them. Leaves moving it to ``health/handover``."""

from __future__ import annotations

from festning.model.check import Probe
from festning.systems.galera.catalog import WRITER


def writer_probe(host: str) -> Probe:
    """Asks a data node who takes the writes."""
    return Probe(host=host, script=f"{WRITER} show\n", timeout_s=10)


def parse_writer(output: str) -> str | None:
    """The name of the writer, ``None`` where the node does not know."""
    for line in output.splitlines():
        if line.startswith("writer ") and line != "writer none":
            return line.removeprefix("writer ")
    return None
