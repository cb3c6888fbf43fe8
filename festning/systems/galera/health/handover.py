"""Giving the token to another node on purpose: before a planned stop, or because the operator says so.

Leaves the token's meaning to ``decision``. The other node is asked first whether it is in sync, and the old one goes on
answering for the moment in which the front doors notice.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping

from .database import Session
from .decision import LEAVING_LEAST, LEAVING_MOST, Token, View

NOTICE = 0.6
"""Seconds between the change and the end of a handover: the front doors check several times a second."""
ASK_TIMEOUT = 1.0
MAKE_WAY_TRIES = 45
"""How often, a second apart, another node is asked: after its own restart it may need a while to be in sync."""


class CannotMoveError(Exception):
    """The token stays where it is, and why."""


def hand_over(
    session: Session,
    addresses: Mapping[str, tuple[str, int]],
    *,
    to: str | None = None,
    ask: Callable[[tuple[str, int], str], bool] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Give the token away and say what happened; without ``to``, only if this node has it, to whoever is in sync.

    ``addresses`` are where the nodes' health answers are, by node name. Raises :class:`CannotMoveError`.
    """
    ask = ask or answers
    view, token = session.view(), session.token()
    if not view.serving or token is None:
        raise CannotMoveError("this node is not in the primary component, or there is no token yet")
    if to is None and token.holder != view.node:
        return f"nothing to hand over: the writer is {token.holder}"
    if to == token.holder:
        return f"{to} is the writer already"
    target = _target(view, token, addresses, to, ask)
    incarnation = next(uuid for uuid, name in view.members.items() if name == target)
    if not session.take(token, Token(target, incarnation)):
        raise CannotMoveError("the token changed meanwhile")
    for _ in range(20):
        if target == view.node or ask(addresses[target], "/writer"):
            break
        sleep(0.05)
    sleep(LEAVING_LEAST)
    # Transactions that were open may end, if they do so soon.
    for _ in range(round((LEAVING_MOST - LEAVING_LEAST) / 0.05)):
        if session.view().writing == 0:
            break
        sleep(0.05)
    sleep(NOTICE)
    return f"the writer is {target}"


def make_way(
    connect: Callable[[], Session],
    addresses: Callable[[Session], Mapping[str, tuple[str, int]]],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Give the token away before this node restarts, and say what happened; wait for another node to be in sync.

    Nothing happens where this node serves nobody. Raises :class:`CannotMoveError` when there is nobody to give it to.
    """
    for left in range(MAKE_WAY_TRIES, 0, -1):
        try:
            session = connect()
        except Exception as error:  # noqa: BLE001 -- whatever the driver raises: a server that does not answer serves nobody.
            return f"nothing to hand over: the database does not answer ({type(error).__name__})"
        try:
            if not session.view().serving:
                return "nothing to hand over: this node serves nobody"
            return hand_over(session, addresses(session), sleep=sleep)
        except CannotMoveError:
            if left == 1:
                raise
        finally:
            session.close()
        sleep(1.0)
    raise AssertionError


def _target(
    view: View,
    token: Token,
    addresses: Mapping[str, tuple[str, int]],
    to: str | None,
    ask: Callable[[tuple[str, int], str], bool],
) -> str:
    wanted = [to] if to is not None else [name for name in sorted(view.members.values()) if name != token.holder]
    for name in wanted:
        if name in view.members.values() and name in addresses and ask(addresses[name], "/synced"):
            return name
    raise CannotMoveError(f"no other data node is in sync (asked: {', '.join(wanted) or 'none'})")


def answers(address: tuple[str, int], path: str) -> bool:
    """Whether a node's health answers 200 to a question."""
    try:
        with socket.create_connection(address, timeout=ASK_TIMEOUT) as connection:
            connection.settimeout(ASK_TIMEOUT)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: health\r\n\r\n".encode("ascii"))
            return connection.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False
