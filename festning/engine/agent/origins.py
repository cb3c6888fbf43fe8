"""Where packages come from, by the words of apt: which versions would be foreign, and pins that forbid them. Pure.

The origin of an archive is what its signed Release file says of itself (``o=`` in apt's words).
"""

from __future__ import annotations

PREFERENCES = "/etc/apt/preferences"
_STATUS = "/var/lib/dpkg/status"


class Foreign:
    """A version that is not the distribution's: ``sources`` are the archives that have it."""

    def __init__(self, name: str, version: str, sources: list[Source]) -> None:
        self.name = name
        self.version = version
        self.sources = sources


class Source:
    """An archive as apt shows it: where, its origin and its site (both may be empty)."""

    def __init__(self, where: str, origin: str, site: str) -> None:
        self.where = where
        self.origin = origin
        self.site = site

    @property
    def pin(self) -> str:
        """What a pin of this archive says."""
        return f"release o={self.origin}" if self.origin else f'origin "{self.site}"'


def versions(simulated: str) -> dict[str, str]:
    """Package → version of what apt-get would install: ``Inst NAME [OLD] (VERSION ARCHIVES [ARCH])``."""
    chosen: dict[str, str] = {}
    for line in simulated.splitlines():
        words = line.split()
        if words[:1] == ["Inst"]:
            chosen[words[1]] = next(word[1:] for word in words[2:] if word.startswith("("))
    return chosen


def installed(shown: str) -> dict[str, str]:
    """Package → installed version, by ``apt-cache policy NAME…``."""
    found: dict[str, str] = {}
    for name, lines in _blocks(shown):
        for line in lines:
            if line.strip().startswith("Installed:"):
                found[name] = line.partition(":")[2].strip()
    return {name: version for name, version in found.items() if version != "(none)"}


def foreign(chosen: dict[str, str], shown: str, archives: str) -> list[Foreign]:
    """Of the chosen versions, those that the distribution's own archives do not have.

    ``shown`` is ``apt-cache policy NAME…``, ``archives`` is ``apt-cache policy``. A version of no archive at all (its
    lists have moved on since) cannot be judged, and is not called foreign.
    """
    known = _sources(archives)
    own = distribution()
    found = []
    for name, lines in _blocks(shown):
        where = _places(lines, chosen.get(name, ""))
        sources = [known.get(one, Source(one, "", "")) for one in where if one != _STATUS]
        if sources and all(source.origin != own for source in sources):
            found.append(Foreign(name, chosen[name], sources))
    return found


def forbidding(found: list[Foreign]) -> str:
    """Pins that forbid these packages from the archives that they would come from."""
    stanzas = {f"Package: {one.name}\nPin: {source.pin}\nPin-Priority: -1\n" for one in found for source in one.sources}
    return "".join(f"{stanza}\n" for stanza in sorted(stanzas))


def forbidding_others(archives: str) -> str:
    """Pins that forbid all packages of archives that are not the distribution's; empty when there are no others."""
    own = distribution()
    others = {source.pin for where, source in _sources(archives).items() if where != _STATUS and source.origin != own}
    return "".join(f"Package: *\nPin: {pin}\nPin-Priority: -1\n\n" for pin in sorted(others))


def complaint(found: list[Foreign]) -> str:
    """Which packages are foreign, and where they come from."""
    told = (
        f"{one.name} {one.version} from {' and '.join(source.origin or source.where for source in one.sources)}"
        for one in found
    )
    return f"not from {distribution()}: {', '.join(told)}"


def distribution(os_release: str = "/etc/os-release") -> str:
    """The origin of this host's own archives: ``Debian``, ``Ubuntu``."""
    with open(os_release, encoding="utf-8") as file:
        fields = dict(line.rstrip("\n").partition("=")[::2] for line in file)
    return fields.get("ID", "debian").strip("\"'").capitalize()


def _blocks(shown: str) -> list[tuple[str, list[str]]]:
    """The lines of each package, which begins with its name at the margin."""
    blocks: list[tuple[str, list[str]]] = []
    for line in shown.splitlines():
        if line and not line.startswith(" "):
            blocks.append((line.rstrip(":"), []))
        elif blocks:
            blocks[-1][1].append(line)
    return blocks


def _places(lines: list[str], version: str) -> list[str]:
    """Where a version is, by the version table of a package: a line for each version, and deeper ones for archives."""
    places: list[str] = []
    inside = False
    for line in lines[1 + next((at for at, line in enumerate(lines) if "Version table:" in line), len(lines)) :]:
        words = line.replace("***", "   ", 1).split()
        if len(line) - len(line.lstrip(" *")) < 8:
            inside = words[0] == version
        elif inside:
            places.append(" ".join(words[1:]))
    return places


def _sources(archives: str) -> dict[str, Source]:
    """Every archive by how apt names it: ``PRIORITY WHERE``, then lines with its release and its site."""
    found: dict[str, Source] = {}
    where = ""
    for line in archives.splitlines():
        words = line.split()
        if words and words[0].lstrip("-").isdigit():
            where = " ".join(words[1:])
            found[where] = Source(where, "", "")
        elif words[:1] == ["release"] and where:
            fields = dict(part.partition("=")[::2] for part in line.strip().removeprefix("release ").split(","))
            found[where].origin = fields.get("o", "")
        elif words[:1] == ["origin"] and where:
            found[where].site = " ".join(words[1:])
    return found
