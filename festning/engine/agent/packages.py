"""Installing packages: from the distribution only, without questions, and without anything starting unconfigured.

Knows the order of things. How apt is run is ``apt``'s, where versions come from ``origins``', and what keeps units from
starting ``hold``'s.
"""

from __future__ import annotations

import os

from festning.engine.agent import apt, hold, origins

POLICY = "/usr/sbin/policy-rc.d"
_POLICY_TEXT = (
    "#!/bin/sh\n# Placed by festning while it installs packages: nothing starts before it is configured.\nexit 101\n"
)
_ROUNDS = 5


class InstallError(Exception):
    """Packages could not be installed; ``output`` is what the program said, ``left`` what became of the host."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output
        self.left = "nothing was changed"


def install(names: list[str], preferences: str, run_directory: str) -> None:
    """Install packages in one run of apt. Raises :class:`InstallError`.

    ``preferences`` are the catalog's pins (apt_preferences(5)): they count before anything of them is on the host.
    The units of what is installed are held until ``hold`` lets them go.
    """
    forget_policy()
    own_policy = not os.path.exists(POLICY)
    hold.begin()
    try:
        if own_policy:
            _place_policy()
        _Run(names, preferences, run_directory).carry_out()
    except InstallError as error:
        if hold.held():
            error.left = "what was installed so far stays; it does not start before it is configured"
        else:
            hold.drop()
        raise
    finally:
        if own_policy:
            forget_policy()


def forget_policy() -> None:
    """Remove the policy that an install left behind when it was killed; anybody else's stays."""
    try:
        with open(POLICY, encoding="utf-8", errors="replace") as file:
            ours = file.read() == _POLICY_TEXT
    except FileNotFoundError:
        return
    if ours:
        os.unlink(POLICY)


def _place_policy() -> None:
    with open(POLICY, "w", encoding="ascii") as file:
        file.write(_POLICY_TEXT)
    os.chmod(POLICY, 0o755)  # noqa: S103  Programs must be able to run it.


class _Run:
    def __init__(self, names: list[str], preferences: str, run_directory: str) -> None:
        self._names = names
        self._preferences = preferences
        self._file = os.path.join(run_directory, "apt-preferences")
        self._pins = ("-o", f"Dir::Etc::Preferences={self._file}")
        self._updated = False
        self._alone = False
        self._trouble = ""
        self._archives = ""

    def carry_out(self) -> None:
        try:
            self._write(self._preferences)
            if not apt.fresh_lists():
                self._update()
            self._repair()
            self._choose()
            ended = apt.apt_get(*self._pins, "--no-remove", "install", *self._names)
            if not ended.ok and not self._updated and apt.complaint(ended.output):
                self._update()  # What the lists name may have left the archive since.
                self._choose()
                ended = apt.apt_get(*self._pins, "--no-remove", "install", *self._names)
            if not ended.ok:
                raise InstallError(self._reason(ended.output), apt.last_words(ended))
            self._check()
        finally:
            if os.path.exists(self._file):
                os.unlink(self._file)

    def _update(self) -> None:
        self._updated, self._archives = True, ""
        ended = apt.apt_get("update")
        # apt calls it success when an archive could not be reached and its old lists are still there.
        self._trouble = "" if ended.ok and not apt.complaint(ended.output) else ended.output

    def _repair(self) -> None:
        """Bring to its end what was interrupted: nothing can be installed beside it."""
        if not apt.is_interrupted():
            return
        apt.dpkg("--configure", "-a")
        if apt.is_interrupted():
            ended = apt.apt_get(*self._pins, "--fix-broken", "install")
            if not ended.ok:
                raise InstallError(self._reason(ended.output), apt.last_words(ended))

    def _choose(self) -> None:
        """Make sure that all that would be installed comes from the distribution, or raise with nothing changed."""
        for _ in range(_ROUNDS):
            chosen = self._simulated()
            foreign = origins.foreign(chosen, self._shown(chosen), self._known_archives())
            if not foreign:
                return
            self._write(origins.forbidding(foreign) + self._preferences)
        raise InstallError(origins.complaint(foreign))

    def _simulated(self) -> dict[str, str]:
        while True:
            ended = apt.simulate(*self._pins, "--no-remove", "install", *self._names)
            if ended.ok:
                return origins.versions(ended.stdout)
            if apt.is_unmet(ended.output) and self._forbid_others():
                continue
            if self._updated or not apt.is_unknown(ended.output):
                raise InstallError(self._reason(ended.output), apt.last_words(ended))
            self._update()

    def _forbid_others(self) -> bool:
        """Take the distribution's archives alone, once: a higher version elsewhere may not go with what needs it."""
        pins = "" if self._alone else origins.forbidding_others(self._known_archives())
        self._alone = True
        if pins:
            self._write(pins + self._preferences)
        return bool(pins)

    def _known_archives(self) -> str:
        self._archives = self._archives or apt.policy(*self._pins, "policy")
        return self._archives

    def _check(self) -> None:
        """What is on the disk now is what counts, whatever apt meant to do."""
        shown = self._shown(dict.fromkeys(self._names, ""))
        foreign = origins.foreign(origins.installed(shown), shown, self._known_archives())
        if foreign:
            raise InstallError(origins.complaint(foreign))

    def _shown(self, packages: dict[str, str]) -> str:
        return apt.policy(*self._pins, "policy", *packages) if packages else ""

    def _reason(self, output: str) -> str:
        if self._trouble and apt.is_unknown(output):
            output = self._trouble
        return apt.reason(output, self._names)

    def _write(self, pins: str) -> None:
        """The pins of this run, before those of the host itself: of two for one package, the first counts."""
        own = ""
        if os.path.exists(origins.PREFERENCES):
            with open(origins.PREFERENCES, encoding="utf-8") as file:
                own = file.read()
        with open(self._file, "w", encoding="utf-8") as file:
            file.write(f"{pins}\n{own}")
        os.chmod(self._file, 0o644)
        self._preferences = pins
