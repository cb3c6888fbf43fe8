"""Asks hosts whose plan needs explaining: which version apt would install, who removed a package, who edited a file.

A second round trip, and only to hosts on which something is missing or has drifted, so that a plan without drift costs
nothing more. What cannot be asked stays unknown, and is never in the way of a plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from festning.engine.connections import Connections
from festning.engine.inquiries import history_script
from festning.engine.questions import ask_all
from festning.model.check import Probe
from festning.model.inquired import NOTHING, Inquired, Told
from festning.model.plan import HostPlan, Kind


async def inquire(plans: Iterable[HostPlan], connections: Connections) -> dict[str, Inquired]:
    """What the hosts of these plans tell, by host; those that nothing is asked of are left out."""
    probes = [probe for plan in plans if (probe := _question(plan)) is not None]
    answers = await ask_all(probes, connections) if probes else {}
    return {host: inquired_from(answer) for host, answer in answers.items()}


def _question(plan: HostPlan) -> Probe | None:
    packages = tuple(one.target for one in plan.operations if one.kind is Kind.INSTALL)
    targets = tuple(one.target for one in plan.operations if one.drift)
    if not packages and not targets:
        return None
    return Probe(host=plan.host, script=history_script(packages, targets), interpreter="python3", timeout_s=30.0)


def inquired_from(answer: str | None) -> Inquired:
    """A host's answer; nothing known where there is none, or none that can be read."""
    try:
        told = json.loads(answer or "null")
    except ValueError:
        return NOTHING
    if not isinstance(told, dict):
        return NOTHING
    return Inquired(
        versions=told["versions"],
        removed={name: Told(**one) for name, one in told["removed"].items()},
        touched={name: Told(**one) for name, one in told["touched"].items()},
    )
