"""How a watch is told: a line of time, group and news for people, a JSON document on a line for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from festning.cli.screen import Screen
from festning.scaling.deciding import Decision, Kind
from festning.scaling.measured import Moment
from festning.workflows.autoscaling import Said, Word

STYLES = {
    Said.FAILED: "bold red",
    Said.TROUBLE: "yellow",
    Said.LOCKED: "yellow",
    Said.BEGUN: "cyan",
    Said.DONE: "green",
}


def teller(screen: Screen, now: Callable[[], datetime], *, dry_run: bool) -> Callable[[Word], None]:
    """What tells each word as it comes: with JSON every look, otherwise what is news."""

    def tell(word: Word) -> None:
        if screen.as_json:
            print(json.dumps(document(word, now(), dry_run=dry_run), ensure_ascii=False), flush=True)
        elif word.fresh:
            for line in lines(word, dry_run=dry_run):
                screen.place(f"{now().astimezone():%H:%M:%S}  {line}", STYLES.get(word.said))

    return tell


def lines(word: Word, *, dry_run: bool) -> Iterator[str]:
    """A word in lines for people."""
    place = f"{word.group}: " if word.group else ""
    if word.said is Said.DECIDED and word.decision is not None:
        yield f"{place}{measured(word)}: {_verb(word.decision, dry_run=dry_run)}: {word.decision.reason}"
        for edge, note in word.notes.items():
            yield f"{place}{edge}: {note}"
    elif word.said is Said.TROUBLE:
        yield f"cannot look: {word.message}; trying again{_hint(word)}"
    elif word.decision is not None:
        act = _act(word)
        after = f"; tried again in {word.again_s:.0f} s" if word.again_s is not None else ""
        told = {
            Said.BEGUN: f"begins to {act}",
            Said.DONE: f"done in {word.seconds or 0:.0f} s: {act}" + (f": {word.message}" if word.message else ""),
            Said.LOCKED: f"waits to {act}: {word.message}{after}",
            Said.FAILED: f"failed to {act}: {word.message}{after}{_hint(word)}",
        }
        yield place + told[word.said]


def measured(word: Word) -> str:
    """What was measured of a group, in words."""
    moment = Moment(0.0, word.seen)
    known = [one for one in word.seen if one.requests is not None]
    count = f"{len(word.seen)} edge{'' if len(word.seen) == 1 else 's'}"
    if not known:
        return f"{count}, nothing measured"
    slow = f", 99 of 100 within {moment.worst_ms:.0f} ms" if any(one.p99_ms is not None for one in known) else ""
    part = "" if len(known) == len(word.seen) else f" at {len(known)} of them"
    return f"{count}, {moment.load:.1f} requests/s{part}{slow}"


def document(word: Word, at: datetime, *, dry_run: bool) -> dict[str, Any]:
    """A word for programs; what does not belong to it is left out."""
    decision = word.decision
    told: dict[str, Any] = {"at": at.isoformat(timespec="milliseconds"), "said": word.said.value, "group": word.group}
    if decision is not None:
        told["decision"] = decision.kind.value
        told |= {"count": decision.count, "reason": decision.reason, "edge": decision.edge, "dry_run": dry_run}
    if word.said is Said.DECIDED:
        told["fresh"] = word.fresh
        told["edges"] = [
            {
                "edge": one.edge,
                "requests": None if one.requests is None else round(one.requests, 2),
                "p99_ms": one.p99_ms,
                "answers": one.alive_since is not None,
                "dead": one.dead_since is not None,
                "note": word.notes.get(one.edge, ""),
            }
            for one in word.seen
        ]
    extra = {"seconds": word.seconds, "again_s": word.again_s, "message": word.message, "hint": word.hint}
    return told | {key: value for key, value in extra.items() if value}


def unit(file: Path, *, lab: bool, group: str | None, every: str) -> str:
    """A systemd unit that watches a file's fortress."""
    words = ("-m", "festning", "--file", str(file), *(("--lab",) if lab else ()), "watch", f"--every={every}")
    words = (sys.executable, *words, *((f"--group={group}",) if group else ()))
    command = " ".join(_word(word) for word in words)
    return f"""\
# /etc/systemd/system/festning-watch.service: what follows the traffic of {file}.
[Unit]
Description=festning watch of {file.parent.name}
Wants=network-online.target
After=network-online.target

[Service]
ExecStart={command}
# The vault's identity (FESTNING_IDENTITY_COMMAND, or FESTNING_IDENTITY) and the clouds' credentials, readable by root.
EnvironmentFile=-/etc/festning/watch.env
# It ends by itself only where the fortress cannot be opened at all: a file with a mistake, a vault without its key.
Restart=on-failure
RestartSec=60s
# Ctrl-C's signal: between acts it just ends; an act is safe to interrupt, and the next start goes on.
KillSignal=SIGINT
SuccessExitStatus=130
TimeoutStopSec=120s

[Install]
WantedBy=multi-user.target
"""


def _word(text: str) -> str:
    """One word of a unit's command line (systemd.syntax(7), systemd.service(5))."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != text or " " in text or "'" in text else text


def _verb(decision: Decision, *, dry_run: bool) -> str:
    words = {
        Kind.KEEP: "keep",
        Kind.GROW: f"grow to {decision.count}",
        Kind.SHRINK: f"shrink to {decision.count}",
        Kind.REPLACE: f"replace {decision.edge}",
        Kind.MEND: f"bring it to the {decision.count} edges that are declared",
    }
    return f"would {words[decision.kind]}" if dry_run and decision.kind is not Kind.KEEP else words[decision.kind]


def _act(word: Word) -> str:
    return "" if word.decision is None else _verb(word.decision, dry_run=False)


def _hint(word: Word) -> str:
    return f" ({word.hint})" if word.hint else ""
