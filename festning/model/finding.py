"""What a policy rule says about the declared fortress."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's judgement of one place in ``fortress.yaml``; ``key_path`` is dotted, such as ``hosts.core1``."""

    rule: str
    severity: Severity
    key_path: str
    message: str
    fix: str
