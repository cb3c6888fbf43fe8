"""The room's templates, filled in."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: object) -> str:
    """The text of a template; a name that it uses and is not given is an error."""
    return _environment().get_template(template).render(**values)


def quoted(text: str) -> str:
    """The text as one word of HAProxy's configuration (its manual, "Quoting and escaping")."""
    return '"' + re.sub(r'(["\\$])', r"\\\1", text) + '"'


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 (heavy: only when rendering)

    environment = Environment(
        loader=PackageLoader("festning.systems.haproxy", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (a configuration file, not HTML)
    )
    environment.filters["quoted"] = quoted
    return environment
