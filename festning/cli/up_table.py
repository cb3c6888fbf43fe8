"""How the end of ``up`` looks: the hosts, what was proven, and the addresses to open."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from festning.cli.apply_table import results
from festning.cli.apply_table import show as show_applied
from festning.cli.check_table import document, show_reasons, show_verdict, tally
from festning.cli.findings_table import finding_document, show_briefly
from festning.cli.screen import Screen
from festning.workflows.raising import Raised


def show(screen: Screen, raised: Raised, file: Path) -> None:
    """What ``up`` brought: the hosts, what was proven, and the addresses to open."""
    verification = raised.verification
    if screen.as_json:
        screen.json(
            {
                "fortress": raised.fortress.name,
                "changes": raised.plan.changes,
                "complete": raised.result.complete,
                "hosts": results(raised.result),
                "verification": document(verification) if verification else None,
                "doors": {door.host: door.port for door in raised.doors},
                "findings": [finding_document(finding) for finding in raised.findings],
            }
        )
        return
    if verification is None:
        show_applied(screen, raised.plan, raised.result)
        return
    checks = verification.checks
    screen.table(
        f"{raised.fortress.name}: up",
        ("host", "role", "site", "country", "address", "bridge", "changes", "checks"),
        [
            (
                host.name,
                host.role.value,
                host.site.name,
                host.site.country,
                " ".join(map(str, host.addresses)),
                str(host.bridge),
                str(raised.plan.of(host.name).changes),
                tally(check for check in checks if check.host == host.name),
            )
            for host in raised.fortress.hosts
        ],
    )
    show_reasons(screen, checks)
    show_briefly(screen, raised.findings)
    show_verdict(screen, verification)
    if raised.doors:
        _doors(screen, raised, file)


def _doors(screen: Screen, raised: Raised, file: Path) -> None:
    screen.line("")
    screen.line("Open, through the front doors' ports on this machine:", "bold")
    names = [service.host for service in raised.fortress.services]
    for door in raised.doors:
        screen.line(f"  {door.host:8} " + "  ".join(f"https://{name}:{door.port}/" for name in names))
    port, name = raised.doors[0].port, names[0] if names else raised.fortress.domain
    screen.line("A browser needs the names:  127.0.0.1 " + " ".join(names) + "  in /etc/hosts. Without them:")
    screen.line(
        f"  {_this_command()} --file {file} --lab pki ca > /tmp/{raised.fortress.name}-ca.pem\n"
        f"  curl --cacert /tmp/{raised.fortress.name}-ca.pem --resolve {name}:{port}:127.0.0.1 https://{name}:{port}/"
    )


def _this_command() -> str:
    """How this program was called, so that the line can be pasted."""
    return "festning" if shutil.which("festning") else sys.argv[0]
