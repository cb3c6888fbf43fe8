"""Which data node takes the writes: a pure decision from one node's view of the cluster and one replicated row.

The row ``festning.writer`` names the *holder* of the token, by node name and by the UUID that it had in the group when
it took the token (its incarnation). Every data node decides for itself, twenty times a second:

* It answers for writes only while it is in the primary component, takes statements (``wsrep_ready``), is Synced or
  gives another node a copy (Donor: mariadb-backup does not block it, and of two data nodes the donor is the only one
  left), and the row names it.
* It claims the token when the holder's incarnation is not in its view of the group. The claim is an UPDATE guarded by
  what was read; where two nodes claim at once, Galera's certification lets one win, and the other finds a row that no
  longer is what it read. A node without quorum cannot claim: its UPDATE is refused.
* It never claims while the holder is in view, however fit it is itself: a holder that comes back before anyone claimed
  goes on, and there is no fail-back to a "preferred" node.

Cases that were thought through (``tests/systems/galera/test_decision.py`` has them):

=========================================  =============================================================================
case                                       what happens
=========================================  =============================================================================
holder killed, cut off or frozen           survivors drop it from the view (``evs.suspect_timeout``), one claims
holder in the minority of a partition      no longer Primary: 503. Before it notices, its commits wait for an answer of
                                           the majority that never comes, so it acknowledges nothing
holder frozen, then thawed                 503 while frozen (age of the last answer); after it, *doubt*: it confirms its
                                           token with a replicated write, which an evicted node cannot do
holder restarts before anyone claimed      a new incarnation: the others claim from the old one, or it confirms its own
                                           name, whichever certifies first
holder rejoins as Joiner, row names it     503 until Synced; another Synced node sees a foreign incarnation and claims
holder is the only data node left          stays the holder, also as Donor for the one that comes back
donor is the only one left, holder gone    claims after ``DONOR_PATIENCE``, so that a Synced node goes first
blackout                                   the holder confirms if it is back, otherwise whoever is Synced first claims
planned move                               old and new holder may both answer 200 until both have read the row (one
                                           poll): writes on both certify against each other, none is lost
view read while it changes                 the membership does not have this node as what it is: no claim until it has
row or table missing                       503, nothing is claimed: the cluster is not set up yet
holder in view, its writes never end       503 once it is in doubt; nobody may claim. ``stuck`` has the server ended
=========================================  =============================================================================

Knows no connection, no clock and no HTTP; leaves them to ``poller``, ``database`` and ``http``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

DONOR_PATIENCE = 0.5
"""Seconds for which a donor leaves an orphaned token to a Synced node."""

LEAVING_LEAST = 0.4
"""Seconds in which all front doors have seen that nothing new is to begin here: they ask twenty times a second."""
LEAVING_MOST = 1.5
"""Seconds after which a transaction that is still open is cut: two nodes should not take writes for long."""

_SERVING = ("Synced", "Donor/Desynced")


@dataclass(frozen=True)
class Pulse:
    """What this node's server says of its work, for ``stuck`` alone.

    ``connected`` is whether it has a connection to the group, primary or not; ``committed`` the number of the last
    transaction that it committed, ``queued`` how many wait to be applied, and ``rows`` a count of the rows that it
    changed. ``held_back`` says that another member made the whole group wait (flow control).
    """

    connected: bool = True
    committed: int = 0
    queued: int = 0
    rows: int = 0
    held_back: bool = False


@dataclass(frozen=True)
class View:
    """What this node's server says of the cluster. ``members`` are the data nodes in view: incarnation UUID → name.

    ``writing`` is how many transactions are open here that have changed something.
    """

    node: str
    incarnation: str
    status: str
    state: str
    ready: bool
    members: Mapping[str, str]
    writing: int = 0
    pulse: Pulse = Pulse()

    @property
    def serving(self) -> bool:
        """Whether it takes statements in the primary component."""
        return self.status == "Primary" and self.ready and self.state in _SERVING

    @property
    def synced(self) -> bool:
        """Whether it is in the primary component and up to date."""
        return self.status == "Primary" and self.ready and self.state == "Synced"

    @property
    def complete(self) -> bool:
        """Whether the membership includes this node itself, as it does not while a view is being installed."""
        return self.members.get(self.incarnation) == self.node


@dataclass(frozen=True)
class Token:
    """The replicated row."""

    holder: str
    incarnation: str


class Action(Enum):
    """What the node should do with the token before it answers."""

    NONE = "none"
    CLAIM = "claim"
    CONFIRM = "confirm"


@dataclass(frozen=True)
class Decision:
    """The answers to ``/writer`` and ``/synced`` with the reasons for them, and what to do.

    ``leaving`` says that the writes have just moved away on purpose, and sessions may end what they began.
    """

    writer: bool
    synced: bool
    reason: str
    action: Action = Action.NONE
    leaving: bool = False


def leaving(view: View, token: Token, left_for: float) -> bool:
    """Whether a node that gave the token away, ``left_for`` seconds ago, still suffers the sessions that it has."""
    if not view.serving or token.holder == view.node:
        return False
    return left_for < LEAVING_LEAST or (view.writing > 0 and left_for < LEAVING_MOST)


def decide(view: View, token: Token | None, *, doubt: bool = False, orphaned_for: float = 0.0) -> Decision:
    """What this node answers and does.

    ``doubt`` says that the node's own word about being the holder may be old (it just came back, or was stopped);
    ``orphaned_for`` is for how many seconds it has seen the token without a holder in view.
    """
    if not view.serving:
        return Decision(False, False, _unfit(view))
    if token is None:
        return Decision(False, view.synced, "no writer's token yet")
    if token.holder == view.node:
        if doubt or token.incarnation != view.incarnation:
            return Decision(False, view.synced, "confirming the token", Action.CONFIRM)
        return Decision(True, view.synced, f"holds the token, {view.state}")
    return _decide_for_other(view, token, orphaned_for)


def _decide_for_other(view: View, token: Token, orphaned_for: float) -> Decision:
    if not orphaned(view, token):
        return Decision(False, view.synced, f"the writer is {token.holder}")
    if not view.synced and orphaned_for < DONOR_PATIENCE:
        return Decision(False, view.synced, f"{token.holder} is gone; a donor waits for a synced node to take over")
    return Decision(False, view.synced, f"{token.holder} is gone, claiming the token", Action.CLAIM)


def orphaned(view: View, token: Token) -> bool:
    """Whether the token's holder is not in view as the incarnation that took it. A token that was given to a node by
    name only (no incarnation, as the first is) is orphaned when no node of that name is in view."""
    if not view.complete:
        return False
    if not token.incarnation:
        return token.holder not in view.members.values()
    return view.members.get(token.incarnation) != token.holder


def _unfit(view: View) -> str:
    if view.status != "Primary":
        return f"not in the primary component ({view.status or 'no cluster status'})"
    if view.state not in _SERVING:
        return f"not up to date ({view.state})"
    return "takes no statements (wsrep_ready is OFF)"
