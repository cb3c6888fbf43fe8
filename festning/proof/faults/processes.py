"""Faults of one process on a host: killed, frozen, stopped, slow."""

from __future__ import annotations

from festning.proof.faults.fault import FOLDER, Fault, Script, Sign, lasting


def killed(name: str, host: str, unit: str, *, hits: frozenset[str]) -> Fault:
    """SIGKILL to a unit's every process. It comes back by what systemd was told; the heal only makes sure."""
    remembered = f"{FOLDER}/{name}.pid"
    inject = f"""set -eu
mkdir -p {FOLDER}
pid=$(systemctl show --property=MainPID --value {unit})
test "$pid" -gt 0
echo "$pid" >{remembered}
systemctl kill --kill-whom=all --signal=KILL {unit}
"""
    dead = f"""pid=$(cat {remembered})
now=$(systemctl show --property=MainPID --value {unit})
echo "main process was $pid, is $now; $(systemctl show --property=Result,NRestarts {unit} | tr '\\n' ' ')"
test "$now" != "$pid" && ! test -e /proc/$pid
"""
    alive = f"systemctl is-active {unit}\n"
    return Fault(
        name=name,
        what=f"SIGKILL to {unit} on {host}",
        inject=(Script(host=host, text=inject),),
        observed=(Sign(what=f"the process that {unit} had on {host} is gone", host=host, text=dead),),
        heal=(Script(host=host, text=f"systemctl start {unit}\nrm -f {remembered}\n", timeout_s=90),),
        gone=(Sign(what=f"{unit} runs on {host}", host=host, text=alive, patience_s=90),),
        hits=hits,
        heals_itself=True,
    )


def frozen(name: str, host: str, unit: str, *, hits: frozenset[str]) -> Fault:
    """SIGSTOP to a unit's main process: the kernel goes on accepting connections for it."""
    pid = f"$(systemctl show --property=MainPID --value {unit})"
    inject, heal = lasting(name, host, inject=f"kill -STOP {pid}", heal=f"kill -CONT {pid}")
    state = f"grep ^State: /proc/{pid}/status"
    return Fault(
        name=name,
        what=f"SIGSTOP to {unit} on {host}: alive to TCP, dead to users",
        inject=(inject,),
        observed=(
            Sign(what=f"{unit} on {host} is stopped", host=host, text=f"{state} | tee /dev/stderr | grep -q T\n"),
        ),
        heal=(heal,),
        gone=(Sign(what=f"{unit} on {host} goes on", host=host, text=f"! {state} | tee /dev/stderr | grep -q T\n"),),
        hits=hits,
    )


def stopped(name: str, host: str, *units: str, hits: frozenset[str]) -> Fault:
    """Units are stopped as an operator would stop them."""
    listed = " ".join(units)
    inject, heal = lasting(name, host, inject=f"systemctl stop {listed}", heal=f"systemctl start {listed}")
    return Fault(
        name=name,
        what=f"{' and '.join(units)} {'is' if len(units) == 1 else 'are'} stopped on {host}",
        inject=(inject,),
        observed=tuple(
            Sign(what=f"{unit} does not run on {host}", host=host, text=f"! systemctl is-active {unit}\n")
            for unit in units
        ),
        heal=(heal,),
        gone=tuple(
            Sign(what=f"{unit} runs on {host}", host=host, text=f"systemctl is-active {unit}\n") for unit in units
        ),
        hits=hits,
    )


def slow(name: str, host: str, unit: str, *, hits: frozenset[str]) -> Fault:
    """All of a unit's processes stand still for nine tenths of every second."""
    worker = f"festning-drill-{name}-worker"
    signals = f"systemctl kill --signal=STOP {unit}; sleep 0.9; systemctl kill --signal=CONT {unit}; sleep 0.1"
    loop = f"while :; do {signals}; done"
    inject, heal = lasting(
        name,
        host,
        inject=f"systemd-run --quiet --collect --unit={worker} sh -c '{loop}'",
        heal=f"systemctl stop {worker} 2>/dev/null || true\nsystemctl kill --signal=CONT {unit}",
    )
    pid = f"$(systemctl show --property=MainPID --value {unit})"
    stands = f"grep '^State:.*stopped' /proc/{pid}/status"
    still = f"for _ in 1 2 3 4 5 6 7 8; do {stands} && exit 0; sleep 0.1; done; exit 1\n"
    moving = f"! systemctl is-active {worker} && for _ in 1 2 3 4 5; do ! {stands} || exit 1; sleep 0.2; done\n"
    return Fault(
        name=name,
        what=f"{unit} on {host} stands still for 0.9 s of every second",
        inject=(inject,),
        observed=(Sign(what=f"{unit} on {host} is seen standing still", host=host, text=still),),
        heal=(heal,),
        gone=(Sign(what=f"{unit} on {host} moves all the time", host=host, text=moving),),
        hits=hits,
    )
