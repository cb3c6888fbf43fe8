"""Requests that may come again: which header marks them, and how its value is written.

A service that honours the header does a request once, however often that comes with one key. So who has lost an answer,
a visitor or a front door, may ask again. IETF, draft-ietf-httpapi-idempotency-key-header, 2.
"""

from __future__ import annotations

KEY_HEADER = "Idempotency-Key"


def keyed(key: str) -> str:
    """The header's line: its value is a string of RFC 9651 (3.3.3), for keys without quotes and backslashes."""
    return f'{KEY_HEADER}: "{key}"'
