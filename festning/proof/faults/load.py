"""Faults of a host's means: a disk that is full, processors that are busy."""

from __future__ import annotations

from festning.proof.faults.fault import FOLDER, Fault, Script, Sign, lasting


def cpu_storm(name: str, host: str) -> Fault:
    """Twice as many busy loops as the host has processors. Nothing is broken, and nothing may fail over."""
    unit = f"festning-drill-{name}-worker"
    loops = "for _ in $(seq $(( $(nproc) * 2 ))); do (while :; do :; done) & done; wait"
    inject, heal = lasting(
        name,
        host,
        inject=f"systemd-run --quiet --collect --unit={unit} sh -c '{loops}'",
        heal=f"systemctl stop {unit} 2>/dev/null || true",
    )
    busy = f"systemctl is-active {unit} && ps -eo pcpu,comm --sort=-pcpu | head -n 6\n"
    return Fault(
        name=name,
        what=f"every processor of {host} is wanted by two endless loops",
        inject=(inject,),
        observed=(Sign(what=f"the loops run on {host}", host=host, text=busy),),
        heal=(heal,),
        gone=(Sign(what=f"the loops are gone from {host}", host=host, text=f"! systemctl is-active {unit}\n"),),
    )


def full_disk(name: str, host: str, unit: str, folder: str, *, spare_mib: int = 48) -> Fault:
    """The disk that the database's files are on has no byte left.

    So that no other disk is filled, the files move for the drill onto a small one of their own, in memory.
    """
    small, fill = f"{FOLDER}/{name}.disk", f"{folder}/festning-drill.fill"
    prepare = f"""set -eu
mkdir -p {small}
systemctl stop {unit}
used=$(du -sm {folder} | cut -f 1)
mount -t tmpfs -o size=$((used + {spare_mib}))m,mode=700 festning-drill {small}
cp -a {folder}/. {small}/
chown --reference={folder} {small}
chmod --reference={folder} {small}
mount --bind {small} {folder}
systemctl start {unit}
"""
    restore = f"""systemctl stop {unit}
mountpoint -q {folder} && umount {folder}
if mountpoint -q {small}; then
    cp -a {small}/. {folder}/ && umount {small} && rmdir {small}
fi
systemctl start {unit}
"""
    # In pieces first, then to the last byte.
    to_the_end = "\n".join(f"dd if=/dev/zero of={fill}.{size} bs={size} 2>&1 | tail -n 1" for size in ("64k", "1"))
    inject, heal = lasting(name, host, inject=to_the_end, heal=f"rm -f {fill}.*")
    full = f"df --output=avail,pcent {folder} | tee /dev/stderr | awk 'NR == 2 {{ exit $1 != 0 }}'\n"
    return Fault(
        name=name,
        what=f"the disk of the database on {host} is full",
        prepare=(Script(host=host, text=prepare, timeout_s=240),),
        inject=(inject,),
        observed=(Sign(what=f"{folder} on {host} has nothing left", host=host, text=full),),
        heal=(heal,),
        gone=(Sign(what=f"{folder} on {host} has room again", host=host, text=f"! {{ {full.strip()}; }}\n"),),
        restore=(Script(host=host, text=restore, timeout_s=240),),
    )
