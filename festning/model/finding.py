"""What a policy rule says about the declared fortress."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from festning.model.fortress import Waiver


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's judgement of one place in ``fortress.yaml``; ``key_path`` is dotted, such as ``hosts.core1``.

    ``waiver`` is the declared one that covers it, if there is one: then it stops nothing, and is shown as waived.
    """

    rule: str
    severity: Severity
    key_path: str
    message: str
    fix: str
    waiver: Waiver | None = None

    @property
    def stops(self) -> bool:
        """Whether nothing may be planned or applied while it stands."""
        return self.severity is Severity.ERROR and self.waiver is None
