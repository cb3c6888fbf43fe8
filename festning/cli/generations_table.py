"""How the past looks: the hosts' generations, and the end of going back to one."""

from __future__ import annotations

from festning.cli import apply_table
from festning.cli.screen import Screen
from festning.model.history import Failure, Generation, History, HostPart, Result
from festning.workflows.rolling_back import RolledBack

STAYS = "packages and steps (databases, accounts, what was run once) are not taken back: they are as they were left"


def show_history(screen: Screen, history: History) -> None:
    """Every generation, the newest first; what failed below it."""
    if screen.as_json:
        screen.json(history.document())
        return
    if history.generations:
        rows = [row for generation in history.generations for row in _rows(generation)]
        screen.table(f"{history.fortress}: generations", ("no", "when (UTC)", "operator", "result", "hosts"), rows)
    else:
        screen.line(f"{history.fortress}: nothing has been applied yet")
    for host in history.unreachable:
        screen.line(f"{host.host}: could not be reached: {host.reason}", "yellow")


def show_rollback(screen: Screen, done: RolledBack) -> None:
    """How going back went, host by host."""
    if screen.as_json:
        screen.json(
            {
                "fortress": done.plan.fortress,
                "rolled_back_to": done.number,
                "complete": done.result is not None and done.result.complete,
                "hosts": apply_table.results(done.result) if done.result else [],
                "left_alone": list(done.new),
            }
        )
        return
    if done.result is None:
        screen.line("nothing was changed")
        return
    apply_table.show(screen, done.plan, done.result)
    for host in done.new:
        screen.line(f"{host}: was not part of generation {done.number}, and is left as it is")
    if done.result.complete and done.plan.changes:
        screen.line(f"{done.plan.fortress}: is as in generation {done.number}; {STAYS}")
        screen.line("festning plan shows the difference to the file; festning apply goes forward again")


def _rows(generation: Generation) -> list[tuple[str, ...]]:
    when = generation.at.replace("T", " ").removesuffix("Z")
    number = str(generation.number)
    first = (number, when, generation.operator, _result(generation), _hosts(generation))
    failures = [
        ("", "", "", "", f"{part.host}: {_failure(failure)}") for part in generation.parts for failure in part.failures
    ]
    return [first, *failures]


def _result(generation: Generation) -> str:
    if generation.rolled_back_to is None:
        return generation.result.value
    return f"{generation.result.value}, rolled back to {generation.rolled_back_to}"


def _hosts(generation: Generation) -> str:
    return ", ".join(_host(part) for part in generation.parts)


def _host(part: HostPart) -> str:
    if part.result is Result.FAILED:
        return f"{part.host} (none)"
    return f"{part.host} ({part.changes})"


def _failure(failure: Failure) -> str:
    at = f"{failure.system}: " if failure.system else ""
    back = f"; {', '.join(failure.back)}" if failure.back else ""
    return f"{at}{failure.reason}{back}"
