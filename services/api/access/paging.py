"""A page of a list ordered by time and id, latest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select

from services.api.cursors import Cursor

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Order:
    """The columns a list is ordered by; the second is unique."""

    moment: ColumnElement[datetime]
    name: ColumnElement[str]


def page(
    connection: Connection, query: Select[Any], order: Order, limit: int, after: Cursor | None
) -> tuple[list[Row], str | None]:
    """So many rows after the cursor, and the token of the next page, None at the end."""
    if after:
        query = query.where(after.older(order.moment, order.name))
    query = query.order_by(order.moment.desc(), order.name.desc()).limit(limit + 1)
    rows: list[Row] = list(connection.execute(query).mappings())
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], Cursor(last[order.moment], last[order.name]).token()
