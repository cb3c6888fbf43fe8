"""Whether the kernel's settings are what the file says: somebody may have set them by hand since.

Pure. What the settings are is the template's; this reads them from the rendered file.
"""

from __future__ import annotations

from festning.model.catalog import Step

_LOOK = """\
wrong=0
is() {  # the key, its path below /proc/sys, the declared value, and whether kernels and containers may do without it
    [ -z "$4" ] || [ -w "/proc/sys/$2" ] || return
    read -r now <"/proc/sys/$2"
    [ "$now" = "$3" ] || { echo "-$1 = $now"; echo "+$1 = $3"; wrong=1; }
}
"""


def settings_in_force(path: str, content: str) -> Step:
    """The settings of a sysctl file, as they are in the running kernel. ``content`` is what is at ``path``."""
    lines = [line.partition("=") for line in content.splitlines() if "=" in line and not line.startswith("#")]
    # Only the shell's own words: this runs on every look at every host.
    looks = [_look(key.strip(), value.strip()) for key, _, value in lines]
    return Step(
        name="kernel: the declared settings are in force",
        check=_LOOK + "\n".join(looks) + "\nexit $wrong\n",
        do=f"sysctl --quiet --load={path}",
        timeout_s=20.0,
        tells=True,
    )


def _look(key: str, value: str) -> str:
    """A dash before a key: it may be missing or read-only (sysctl.d(5))."""
    optional = "optional" if key.startswith("-") else ""
    name = key.removeprefix("-")
    return f"is {name} {name.replace('.', '/')} {value} {optional}".rstrip()
