"""Every error that a person can cause or must act on.

Knows how to say what went wrong, where, and what to do about it. Leaves printing and exit codes to ``cli``; each class
carries the exit code that the command line promises for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXIT_FAILED = 1
EXIT_UNREACHABLE = 3
EXIT_USAGE = 64


class FestningError(Exception):
    """Something a person must know: ``message`` says what happened, ``hint`` what to do."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: where it is, what was expected there, and what to do.

    ``line`` and ``column`` count from 1; both are 0 when the whole file is meant.
    """

    file: str
    line: int
    column: int
    key_path: str
    message: str
    expected: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        parts = [f"{place}: {self.key_path}: {self.message}" if self.key_path else f"{place}: {self.message}"]
        if self.expected:
            parts.append(f"  expected: {self.expected}")
        if self.hint:
            parts.append(f"  hint: {self.hint}")
        return "\n".join(parts)


class BadFileError(FestningError):
    """A file of the user's that cannot be accepted, with every problem found in it."""

    exit_code = EXIT_USAGE

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(FestningError):
    """The command was called in a way, or in a place, in which it cannot work."""

    exit_code = EXIT_USAGE


class CompileError(FestningError):
    """The declared fortress compiles to something contradictory, such as one path declared twice."""


class VaultError(FestningError):
    """The vault cannot be opened, read or written."""


class ProviderError(FestningError):
    """A provider could not make, find or destroy a machine."""


class HostUnreachableError(FestningError):
    """A host did not answer, refused the login, or went away in the middle."""

    exit_code = EXIT_UNREACHABLE

    def __init__(self, host: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(f"{host}: {message}", hint=hint)
        self.host = host
