"""Upserts that know which of two states of a row is the newer one.

A batch may hold old news (a replay, another partition's delay): a rule per column says what the
row keeps. MySQL evaluates assignments from left to right, so a column that rules look at comes
after the columns that look at it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, case, func
from sqlalchemy.dialects import mysql, sqlite

Row = Mapping[str, Any]


class Change:
    """A row on its way in, beside the row that is there."""

    def __init__(self, table: Table, incoming: Any) -> None:
        self._table, self._incoming = table, incoming

    def new(self, name: str) -> ColumnElement[Any]:
        column: ColumnElement[Any] = self._incoming[name]
        return column

    def old(self, name: str) -> ColumnElement[Any]:
        return self._table.c[name]


Rule = Callable[[Change, str], ColumnElement[Any]]


def replace(change: Change, name: str) -> ColumnElement[Any]:
    return change.new(name)


def keep(change: Change, name: str) -> ColumnElement[Any]:
    return change.old(name)


def greatest(change: Change, name: str) -> ColumnElement[Any]:
    """The larger value; a missing one is smaller than any."""
    new, old = change.new(name), change.old(name)
    return case((old.is_(None), new), (new > old, new), else_=old)


def least(change: Change, name: str) -> ColumnElement[Any]:
    """The smaller value; a missing one is larger than any."""
    new, old = change.new(name), change.old(name)
    return case((old.is_(None), new), (new < old, new), else_=old)


def added(change: Change, name: str) -> ColumnElement[Any]:
    """The sum of both: not idempotent, so the new value must be what is more than before."""
    return change.old(name) + change.new(name)


def first_known(change: Change, name: str) -> ColumnElement[Any]:
    """The new value, unless it is missing."""
    return func.coalesce(change.new(name), change.old(name))


def upsert(
    connection: Connection, table: Table, rows: Sequence[Row], rules: Mapping[str, Rule]
) -> None:
    """Insert rows; where the primary key is there, set each column of `rules` in their order.

    All rows have the same columns. One round trip a batch; raises SQLAlchemy's errors.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        lite = sqlite.insert(table)
        keys = [column.name for column in table.primary_key]
        change = Change(table, lite.excluded)
        statement: Any = lite.on_conflict_do_update(
            index_elements=keys, set_={name: rule(change, name) for name, rule in rules.items()}
        )
    else:
        maria = mysql.insert(table)
        change = Change(table, maria.inserted)
        statement = maria.on_duplicate_key_update(
            [(name, rule(change, name)) for name, rule in rules.items()]
        )
    connection.execute(statement, [dict(row) for row in rows])
