"""Bank: money is neither made nor lost. Every read, and every data node in the end, has the same total.

Transfers read both accounts, see that there is enough, and write both balances in one transaction. A total that differs
means that somebody saw, or left, half a transfer, or that a write went under another one.
"""

from __future__ import annotations

from collections.abc import Mapping

from festning.model.drill import Checked, Fate
from festning.proof.histories.judging import Problems, Severity, checked
from festning.proof.histories.operation import BankHistory, Final
from festning.proof.histories.presence import clock, not_asked

NAME = "bank"


def check(history: BankHistory, finals: Final[Mapping[str, int]], opening: Mapping[str, int]) -> Checked:
    """Judge transfers between accounts that began with the balances ``opening``.

    Unknown when no transfer was acknowledged: a total that nobody touched says nothing.
    """
    problems = Problems()
    reads = [read for read in history.reads if read.fate is Fate.OK]
    for read in reads:
        _judge(read.value, opening, f"{read.process} read at {clock(read.invoked)}", problems)
    asked = {node: balances for node, balances in finals.items() if balances is not None}
    for node, balances in asked.items():
        _judge(balances, opening, f"{node} has in the end", problems)
    if len({tuple(sorted(balances.items())) for balances in asked.values()}) > 1:
        problems.add(Severity.DISAGREEMENT, "{} have different balances in the end".format, " and ".join(asked))
    transferred = sum(transfer.fate is Fate.OK for transfer in history.writes)
    not_known = () if transferred else ("no transfer was acknowledged",)
    looked_at = transferred + len(reads) + len(asked) if transferred else 0
    return checked(NAME, looked_at, problems, (*not_known, *not_asked(finals)))


def _judge(balances: Mapping[str, int], opening: Mapping[str, int], who: str, problems: Problems) -> None:
    total, expected = sum(balances.values()), sum(opening.values())
    if balances.keys() != opening.keys():
        problems.add(Severity.WRONG, "{} the accounts {}, not {}".format, who, _listed(balances), _listed(opening))
    elif total != expected:
        problems.add(Severity.WRONG, "{} a total of {} where {} was put in".format, who, total, expected)
    for account, balance in balances.items():
        if balance < 0:
            problems.add(Severity.WRONG, "{} {} on account {}".format, who, balance, account)


def _listed(balances: Mapping[str, int]) -> str:
    return ", ".join(sorted(balances)) or "none"
