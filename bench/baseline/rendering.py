"""The room's templates."""

from __future__ import annotations

from festning.templates import templates_of

render = templates_of("bench.baseline")
