"""What a workflow tells while it works. Leaves to ``cli`` how it looks."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A listener to a workflow's work."""

    def stage(self, title: str) -> None:
        """A part of the work begins; the one before it has ended."""

    def detail(self, text: str) -> None:
        """What is going on in the part, replaced by the next detail."""
