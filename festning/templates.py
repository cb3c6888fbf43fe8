"""Configuration files from templates: jinja2's settings, the same for every room.

Knows how a template is found (``templates/NAME.j2`` in its room) and that a name which it uses and is not given is an
error. Leaves what goes in to the rooms' catalogs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jinja2 import Environment, Template

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
            auto_reload=False,  # Templates do not change while a command runs; looking costs a stat each time.
        )
        made.filters.update(filters)
        return made

    @cache
    def found(template: str) -> Template:
        return environment().get_template(f"{template}.j2")

    def render(template: str, /, **values: object) -> str:
        return found(template).render(values)

    @cache
    def render_once(template: str, *values: tuple[str, object]) -> str:
        return render(template, **dict(values))

    def render_or_remember(template: str, /, **values: object) -> str:
        # What is filled with nothing but words and switches is the same text on most hosts, and is made once for all.
        if all(isinstance(value, str | bool) for value in values.values()):
            return render_once(template, *values.items())
        return render(template, **values)

    return render_or_remember
