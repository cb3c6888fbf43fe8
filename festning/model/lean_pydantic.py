"""pydantic, imported without its search for plugins, which nobody here asks for.

To find whether a plugin wants to watch validations, pydantic reads the metadata of every installed package, and loads
the email parser for that: 20 ms of each command, a thirtieth of a whole plan. A plugin would also see what is in the
file. pydantic asks a module of its own for them, and imports it when it builds the first validator.
"""

from __future__ import annotations

import sys
from types import ModuleType


def _none() -> tuple[()]:
    return ()


_asked = ModuleType("pydantic.plugin._loader", "Stands in for pydantic's own: there are no plugins.")
_asked.get_plugins = _none  # type: ignore[attr-defined]
sys.modules.setdefault(_asked.__name__, _asked)
