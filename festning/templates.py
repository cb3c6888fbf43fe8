"""Configuration files and pages from templates: jinja2's settings, the same for every room.

Knows how a template is found (``templates/NAME.j2`` in its room) and that a name which it uses and is not given is an
error. Leaves what goes in to the rooms' catalogs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment, Template

Filter = Callable[[str], str]


class Render(Protocol):
    """Fills a template of one room."""

    def __call__(self, template: str, /, **values: object) -> str:
        """The text of ``templates/<template>.j2`` with these values. Raises ``jinja2.UndefinedError``."""
        ...


def templates_of(room: str, *, escaped: bool = False, **filters: Filter) -> Render:
    """The templates of a room, by the name of its package; ``filters`` are the room's own.

    ``escaped`` is for pages: what is filled in is text there, and never markup.
    """

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
            autoescape=escaped,  # noqa: S701 (configuration files are not HTML)
            bytecode_cache=_compiled(room),
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


def _compiled(room: str) -> BytecodeCache | None:
    """Compiled templates, kept as Python keeps its own modules: in ``__pycache__`` beside the source, if that may be.

    Jinja2 takes one from there only for the very same source; compiling all of them takes a sixth of a whole plan.
    """
    import jinja2  # noqa: PLC0415

    folder = Path(str(files(room))) / "templates" / "__pycache__"
    if sys.dont_write_bytecode or not _may_write(folder):
        return None
    return jinja2.FileSystemBytecodeCache(str(folder), f"jinja2-{jinja2.__version__}-%s.cache")


def _may_write(folder: Path) -> bool:
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
