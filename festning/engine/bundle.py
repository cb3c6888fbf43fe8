"""The agent's modules joined into one text that python3 runs on a host.

Knows which modules a verb needs, so that a look at a host does not compile what only a change needs; leaves what they
do to ``engine.agent``.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from importlib.resources import files

_PACKAGE = "festning.engine.agent"
_LOOKING = ("processes", "look", "brief_json", "remembered", "wire")
_PLACING = (*_LOOKING, "swap", "units", "hold", "waiting", "part")
_CHANGING = (*_PLACING, "records", "manifest", "generations", "undo", "pending")
_INSTALLING = ("apt", "origins", "packages")
BOOTSTRAP = """import os
def r(n):
 b=b""
 while len(b)<n:
  c=os.read(0,n-len(b))
  if not c: raise SystemExit(0)
  b+=c
 return b
exec(r(int(r(8),16)))"""
"""All that is ever on a command line: read a length, then that many bytes, then run them."""

_LOADER = """import sys
Module = type(sys)
for name in ("festning", "festning.engine", "festning.engine.agent"):
    package = sys.modules[name] = Module(name)
    package.__path__ = []
for name, source in MODULES:
    module = sys.modules["festning.engine.agent." + name] = Module("festning.engine.agent." + name)
    exec(compile(source, "festning/engine/agent/" + name + ".py", "exec"), module.__dict__)
    setattr(sys.modules["festning.engine.agent"], name, module)
module.main()
"""


class Verb(Enum):
    """What the agent can be sent to do; the value is its modules, each after those that it imports."""

    OBSERVE = (*_LOOKING, "manager", "observe")
    PROBE = ("processes", "brief_json", "wire", "probe")
    APPLY = (*_CHANGING, "stage", *_INSTALLING, "moved", "ledger", "guard", "apply")
    RECALL = (*_LOOKING, "records", "generations", "recall")
    CONFIRM = (*_CHANGING, "confirm")
    WATCHDOG = (*_CHANGING, "guard", "watchdog")
    """Not sent by itself: an apply leaves it on the host while a change is unconfirmed."""


@cache
def program_text(verb: Verb) -> str:
    """The whole agent for one verb."""
    folder = files(_PACKAGE)
    modules = [(name, folder.joinpath(f"{name}.py").read_text(encoding="utf-8")) for name in verb.value]
    return f"MODULES = {modules!r}\n{_LOADER}"


@cache
def program(verb: Verb) -> bytes:
    """The whole agent for one verb, with its length in front as :data:`BOOTSTRAP` expects it."""
    text = program_text(verb).encode()
    return f"{len(text):08x}".encode() + text
