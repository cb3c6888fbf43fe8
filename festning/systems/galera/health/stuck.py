"""Whether this node's server is stuck for good: a pure judgement of many looks at it, one after another.

A stuck server neither serves nor leaves, so the others wait for it. Only a new process helps, and the longer a state
may also be a healthy server at work, the more patience there is with it:

=============  ====================================================  =============================================
reason         what was seen at every look, for so long              what looks alike, and why it is not taken for it
=============  ====================================================  =============================================
writes         Primary and Synced; a write of our own is under way,  backup (FLUSH TABLES WITH READ LOCK): the node
               nothing at all is committed                           is Donor/Desynced; slow peer: ``held_back``;
                                                                     partition: not Primary, or soon over
silent         a session opens, and its first questions get no       frozen process, start: no session opens
               answer
disconnected   no connection to the group, though it answers         quorum is waited for, a transfer: connected
applying       Primary and Synced; write sets wait, none is          large transaction: it changes rows
               committed, no row is changed
=============  ====================================================  =============================================

A schema change in total order stops all of it, too, and cannot be told from here: the program that ends the server, as
root, looks for one (``templates/revive.sh.j2``). So it does for a server that starts, stops, or has just started.

Leaves looking to ``poller``, and the write of our own to ``trial``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from .decision import View


class Reason(Enum):
    """Why a server is taken for stuck. The value is the name of the request (``revival``)."""

    WRITES = "writes"
    SILENT = "silent"
    DISCONNECTED = "disconnected"
    APPLYING = "applying"


PATIENCE = {
    # Longer than a group takes to form anew (a few seconds) and than a disk's worst flush; shorter than
    # the 50 s for which our write may wait for a lock (database.PATIENT), after which the server would end the wait.
    Reason.WRITES: 20.0,
    # Each look waits 1.5 s (database.READ_TIMEOUT). A host without processor time answers a few of thirty.
    Reason.SILENT: 30.0,
    # Nothing reconnects by itself. Time for the server's own last words, or to end by itself.
    Reason.DISCONNECTED: 15.0,
    # The only evidence is that nothing happens: a disk may be as slow for a while.
    Reason.APPLYING: 60.0,
}
"""Seconds without interruption after which a server is stuck."""
SUSPICION = 5.0
"""Seconds without a commit, while transactions are open on the writer, after which a write of our own is tried."""
LONGEST_GAP = 5.0
"""Seconds between two looks after which what was seen before says nothing: the daemon itself, or the host, stood."""


@dataclass(frozen=True)
class Look:
    """One look at the server and when it ended (monotonic clock, seconds).

    ``view`` is ``None`` when there was no answer; ``silent`` says that a session was opened all the same. ``holds``:
    the token names this node. ``trying``: a replicated write of our own is under way.
    """

    at: float
    view: View | None
    silent: bool = False
    holds: bool = False
    trying: bool = False


class Watch:
    """Remembers since when the server has looked stuck."""

    def __init__(self) -> None:
        self._since: dict[Reason, float] = {}
        self._idle_since: float | None = None
        self._last: Look | None = None

    def look(self, look: Look) -> Reason | None:
        """Take a look into account, and say why the server is stuck now, if it is.

        Once said, the patience begins anew: whoever was asked to end the server may have had a reason not to.
        """
        if self._last is None or not 0 <= look.at - self._last.at <= LONGEST_GAP:
            self._forget()
        seen = set(_evidence(look, self._last))
        self._since = {reason: self._since.get(reason, look.at) for reason in seen}
        self._idle_since = (self._idle_since or look.at) if _idle(look, self._last) else None
        self._last = look
        for reason, since in self._since.items():
            if look.at - since >= PATIENCE[reason]:
                del self._since[reason]
                return reason
        return None

    @property
    def suspects(self) -> bool:
        """Whether a write of our own should be tried: transactions are open on the writer, and none comes to an end."""
        return self._last is not None and self._idle_since is not None and self._last.at - self._idle_since >= SUSPICION

    def _forget(self) -> None:
        self._since, self._idle_since, self._last = {}, None, None


def _evidence(look: Look, last: Look | None) -> Iterator[Reason]:
    view = look.view
    if view is None:
        if look.silent:
            yield Reason.SILENT
    elif not view.pulse.connected and view.status != "Primary":
        yield Reason.DISCONNECTED
    elif _nothing_committed(look, last):
        if look.trying and not _held_back(view):
            yield Reason.WRITES
        if view.pulse.queued and last is not None and last.view is not None and view.pulse.rows == last.view.pulse.rows:
            yield Reason.APPLYING


def _idle(look: Look, last: Look | None) -> bool:
    view = look.view
    if view is None or not look.holds or not view.writing or _held_back(view):
        return False
    return _nothing_committed(look, last)


def _nothing_committed(look: Look, last: Look | None) -> bool:
    """Whether a node in sync is still the same member, at the same transaction."""
    view, before = look.view, last.view if last else None
    if view is None or before is None or not view.synced:
        return False
    return (view.incarnation, view.pulse.committed) == (before.incarnation, before.pulse.committed)


def _held_back(view: View) -> bool:
    """Whether it waits for another member. One with write sets of its own to apply may be what all wait for."""
    return view.pulse.held_back and view.pulse.queued == 0
