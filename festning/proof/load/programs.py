"""The programs of a load, as texts that python3 runs on a host.

A program is one text that holds its modules, in the way of the engine's agent: nothing is left on the host.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

_PACKAGE = "festning.proof.load"
_MODULES = {
    "visitors": ("telling", "visitors"),
    "sessions": ("telling", "statements", "transactions", "sessions"),
    "minority": ("telling", "statements", "minority"),
}

_LOADER = """import sys
Module = type(sys)
for name in ("festning", "festning.proof", "festning.proof.load"):
    package = sys.modules[name] = Module(name)
    package.__path__ = []
for name, source in MODULES:
    module = sys.modules["festning.proof.load." + name] = Module("festning.proof.load." + name)
    exec(compile(source, "festning/proof/load/" + name + ".py", "exec"), module.__dict__)
module.main(ORDERS)
"""


def program(name: str, orders: dict[str, Any]) -> str:
    """The whole text of ``visitors``, ``sessions`` or ``minority`` with its orders. It holds no secret."""
    folder = files(_PACKAGE)
    modules = [(module, folder.joinpath(f"{module}.py").read_text(encoding="utf-8")) for module in _MODULES[name]]
    return f"MODULES = {modules!r}\nORDERS = {orders!r}\n{_LOADER}"
