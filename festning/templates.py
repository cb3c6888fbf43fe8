"""Configuration files from templates: jinja2's settings, the same for every room.

Knows how a template is found (``templates/NAME.j2`` in its room) and that a name which it uses and is not given is an
error. Leaves what goes in to the rooms' catalogs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jinja2 import Environment

Filter = Callable[[str], str]


class Render(Protocol):
    """Fills a template of one room."""

    def __call__(self, template: str, /, **values: object) -> str:
        """The text of ``templates/<template>.j2`` with these values. Raises ``jinja2.UndefinedError``."""
        ...


def templates_of(room: str, **filters: Filter) -> Render:
    """The templates of a room, by the name of its package; ``filters`` are the room's own."""

    @cache
    def environment() -> Environment:
        # Imported late: jinja2 costs start-up time that commands which compile nothing need not pay.
        from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

        made = Environment(
            loader=PackageLoader(room),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701 (configuration files, not HTML)
        )
        made.filters.update(filters)
        return made

    def render(template: str, /, **values: object) -> str:
        return environment().get_template(f"{template}.j2").render(**values)

    return render
