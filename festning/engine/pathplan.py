"""Operations on files and directories: what is missing, different, or not to be there. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from festning.engine.difference import BINARY, secret_difference, text_difference
from festning.engine.sealed import SealedCatalog
from festning.model.catalog import Directory, File, SystemCatalog
from festning.model.facts import HostFacts, PathFact, PathKind
from festning.model.plan import ABSENT, Kind, Operation


class PathPlanner:
    """Plans the paths of one host."""

    def __init__(self, sealed: SealedCatalog, facts: HostFacts) -> None:
        self._sealed = sealed
        self._facts = facts
        self._removed: set[str] = set()

    def place(self, system: SystemCatalog, item: File | Directory) -> Iterator[Operation]:
        """At most one operation that makes the path what is declared."""
        fact = self._facts.paths.get(item.path)
        if isinstance(item, Directory):
            yield from self._directory(system, item, fact)
        elif fact is None or fact.sha256 != self._sealed.digest(item.path):
            yield self._write(system, item, fact)
        elif (why := _attributes(item, fact)) is not None:
            yield _of_path(system, Kind.CHMOD, item.path, why, fact)

    def remove(self, system: SystemCatalog, departed: tuple[str, ...]) -> Iterator[Operation]:
        """What an earlier catalog placed, and what is foreign in purged directories."""
        for path in departed:
            if path in self._facts.paths:
                yield from self._removal(system, path, "is no longer declared")
        for item in system.items:
            if isinstance(item, Directory) and item.purge:
                for path in self._facts.foreign.get(item.path, ()):
                    why = f"nothing declares it, and {item.path} holds only what is declared"
                    yield from self._removal(system, path, why)

    def tidy(self, system: SystemCatalog) -> Iterator[Operation]:
        """What an interrupted apply left lying about."""
        for one in self._facts.interrupted:
            if one.system == system.system:
                for path in one.temporaries:
                    yield from self._removal(system, path, "was left by an apply that was interrupted")

    @staticmethod
    def _directory(system: SystemCatalog, item: Directory, fact: PathFact | None) -> Iterator[Operation]:
        if fact is None or fact.kind is not PathKind.DIRECTORY:
            why = "does not exist" if fact is None else f"is a {fact.kind.value}"
            yield _of_path(system, Kind.MKDIR, item.path, why, fact)
        elif (difference := _attributes(item, fact)) is not None:
            yield _of_path(system, Kind.CHMOD, item.path, difference, fact)

    def _write(self, system: SystemCatalog, item: File, fact: PathFact | None) -> Operation:
        before = ABSENT if fact is None else (fact.sha256 or fact.kind.value)
        return Operation(
            wave=system.wave,
            system=system.system,
            kind=Kind.WRITE,
            target=item.path,
            why=_why_written(fact),
            secret=item.secret,
            diff=self._difference(item, fact),
            before=before,
            after=self._sealed.digest(item.path),
            seen=_seen(fact),
        )

    def _difference(self, item: File, fact: PathFact | None) -> str:
        if item.secret:
            return secret_difference(fact.sha256 if fact else None, self._sealed.digest(item.path))
        if fact is not None and fact.kind is PathKind.FILE and fact.content is None:
            return BINARY
        return text_difference(item.path, fact.content if fact else None, self._sealed.content(item.path))

    def _removal(self, system: SystemCatalog, path: str, why: str) -> Iterator[Operation]:
        """One operation for each path, whatever the reasons."""
        if path in self._removed:
            return
        self._removed.add(path)
        fact = self._facts.paths.get(path)
        yield Operation(
            wave=system.wave,
            system=system.system,
            kind=Kind.REMOVE,
            target=path,
            why=why,
            before=fact.sha256 if fact else None,
            after=ABSENT if fact and fact.sha256 else None,
            seen=_seen(fact),
        )


def _of_path(system: SystemCatalog, kind: Kind, path: str, why: str, fact: PathFact | None) -> Operation:
    return Operation(wave=system.wave, system=system.system, kind=kind, target=path, why=why, seen=_seen(fact))


def _seen(fact: PathFact | None) -> str:
    return ABSENT if fact is None else fact.token


def _attributes(item: File | Directory, fact: PathFact) -> str | None:
    """What differs in mode and owner, for a reader; ``None`` when nothing does."""
    differences = []
    if item.mode != fact.mode:
        differences.append(f"mode {fact.mode:04o} → {item.mode:04o}")
    if (item.owner, item.group) != (fact.owner, fact.group):
        differences.append(f"owner {fact.owner}:{fact.group} → {item.owner}:{item.group}")
    return ", ".join(differences) or None


def _why_written(fact: PathFact | None) -> str:
    if fact is None:
        return "does not exist"
    return "content differs" if fact.kind is PathKind.FILE else f"is a {fact.kind.value}"
