"""What pyinfra runs on every host: the host's own data says what is wanted. Copied beside the inventory."""

from pyinfra import host
from pyinfra.operations import apt, files, server, systemd
from pyinfra.operations.util import any_changed

apt.packages(name="packages", packages=host.data.packages)

for account, home in host.data.accounts:
    server.user(  # noqa: S604 (a login shell, not a way to run things)
        name=f"account {account}",
        user=account,
        home=home,
        shell="/usr/sbin/nologin",
        system=True,
        ensure_home=False,
    )

for wanted in host.data.directories:
    files.directory(
        name=wanted["path"], path=wanted["path"], mode=wanted["mode"], user=wanted["owner"], group=wanted["group"]
    )

placed = [
    (
        file["reactions"],
        files.put(
            name=file["path"],
            src=file["source"],
            dest=file["path"],
            mode=file["mode"],
            user=file["owner"],
            group=file["group"],
            add_deploy_dir=False,
            create_remote_dir=False,
        ),
    )
    for file in host.data.placed
]

for verb, unit in host.data.reactions:
    changed = any_changed(*(operation for reactions, operation in placed if [verb, unit] in reactions))
    if verb == "daemon-reload":
        systemd.daemon_reload(name=verb, _if=changed)
    else:
        systemd.service(
            name=f"{verb} {unit}",
            service=unit,
            running=None,
            restarted=verb == "restart",
            reloaded=verb == "reload",
            _if=changed,
        )

for unit in host.data.units:
    systemd.service(name=unit["name"], service=unit["name"], running=unit["running"], enabled=unit["enabled"])
