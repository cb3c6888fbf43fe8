"""Something wrong between values of the file, before it is known which line that is."""

from __future__ import annotations

from dataclasses import dataclass

from festning.model.document import KeyPath


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something wrong at a key path, before it is known which line that is."""

    path: KeyPath
    message: str
    expected: str = ""
    hint: str = ""

    def words(self) -> tuple[str, str, str]:
        """What is wrong, what was expected, and what to do."""
        return self.message, self.expected, self.hint
