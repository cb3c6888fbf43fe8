"""The way in, for the command and for ``python -m festning``. Leaves everything to ``main``, which is long to load."""

from __future__ import annotations

import gc

OBJECTS = 500_000
"""How many more objects there may be before unused ones are looked for."""


def main() -> None:
    """Run ``festning`` and exit."""
    # Looking for garbage while modules are loaded finds none, and takes a tenth of the time that a plan has.
    gc.set_threshold(OBJECTS)
    from festning.cli import main as loaded  # noqa: PLC0415 (not before the line above)

    loaded.main()
