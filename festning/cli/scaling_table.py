"""How a group of edges looks that was made larger or smaller, or moved."""

from __future__ import annotations

from festning.cli.apply_table import results
from festning.cli.apply_table import show as show_applied
from festning.cli.check_table import document, show_reasons, show_verdict, tally
from festning.cli.screen import Screen
from festning.workflows.scaling_edges import Scaled


def show(screen: Screen, done: Scaled) -> None:
    """The group's edges as they are now, who came and went, and what was verified."""
    if screen.as_json:
        screen.json(_document(done))
        return
    unfinished = [(plan, result) for plan, result in done.applied if not result.complete]
    for plan, result in unfinished:
        show_applied(screen, plan, result)
    checks = done.verification.checks if done.verification else ()
    screen.table(
        f"{done.fortress.name}: {done.group}{'' if done.whole else ', under way'}",
        ("edge", "site", "country", "address", "bridge", "", "checks"),
        [
            (
                host.name,
                host.site.name,
                host.site.country,
                str(host.address),
                str(host.bridge),
                "new" if host.name in done.made else "leaving" if host.leaving else "",
                tally(check for check in checks if check.host == host.name),
            )
            for host in done.fortress.hosts
            if host.entry == done.group
        ],
    )
    if done.gone:
        screen.line(f"gone: {', '.join(done.gone)}")
    for host, left in done.cut.items():
        screen.line(f"{host} still had {left} connections when it was taken away")
    for note in done.notes:
        screen.line(f"note: {note}")
    show_reasons(screen, checks)
    if done.verification:
        show_verdict(screen, done.verification)
    if not done.whole:
        screen.line("not everything is done; running the same command again goes on")
    elif not done.changed:
        screen.line("nothing to do")


def _document(done: Scaled) -> dict[str, object]:
    return {
        "fortress": done.fortress.name,
        "group": done.group,
        "whole": done.whole,
        "changed": done.changed,
        "edges": [
            {
                "host": host.name,
                "site": host.site.name,
                "address": str(host.address),
                "new": host.name in done.made,
                "leaving": host.leaving,
            }
            for host in done.fortress.hosts
            if host.entry == done.group
        ],
        "made": list(done.made),
        "gone": list(done.gone),
        "cut": dict(done.cut),
        "notes": list(done.notes),
        "applied": [
            {"changes": plan.changes, "complete": result.complete, "hosts": results(result)}
            for plan, result in done.applied
        ],
        "verification": document(done.verification) if done.verification else None,
    }
