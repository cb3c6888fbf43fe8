"""HAProxy's templates, filled. Knows how a word is quoted; leaves what goes in to the catalog."""

from __future__ import annotations

import re

from festning.templates import templates_of


def quoted(text: str) -> str:
    """The text as one word of HAProxy's configuration (its manual, "Quoting and escaping")."""
    return '"' + re.sub(r'(["\\$])', r"\\\1", text) + '"'


render = templates_of("festning.systems.haproxy", quoted=quoted)
