"""``history``: what the hosts remember of every apply, merged."""

from __future__ import annotations

from pathlib import Path

from festning.engine.bundle import Verb
from festning.engine.connections import Connections
from festning.engine.recall import recall_histories
from festning.model.history import History, merged
from festning.workflows.opening import Opened, Surroundings, open_fortress


async def history(file: Path, surroundings: Surroundings, *, lab: bool) -> History:
    """The history of a file's fortress, which is up."""
    opened = open_fortress(file, surroundings, lab=lab)
    async with Connections(opened.endpoints()) as connections:
        return await recall_history(opened, connections)


async def recall_history(opened: Opened, connections: Connections) -> History:
    """Ask every host; those that do not answer are named in the result."""
    connections.begin(Verb.RECALL)
    hosts = [host.name for host in opened.fortress.hosts]
    return merged(opened.fortress.name, await recall_histories(hosts, connections))
