"""Whether the kernel's settings are what the file says: somebody may have set them by hand since.

Pure. What the settings are is the template's; this reads them from the rendered file.
"""

from __future__ import annotations

from festning.model.catalog import Step

_LOOK = """\
wrong=0 end='
'
is() {  # the key, its path, the declared value, and whether kernels and containers may do without it
    case "$all" in *"$end$2:$3$end"*) return ;; esac
    [ -z "$4" ] || [ -w "$2" ] || return
    now=${all#*"$end$2:"}
    echo "-$1 = ${now%%"$end"*}"; echo "+$1 = $3"; wrong=1
}
"""


def settings_in_force(path: str, content: str) -> Step:
    """The settings of a sysctl file, as they are in the running kernel. ``content`` is what is at ``path``."""
    lines = [line.partition("=") for line in content.splitlines() if "=" in line and not line.startswith("#")]
    settings = {key.strip(): value.strip() for key, _, value in lines}
    # One program reads them all, as this runs on every look at every host. Not the shell: it reads byte by byte, and
    # the kernel gives the first byte of a setting only.
    everything = f"all=\"$end$(grep -sH '' {' '.join(map(_path, settings))})$end\"\n"
    looks = [_look(key, value) for key, value in settings.items()]
    return Step(
        name="kernel: the declared settings are in force",
        check=_LOOK + everything + "\n".join(looks) + "\nexit $wrong\n",
        do=f"sysctl --quiet --load={path}",
        timeout_s=20.0,
        tells=True,
    )


def _look(key: str, value: str) -> str:
    """A dash before a key: it may be missing or read-only (sysctl.d(5))."""
    optional = "optional" if key.startswith("-") else ""
    return f"is {key.removeprefix('-')} {_path(key)} {value} {optional}".rstrip()


def _path(key: str) -> str:
    return f"/proc/sys/{key.removeprefix('-').replace('.', '/')}"
