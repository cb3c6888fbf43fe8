"""One attempt of the data nodes to form their group again, without a hand.

Servers that lost their group wait for it, and for good when nobody is left who may form it: both hosts were restarted
in order while the arbitrator stayed, or the arbitrator never came back from a blackout. The health daemon asks for an
attempt when its server has been in no primary component for a while (``health/unformed``). Every data node then says
what it has, hears what the others say, and decides as ``apply`` would (``formation``). The one that the decision names
begins.

More careful than ``apply``, as nobody looks on: the data of every data node must be beyond doubt, nothing is begun for
the first time, and a server that a person stopped stays stopped. Two data nodes do not both begin: they decide from the
same positions, which stand still while there is no primary component. Leaves how to look and what to do to ``Hands``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .formation import FormationRefusedError, How, decide
from .observation import Observation, parse_observation

PATIENCE_S = 45.0
"""Seconds for which the others are waited for: they ask for their attempts within half a minute of each other, and a
look at a server that is just starting takes some seconds."""
PAUSE_S = 1.0
APART_S = 15.0
"""Seconds for which a server may be apart from a primary component that its host can reach. Finding it takes some."""
STOPPED = "inactive"
"""The unit's state when it was stopped on purpose: whatever else ends it, it is started again."""


class Hands(Protocol):
    """What an attempt needs of its host. None of it raises: what is not known is ``False`` or empty."""

    def look(self) -> str:
        """What this data node says of itself (``observation_script``)."""

    def look_at_group(self) -> str:
        """Only in what group its server is now (``group_script``), which disturbs no start of a person's."""

    def publish(self, told: str) -> None:
        """Let the others read it, until it is stale."""

    def serves(self, address: str) -> bool:
        """Whether another data node is in a primary component, and in sync."""

    def told(self, address: str) -> str:
        """What another data node published."""

    def run(self, program: str) -> None:
        """Run ``found``, ``promote`` or ``let-go``."""

    def now(self) -> float:
        """A clock, in seconds."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(frozen=True)
class Attempt:
    """What is known before it begins: the data nodes' bridge addresses by name, in order, and which one this is."""

    members: Mapping[str, str]
    me: str

    def make(self, hands: Hands) -> str:
        """Look, hear, decide and act. Returns what came of it, for the journal."""
        others = {name: address for name, address in self.members.items() if name != self.me}
        if serving := _serving(others, hands):
            return _let_go_when_apart(serving, others, hands)
        began, waited = hands.now(), False
        mine = _look(hands)
        heard: dict[str, Observation] = {}
        while missing := {name: address for name, address in others.items() if name not in heard}:
            if serving := _serving(missing, hands):
                return serving
            heard |= _hear(missing, hands)
            if silent := [name for name in missing if name not in heard]:
                if hands.now() - began > PATIENCE_S:
                    return (
                        f"left alone: {', '.join(silent)} does not say what data it has, which may be the most recent"
                    )
                hands.sleep(PAUSE_S)
                waited = True
        if waited:
            # What was seen before may be over.
            mine = _look(hands)
        return self._act(mine, heard, hands)

    def _act(self, mine: Observation | None, heard: Mapping[str, Observation], hands: Hands) -> str:
        seen = {name: mine if name == self.me else heard[name] for name in self.members}
        doubtful = [
            f"{name}: {'could not be looked at' if one is None else one.doubt or 'it was never in a group'}"
            for name, one in seen.items()
            if one is None or not (one.primary or one.has_usable_data)
        ]
        if doubtful:
            return f"left to a person (festning up): {'; '.join(doubtful)}"
        try:
            formation = decide(seen)
        except FormationRefusedError as error:
            return f"left to a person (festning up): {error.message}"
        if formation.how is How.RUNNING or mine is None:
            return formation.reason
        if mine.unit == STOPPED:
            return "the server was stopped on purpose, and stays so"
        if formation.founder != self.me:
            if formation.how is How.RECOVER and mine.stranded:
                hands.run("let-go")
            return f"{formation.founder} begins: {formation.reason}"
        hands.run("promote" if formation.how is How.PROMOTE else "found")
        return f"begun here: {formation.reason}"


def _let_go_when_apart(serving: str, others: Mapping[str, str], hands: Hands) -> str:
    """A server that has a view of a group without quorum, and keeps to it beside a primary component, begins anew.

    An arbitrator and a data node may make a group of which neither knows how far it was: to the protocol it is a
    primary component, which no other joins, and to the database it is none.
    """
    if not _apart(hands):
        return serving
    hands.sleep(APART_S)
    if not (_serving(others, hands) and _apart(hands)):
        return serving
    hands.run("let-go")
    return f"{serving}, and did not for {APART_S:.0f} s: it was started anew"


def _apart(hands: Hands) -> bool:
    mine = parse_observation(hands.look_at_group())
    return mine is not None and mine.apart


def _look(hands: Hands) -> Observation | None:
    """This data node, which the others can read from now on. Names of databases are nobody else's business."""
    told = hands.look()
    hands.publish("".join(f"{line}\n" for line in told.splitlines() if not line.startswith("schema_")))
    return parse_observation(told)


def _hear(others: Mapping[str, str], hands: Hands) -> dict[str, Observation]:
    """What those of the others who say anything have."""
    told = {name: parse_observation(hands.told(address)) for name, address in others.items()}
    return {name: one for name, one in told.items() if one is not None}


def _serving(others: Mapping[str, str], hands: Hands) -> str:
    serving = [name for name, address in others.items() if hands.serves(address)]
    return f"{', '.join(serving)} in a primary component, which this server joins by itself" if serving else ""
