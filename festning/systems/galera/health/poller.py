"""The thread that looks at the database, decides, and publishes an answer with its age.

A frozen server blocks this thread, never the answers: an answer older than :data:`MAX_AGE` counts as "no". Knows the
clock and when to doubt; leaves the decision to ``decision``, and whether the server is stuck to ``stuck``.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from .database import HangsError, Session
from .decision import Action, Decision, Token, View, decide, leaving, orphaned
from .stuck import PATIENCE, Look, Reason, Watch
from .trial import Trial
from .unformed import Unformed

INTERVAL = 0.05
MAX_AGE = 1.0
"""Seconds after which an answer counts for nothing. A frozen server is found out that much later; but a server that is
slow for lack of processor time must not be taken for one: all its sessions would be cut off, again and again."""


@dataclass(frozen=True)
class Answer:
    """A decision and when it was made (monotonic clock, seconds)."""

    decision: Decision
    at: float


class Poller:
    """Keeps an answer fresh. ``connect`` opens a session; ``clock`` and ``log`` are replaceable for tests.

    ``trial`` is how a write of our own is tried, ``revive`` asks for the end of a server that is stuck, and ``form``
    for an attempt to form the group again.
    """

    def __init__(
        self,
        connect: Callable[[], Session],
        trial: Trial,
        revive: Callable[[Reason], None],
        form: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        log: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
    ) -> None:
        self._connect = connect
        self._trial = trial
        self._revive = revive
        self._form = form
        self._watch = Watch()
        self._unformed = Unformed()
        self._seen: tuple[View, Token | None] | None = None
        self._clock = clock
        self._log = log
        self._session: Session | None = None
        self._doubt = True
        self._orphaned_since: float | None = None
        self._left_at: float | None = None
        self._answer = Answer(Decision(False, False, "not looked yet"), clock())
        self._logged = ""

    def current(self) -> Decision:
        """What to answer now."""
        answer = self._answer
        age = self._clock() - answer.at
        if age > MAX_AGE:
            return Decision(False, False, f"the database has not answered for {age:.1f} s")
        return answer.decision

    def run(self, stop: threading.Event) -> None:
        """Look every :data:`INTERVAL` until told to stop."""
        while not stop.is_set():
            self.poll()
            stop.wait(INTERVAL)

    def poll(self) -> None:
        """Look once, act, and publish."""
        started = self._clock()
        self._seen, silent = None, False
        try:
            decision = self._look()
        except Exception as error:  # noqa: BLE001 -- whatever the driver raises, the answer is "no" and we try again.
            silent = isinstance(error, HangsError)
            self._give_up()
            decision = Decision(False, False, f"the database does not answer: {type(error).__name__}: {error}")
        finished = self._clock()
        # An answer that took longer than answers may be old says nothing about now; neither may the next one.
        if finished - started > MAX_AGE:
            self._doubt = True
        self._publish(decision, started)
        self._watch_over(silent=silent)

    def _look(self) -> Decision:
        if self._session is None:
            self._session = self._connect()
        view = self._session.view()
        token = self._session.token() if view.serving else None
        self._seen = (view, token)
        decision = decide(view, token, doubt=self._doubt, orphaned_for=self._orphaned_for(view, token))
        if decision.action is Action.NONE or token is None:
            return self._taking_leave(view, token, decision)
        if self._trial.under_way:
            return Decision(False, False, f"{decision.reason}: an earlier write has not come back yet")
        if not self._take(self._session, token, Token(view.node, view.incarnation)):
            return Decision(False, decision.synced, f"{decision.reason}: another node was first")
        self._log(f"{decision.action.value}: the token was {token.holder}'s ({token.incarnation or 'unused'})")
        self._doubt = False
        return decide(view, self._session.token())

    def _take(self, session: Session, old: Token, new: Token) -> bool:
        try:
            return session.take(old, new)
        except HangsError:
            self._trial.begin(old)
            raise

    def _watch_over(self, *, silent: bool) -> None:
        view, token = self._seen or (None, None)
        holds = view is not None and token is not None and token.holder == view.node
        reason = self._watch.look(
            Look(at=self._clock(), view=view, silent=silent, holds=holds, trying=self._trial.under_way)
        )
        if token is not None and self._watch.suspects:
            self._trial.begin(token)
        if self._unformed.look(self._clock(), view):
            self._ask("in no primary component: asking for an attempt to form it", self._form)
        if reason is not None:
            text = f"the database is stuck ({reason.value}, for {PATIENCE[reason]:.0f} s): asking for its end"
            self._ask(text, lambda: self._revive(reason))

    def _ask(self, text: str, ask: Callable[[], None]) -> None:
        self._log(text)
        try:
            ask()
        except OSError as error:
            self._log(f"that could not be asked for: {error}")

    def _taking_leave(self, view: View, token: Token | None, decision: Decision) -> Decision:
        if self._answer.decision.writer and not decision.writer:
            self._left_at = self._clock()
        if self._left_at is None or token is None:
            return decision
        if not leaving(view, token, self._clock() - self._left_at):
            self._left_at = None
            return decision
        return replace(decision, leaving=True, reason=f"{decision.reason}; sessions here may end what they began")

    def _orphaned_for(self, view: View, token: Token | None) -> float:
        if token is None or not view.serving or not orphaned(view, token):
            self._orphaned_since = None
            return 0.0
        if self._orphaned_since is None:
            self._orphaned_since = self._clock()
        return self._clock() - self._orphaned_since

    def _give_up(self) -> None:
        self._doubt = True
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _publish(self, decision: Decision, at: float) -> None:
        if not decision.writer and not decision.synced:
            self._doubt = True
        self._answer = Answer(decision, at)
        if decision.reason != self._logged:
            self._logged = decision.reason
            self._log(f"writer={'yes' if decision.writer else 'no'} synced={'yes' if decision.synced else 'no'}: "
                      f"{decision.reason}")  # fmt: skip
