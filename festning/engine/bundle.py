"""The agent's modules joined into one text that python3 runs on a host.

Knows which modules a verb needs, so that a look at a host does not compile what only a change needs; leaves what they
do to ``engine.agent``.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from hashlib import sha256
from importlib.resources import files

_PACKAGE = "festning.engine.agent"
_LOOKING = ("processes", "look", "brief_json", "remembered", "wire")
_PLACING = (*_LOOKING, "swap", "units", "hold", "waiting", "part")
_CHANGING = (*_PLACING, "records", "manifest", "generations", "undo", "pending")
_INSTALLING = ("installed", "apt", "origins", "packages")
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

_COMPILE = """
def compiled(modules):
    return [(name, compile(source, "festning/engine/agent/" + name + ".py", "exec")) for name, source in modules]
"""

_START = """
import sys
def start(modules):
    Module = type(sys)
    for name in ("festning", "festning.engine", "festning.engine.agent"):
        package = sys.modules[name] = Module(name)
        package.__path__ = []
    for name, code in modules:
        module = sys.modules["festning.engine.agent." + name] = Module("festning.engine.agent." + name)
        exec(code, module.__dict__)
        setattr(sys.modules["festning.engine.agent"], name, module)
    module.main()
"""

KEPT = "/run/festning-agent"
"""Where a host keeps the agent as its Python has compiled it: in memory, and for its user only."""

_REMEMBER = """
import marshal
def compiled_before(path):
    try:
        with open(path, "rb") as file:
            return marshal.load(file) if os.fstat(file.fileno()).st_uid == os.geteuid() else None
    except (OSError, EOFError, TypeError, ValueError):
        return None
def remember(path, verb, modules):
    folder = os.path.dirname(path)
    new = "%s.%d" % (path, os.getpid())
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        for other in os.listdir(folder):
            if other.startswith(verb + "-"):
                os.unlink(os.path.join(folder, other))
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            marshal.dump(modules, file)
        os.rename(new, path)
    except OSError:
        pass  # It runs all the same; the next look compiles it again.
    return modules
def kept(folder, verb, digest, sources):
    path = "%s/%s-%s-%s-%x" % (folder, verb, digest, sys.implementation.cache_tag, sys.hexversion)
    found = compiled_before(path)
    if found is None:
        texts = sources.decode().split("\\0")
        found = remember(path, verb, compiled(zip(texts[::2], texts[1::2])))
    return found
"""


class Verb(Enum):
    """What the agent can be sent to do; the value is its modules, each after those that it imports."""

    OBSERVE = (*_LOOKING, "unit_files", "manager", "installed", "observe")
    PROBE = ("processes", "brief_json", "wire", "probe")
    APPLY = (*_CHANGING, "stage", *_INSTALLING, "moved", "ledger", "guard", "apply")
    RECALL = (*_LOOKING, "records", "generations", "recall")
    CONFIRM = (*_CHANGING, "confirm")
    WATCHDOG = (*_CHANGING, "guard", "watchdog")
    """Not sent by itself: an apply leaves it on the host while a change is unconfirmed."""


def program_text(verb: Verb) -> str:
    """The whole agent for one verb as one file, which leaves nothing behind on the host."""
    return f"MODULES = {_sources(verb)!r}\n{_COMPILE}{_START}start(compiled(MODULES))\n"


@cache
def program(verb: Verb) -> bytes:
    """The whole agent for one verb, as :data:`BOOTSTRAP` expects it: what starts it, and then what it is.

    The host compiles it once and keeps that, bound to the very text and the very Python: a tenth of each look.
    """
    sources = "\0".join(text for module in _sources(verb) for text in module).encode()
    about = f"{KEPT!r}, {verb.name.lower()!r}, {sha256(sources).hexdigest()!r}"
    loader = f"{_COMPILE}{_START}{_REMEMBER}start(kept({about}, r(int(r(8), 16))))\n".encode()
    return b"".join(f"{len(part):08x}".encode() + part for part in (loader, sources))


@cache
def _sources(verb: Verb) -> tuple[tuple[str, str], ...]:
    folder = files(_PACKAGE)
    return tuple((name, folder.joinpath(f"{name}.py").read_text(encoding="utf-8")) for name in verb.value)
