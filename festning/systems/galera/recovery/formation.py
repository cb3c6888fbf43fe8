"""How the cluster starts: a pure decision from what every data node says of itself.

A running cluster needs no decision, the others join it. A cluster that does not run may be started from one node only,
and from the wrong one it loses data: so a node is chosen only when every data node was seen and all that have data have
the same history. Asked by ``apply``, and by the data nodes themselves (``attempt``). Leaves looking to ``observation``
and doing to ``start``.

Sources: MariaDB Knowledge Base, "Getting Started with MariaDB Galera Cluster" (restarting the cluster); Galera Cluster
documentation, "Restarting the Cluster" (safe_to_bootstrap, wsrep-recover) and "Resetting the Quorum" (pc.bootstrap).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .observation import Observation


class FormationRefusedError(Exception):
    """The cluster does not run, and starting it from any node could lose data: why, and what a person can do."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class How(StrEnum):
    """What makes a primary component."""

    RUNNING = "running"
    """There is one already: every node joins it."""
    FIRST = "first"
    """There never was one: the founder starts the very first."""
    RECOVER = "recover"
    """No node serves: the founder, which has the most recent data, starts it again. Where its server waits for what it
    missed (``stranded``), and nobody is left to give it, it is ended first."""
    PROMOTE = "promote"
    """The founder runs, has the most recent data, and waits without quorum: it is told to be primary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formation:
    """How the cluster starts. ``founder`` is the data node to begin with, ``None`` when it runs."""

    how: How
    founder: str | None
    reason: str

    @classmethod
    def running(cls, reason: str = "the cluster runs") -> Formation:
        """Nothing to form: every node joins."""
        return cls(how=How.RUNNING, founder=None, reason=reason)

    @classmethod
    def first(cls, founder: str) -> Formation:
        """The very first start."""
        return cls(how=How.FIRST, founder=founder, reason="no data node was ever part of a cluster")

    def order(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The data nodes in the order in which to start them: the founder first, the others as given."""
        return tuple(sorted(names, key=lambda name: name != self.founder))


def decide(observations: Mapping[str, Observation | None]) -> Formation:
    """How the cluster of these data nodes starts; ``None`` stands for a node that could not be looked at.

    Data nodes are given in order of their host numbers. Raises :class:`FormationRefusedError` when any choice could
    lose data.
    """
    seen = {name: observation for name, observation in observations.items() if observation is not None}
    primary = {name: observation for name, observation in seen.items() if observation.primary}
    if primary:
        return _join(primary)
    unseen = sorted(set(observations) - set(seen))
    if unseen or not seen:
        raise FormationRefusedError(
            f"the database is down, and {', '.join(unseen) or 'no data node'} could not be looked at",
            hint="it may have the most recent data: bring every data node up, then apply again",
        )
    if not any(observation.formed for observation in seen.values()):
        return _first(seen)
    return _recover(seen)


def _first(seen: Mapping[str, Observation]) -> Formation:
    founder = next(iter(seen))
    overwritten = {name: observation.schemas for name, observation in seen.items() if name != founder}
    if any(overwritten.values()):
        listed = "; ".join(f"{name} has {', '.join(schemas)}" for name, schemas in overwritten.items() if schemas)
        raise FormationRefusedError(
            f"joining the new cluster would overwrite databases that exist already: {listed}",
            hint=f"move them to {founder}, whose databases are kept, or drop them",
        )
    return Formation.first(founder)


def _join(primary: Mapping[str, Observation]) -> Formation:
    # A node that is only on its way into the component does not tell which one it is yet.
    uuids = {observation.cluster_uuid for observation in primary.values()} - {""}
    if len(uuids) > 1:
        listed = ", ".join(f"{name} is in {observation.cluster_uuid}" for name, observation in primary.items())
        raise FormationRefusedError(
            f"there are several clusters: {listed}",
            hint="decide which one has the data to keep, and stop mariadb on the data nodes of the other",
        )
    return Formation.running(f"{', '.join(primary)} in the primary component")


def _recover(seen: Mapping[str, Observation]) -> Formation:
    candidates = {name: observation for name, observation in seen.items() if observation.has_usable_data}
    doubtful = {name: observation for name, observation in seen.items() if observation.formed and observation.doubt}
    if not candidates:
        reasons = "; ".join(f"{name}: {observation.doubt}" for name, observation in doubtful.items())
        raise FormationRefusedError(
            f"the database was formed before, but no data node has data that can be trusted ({reasons})",
            hint="restore a backup, or choose a node by hand after looking at its data",
        )
    uuids = {observation.uuid for observation in candidates.values()}
    if len(uuids) > 1:
        listed = ", ".join(f"{name} has {observation.uuid}" for name, observation in candidates.items())
        raise FormationRefusedError(
            f"the data nodes have different histories: {listed}",
            hint="decide which one to keep, and move /var/lib/mysql away on the others",
        )
    _refuse_to_lose(candidates, doubtful)

    def worth(name: str) -> tuple[int, bool, bool]:
        # Of equal data, a server that only has to be told costs the least: nobody is ended for it.
        return candidates[name].seqno, _may_be_told(candidates[name]), candidates[name].safe_to_bootstrap

    founder = max(candidates, key=worth)
    how = How.PROMOTE if _may_be_told(candidates[founder]) else How.RECOVER
    return Formation(how=how, founder=founder, reason=_reason(candidates, doubtful))


def _refuse_to_lose(candidates: Mapping[str, Observation], doubtful: Mapping[str, Observation]) -> None:
    """Raise :class:`FormationRefusedError` where another data node may have writes that the most recent one has not."""
    for name, one in candidates.items():
        parted = sorted(
            other for other in candidates if other != name and one.ahead and candidates[other].seqno > one.ahead_of
        )
        if parted:
            raise FormationRefusedError(
                f"{name} has writes to {one.seqno}, of a group that went on from {one.ahead_of} without them, as"
                f" {', '.join(parted)} did",
                hint="decide which one to keep, and move /var/lib/mysql away on the others",
            )
    latest = max(one.seqno for one in candidates.values())
    uuid = next(iter(candidates.values())).uuid
    beyond = {
        name: one
        for name, one in doubtful.items()
        if not one.transfer_aborted and one.uuid == uuid and one.seqno > latest
    }
    if beyond:
        listed = "; ".join(f"{name} is at {one.seqno}: {one.doubt}" for name, one in beyond.items())
        raise FormationRefusedError(
            f"the most recent data that can be trusted is at {latest}, and there may be more ({listed})",
            hint=f"look at the journal of mariadb.service there. To begin from it, write `uuid: {uuid}` into its"
            " /var/lib/mysql/grastate.dat; to do without what it has beyond, move its /var/lib/mysql away; then apply",
        )


def _may_be_told(one: Observation) -> bool:
    """Whether its server runs and has all of its data at hand, and only waits for a group."""
    return one.answers and not one.stranded


def _reason(candidates: Mapping[str, Observation], doubtful: Mapping[str, Observation]) -> str:
    uuid = next(iter(candidates.values())).uuid
    positions = ", ".join(f"{name} at {observation.seqno}" for name, observation in candidates.items())
    left_out = "".join(f"; not {name}: {observation.doubt}" for name, observation in doubtful.items())
    return f"most recent data of {uuid}: {positions}{left_out}"
