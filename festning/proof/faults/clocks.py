"""Faults of time: a certificate whose days are over, and clocks that are wrong.

Machines of the lab have one kernel and so one clock: there, processes are shown a wrong one by ``libfaketime``.
"""

from __future__ import annotations

from collections.abc import Iterable

from festning.proof.faults.fault import FOLDER, Fault, Script, Sign, lasting

LIBRARY = "/usr/lib/$(uname -m)-linux-gnu/faketime/libfaketime.so.1"


def expired_certificate(
    name: str, host: str, units: Iterable[str], path: str, certificate: str, *, hits: frozenset[str]
) -> Fault:
    """A host's bridge certificate is past its end, and its tunnels have to be begun anew."""
    listed, kept = " ".join(units), f"{FOLDER}/{name}.certificate"
    replace = f"cp -a {path} {kept}\ncat >{path} <<'CERTIFICATE'\n{certificate.rstrip()}\nCERTIFICATE"
    put_back = f"if test -e {kept}; then cp -a {kept} {path} && rm {kept}; fi"
    again = f"systemctl restart {listed}"
    inject, heal = lasting(name, host, inject=f"{replace}\n{again}", heal=f"{put_back}\n{again}")
    expired = f"openssl x509 -in {path} -noout -enddate\n! openssl x509 -in {path} -noout -checkend 0 >/dev/null\n"
    return Fault(
        name=name,
        what=f"the bridge certificate of {host} has expired, and its tunnels begin anew",
        inject=(inject,),
        observed=(Sign(what=f"the certificate of {host} is past its end", host=host, text=expired),),
        heal=(heal,),
        gone=(
            Sign(
                what=f"the certificate of {host} holds",
                host=host,
                text=f"openssl x509 -in {path} -noout -enddate -checkend 0\n",
            ),
        ),
        hits=hits,
    )


def wrong_clock(name: str, host: str, units: Iterable[str], *, offset: str) -> Fault:
    """These units of a host live at another time. They are restarted for it, and again for the way back."""
    units = tuple(units)
    folders = [f"/run/systemd/system/{unit}.d" for unit in units]
    drop_in = f"""library={LIBRARY}
test -e "$library" || {{ echo "libfaketime is not installed" >&2; exit 1; }}
for folder in {" ".join(folders)}; do
    mkdir -p "$folder"
    printf '[Service]\\nEnvironment=LD_PRELOAD=%s FAKETIME={offset} FAKETIME_DONT_FAKE_MONOTONIC=1\\n' "$library" \\
        >"$folder/festning-drill.conf"
done
systemctl daemon-reload
systemctl restart {" ".join(units)}"""
    undo = (
        f"rm -f {' '.join(f'{folder}/festning-drill.conf' for folder in folders)}\n"
        f"systemctl daemon-reload\nsystemctl restart {' '.join(units)}"
    )
    inject, heal = lasting(name, host, inject=drop_in, heal=undo)
    shown = "\n".join(
        f"grep -z ^FAKETIME= /proc/$(systemctl show --property=MainPID --value {unit})/environ | tr '\\0' '\\n'"
        f" | grep -q . && echo {unit} lives at {offset}"
        for unit in units
    )
    return Fault(
        name=name,
        what=f"{', '.join(units)} on {host} live at {offset}",
        inject=(Script(host=inject.host, text=inject.text, timeout_s=90),),
        observed=(Sign(what=f"the processes on {host} have another time", host=host, text=f"set -e\n{shown}\n"),),
        heal=(Script(host=heal.host, text=heal.text, timeout_s=90),),
        gone=(
            Sign(
                what=f"the processes on {host} have the right time",
                host=host,
                text=f"! ls {' '.join(f'{folder}/festning-drill.conf' for folder in folders)}\n",
            ),
        ),
    )
