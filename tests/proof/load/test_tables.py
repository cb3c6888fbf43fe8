"""What a data node tells of the load's tables is believed only when it told everything."""

from __future__ import annotations

from festning.proof.histories.operation import Item, Row
from festning.proof.load.tables import Tables, read, whole

TOLD = """number\tcore1-1\t1763900000.250000
item\t7\tcore1-3
list\t7\tcore1-5,core2-6
balance\taccount0\t97
everything was told
"""


def test_what_was_told_is_read():
    has = read(TOLD)
    assert has is not None
    assert has.numbers == (Row("core1-1", 1763900000.25),)
    assert has.items == (Item("7", "core1-3"),)
    assert has.lists == {"7": ("core1-5", "core2-6")}
    assert has.balances == {"account0": 97}


def test_what_was_not_told_to_the_end_is_not_known():
    assert read(TOLD.replace("everything was told\n", "")) is None
    assert read(None) is None
    assert not whole("")


def test_each_load_has_tables_of_its_own_with_names_that_the_database_takes():
    one, other = Tables("shop", "L1763900000000000000-"), Tables("shop", "L1763900000000000001-")
    assert not set(one.names.values()) & set(other.names.values())
    assert all(len(name) <= 64 and name.startswith("festning_load_") for name in one.names.values())
    assert all(name in one.make() and name in one.tell() for name in one.names.values())


def test_every_script_says_at_its_end_that_it_came_there():
    tables = Tables("shop", "L1-")
    for script in (tables.make(), tables.drop(), tables.tell()):
        assert script.count("everything was told") == 1
        assert script.endswith("echo 'everything was told'\n")
