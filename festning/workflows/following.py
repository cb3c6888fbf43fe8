"""What a watch does to a group of edges: ``scaling_edges``, called by a program and not by a person."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from festning.errors import FestningError
from festning.model.check import Verdict
from festning.workflows import scaling_edges
from festning.workflows.autoscaling import Acts
from festning.workflows.laboratory import Make
from festning.workflows.opening import Surroundings
from festning.workflows.progress import Progress
from festning.workflows.scaling_edges import Scaled


def acts(
    file: Path,
    surroundings: Callable[[], Surroundings],
    *,
    make: Make | None,
    now: Callable[[], datetime],
    token: Callable[[], str],
    progress: Callable[[], AbstractContextManager[Progress]],
) -> Acts:
    """The acts on a file's fortress; arguments as of ``scaling_edges.means_of``, with those made anew for each act that
    do not outlast it."""

    def means(listener: Progress) -> scaling_edges.Means:
        return scaling_edges.means_of(file, surroundings(), make=make, now=now, token=token, progress=listener)

    def resize(group: str, count: int) -> str:
        with progress() as listener:
            return told(scaling_edges.scale(file, group, count, means(listener)))

    def replace(host: str) -> str:
        with progress() as listener:
            return told(scaling_edges.replace(file, host, means(listener)))

    return Acts(resize, replace)


def told(done: Scaled) -> str:
    """What became of it, in words. Raises :class:`FestningError` where something is left to do."""
    if not done.whole:
        troubled = [
            f"{host.host}: {host.reason or host.outcome}"
            for _, result in done.applied[-1:]
            for host in result.hosts
            if host.outcome not in ("ok", "changed")
        ]
        raise FestningError("; ".join(troubled or _not_well(done)) or "not everything is done")
    words = [f"{', '.join(done.made)} made"] if done.made else []
    words += [f"{', '.join(done.gone)} gone"] if done.gone else []
    words += [f"{host} still had {left} connections" for host, left in done.cut.items()]
    return "; ".join([*words, *_not_well(done), *done.notes])


def _not_well(done: Scaled) -> list[str]:
    checks = done.verification.checks if done.verification is not None else ()
    bad = [check for check in checks if check.verdict not in (Verdict.PASS, Verdict.WAIVED)]
    return [f"{check.host} is not well: {check.id}: {check.reason}" for check in bad[:3]]
