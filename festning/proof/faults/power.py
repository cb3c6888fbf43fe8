"""Faults of power: machines that are gone without a word, one or all of them."""

from __future__ import annotations

from collections.abc import Iterable

from festning.model.fortress import Host
from festning.proof.faults.fault import Fault, Power, Sign


def power_cut(name: str, hosts: Iterable[Host], *, witness: Host | None) -> Fault:
    """These machines lose their power at once. ``witness`` is a host that keeps its own and looks for them."""
    cut = tuple(hosts)
    names = frozenset(host.name for host in cut)
    listed = ", ".join(host.name for host in cut)
    seen = () if witness is None else tuple(_silent(host, witness) for host in cut)
    back = () if witness is None else tuple(_answers(host, witness) for host in cut)
    return Fault(
        name=name,
        what=f"{listed} lose{'s' if len(cut) == 1 else ''} power",
        inject=tuple(Power(host.name, on=False) for host in cut),
        observed=(*(_powered(host, on=False) for host in cut), *seen),
        heal=tuple(Power(host.name, on=True) for host in cut),
        gone=(*(_powered(host, on=True) for host in cut), *back),
        hits=names,
        silences=names,
    )


def _powered(host: Host, *, on: bool) -> Sign:
    return Sign(what=f"{host.name} {'has' if on else 'has no'} power", state=Power(host.name, on), patience_s=60)


def _silent(host: Host, witness: Host) -> Sign:
    text = f"! ping -c 1 -W 1 -I {witness.bridge} {host.bridge}\n"
    return Sign(what=f"{host.name} does not answer {witness.name} over the bridge", host=witness.name, text=text)


def _answers(host: Host, witness: Host) -> Sign:
    text = f"ping -c 1 -W 1 -I {witness.bridge} {host.bridge}\n"
    what = f"{host.name} answers {witness.name} over the bridge"
    return Sign(what=what, host=witness.name, text=text, patience_s=90)
