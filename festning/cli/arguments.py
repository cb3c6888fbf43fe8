"""Lets the global options stand anywhere: people write ``verify --json`` as readily as ``--json verify``."""

from __future__ import annotations

from collections.abc import Sequence

_SWITCHES = frozenset({"--lab", "--json"})
_WITH_VALUE = frozenset({"--file", "-f"})
_PASSING_ON = frozenset({"ssh", "exec"})


def globals_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with the global options moved to the front.

    Nothing after ``--`` is touched, nor what ``lab ssh`` and ``lab exec`` pass on to a machine.
    """
    found: list[str] = []
    rest: list[str] = []
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word == "--" or (word in _PASSING_ON and rest[-1:] == ["lab"]):
            rest += [word, *left]
            break
        if word in _SWITCHES or word.startswith("--file="):
            found.append(word)
        elif word in _WITH_VALUE and left:
            found += [word, left.pop(0)]
        else:
            rest.append(word)
    return found + rest
