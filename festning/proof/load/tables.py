"""The load's own tables: their names, how they are made and dropped, and what a data node has in them in the end.

The names are new with each load. A program of an earlier one that nobody could stop finds its tables gone, and ends.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from festning.proof.histories.operation import Item, Row

ACCOUNTS = tuple(f"account{number}" for number in range(64))
"""Few enough that transfers meet all the time. With eight, those that had queued up behind a takeover took each other's
rows from under their feet for minutes, on machines with nothing to spare: of all that wait for a row, one goes on, and
the others begin anew."""
OPENING = dict.fromkeys(ACCOUNTS, 100)
_STEM = "festning_load_"
_LONGEST = 64
"""Of a table's name, in characters (MariaDB, "Identifier Names")."""
_WHOLE = "everything was told"


@dataclass(frozen=True, slots=True)
class Has:
    """What a data node has."""

    numbers: tuple[Row, ...]
    items: tuple[Item, ...]
    lists: dict[str, tuple[str, ...]]
    balances: dict[str, int]


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of the load with this prefix, in this schema."""

    schema: str
    prefix: str

    @property
    def names(self) -> dict[str, str]:
        """By what is kept in them."""
        run = re.sub(r"\W", "", self.prefix)
        return {book: f"{_STEM}{book}_{run}"[:_LONGEST] for book in ("numbers", "set", "list", "bank")}

    def make(self) -> str:
        """A script for one data node, as root: drops what an earlier load left, and makes new tables."""
        names = self.names
        accounts = ", ".join(f"('{account}', {balance})" for account, balance in OPENING.items())
        return f"""exec 2>&1
set -e
{self._drop()}mariadb {self.schema} <<'SQL'
CREATE TABLE {names["numbers"]} (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, number VARCHAR(96) NOT NULL, node VARCHAR(64) NOT NULL,
    placed TIMESTAMP(6) NOT NULL, KEY (number)
) ENGINE=InnoDB;
CREATE TABLE {names["set"]} (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, set_key VARCHAR(32) NOT NULL, item VARCHAR(96) NOT NULL,
    KEY (set_key)
) ENGINE=InnoDB;
CREATE TABLE {names["list"]} (list_key VARCHAR(32) NOT NULL PRIMARY KEY, items MEDIUMTEXT NOT NULL) ENGINE=InnoDB;
CREATE TABLE {names["bank"]} (account VARCHAR(32) NOT NULL PRIMARY KEY, balance BIGINT NOT NULL) ENGINE=InnoDB;
INSERT INTO {names["bank"]} (account, balance) VALUES {accounts};
SQL
echo '{_WHOLE}'
"""  # noqa: S608 -- constants and checked names.

    def drop(self) -> str:
        """A script for one data node, as root: drops the tables of this load and of any other."""
        return f"{self._drop()}echo '{_WHOLE}'\n"

    def _drop(self) -> str:
        return f"""mariadb --skip-column-names --batch <<'SQL' | mariadb
SELECT CONCAT('DROP TABLE IF EXISTS `', TABLE_SCHEMA, '`.`', TABLE_NAME, '`;') FROM information_schema.TABLES
WHERE TABLE_SCHEMA = '{self.schema}' AND LEFT(TABLE_NAME, {len(_STEM)}) = '{_STEM}';
SQL
"""  # noqa: S608

    def tell(self) -> str:
        """A script for each data node, as root: prints all that it has, once it has all that was committed before."""
        names = self.names
        return f"""set -e
mariadb --skip-column-names --batch {self.schema} <<'SQL'
SET SESSION wsrep_sync_wait = 1;
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;
SELECT 'number', number, UNIX_TIMESTAMP(placed) FROM {names["numbers"]};
SELECT 'item', set_key, item FROM {names["set"]};
SELECT 'list', list_key, items FROM {names["list"]};
SELECT 'balance', account, balance FROM {names["bank"]};
SQL
echo '{_WHOLE}'
"""  # noqa: S608


def whole(answer: str | None) -> bool:
    """Whether a script came to its end."""
    return answer is not None and answer.rstrip().endswith(_WHOLE)


def read(answer: str | None) -> Has | None:
    """What a data node told; ``None`` when it did not tell everything."""
    if answer is None or not whole(answer):
        return None
    told: defaultdict[str, list[list[str]]] = defaultdict(list)
    for line in answer.splitlines():
        kind, *rest = line.split("\t")
        told[kind].append(rest)
    return Has(
        numbers=tuple(Row(number, float(placed)) for number, placed in told["number"]),
        items=tuple(Item(key, item) for key, item in told["item"]),
        lists={key: tuple(items.split(",")) for key, items in told["list"]},
        balances={account: int(balance) for account, balance in told["balance"]},
    )
