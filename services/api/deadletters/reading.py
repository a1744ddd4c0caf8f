"""Dead letters: one, a page of them, by who may know of their source."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, select, true

from services.api.access.paging import Order, page
from services.api.cursors import Cursor
from services.api.deadletters.tables import dead_letters
from services.api.deadletters.views import DeadLetterPage, DeadLetterView, LetterFilter
from services.api.principal import Principal, visible
from services.api.tables import sources

Row = Mapping[Any, Any]
_COLUMNS = dead_letters.c


def letter_row(connection: Connection, principal: Principal, letter_id: UUID) -> Row | None:
    """None where there is none, or none of theirs."""
    mine = _COLUMNS.letter_id == str(letter_id)
    return connection.execute(_letters(principal).where(mine)).mappings().first()


def letter_page(
    connection: Connection,
    principal: Principal,
    wanted: LetterFilter,
    limit: int,
    after: Cursor | None,
) -> DeadLetterPage:
    """Latest first."""
    order = Order(_COLUMNS.failed_at, _COLUMNS.letter_id)
    query = _letters(principal).where(*_conditions(wanted))
    rows, token = page(connection, query, order, limit, after)
    return DeadLetterPage(
        items=[view_of(row) for row in rows],
        next=token,
        open_by_topic=_open_by_topic(connection, principal),
    )


def view_of(row: Row) -> DeadLetterView:
    return DeadLetterView.model_validate(fields_of(row))


def fields_of(row: Row) -> dict[str, Any]:
    """Of a row, what the view says of it."""
    named = {"partition": row["partition_number"], "offset": row["record_offset"]}
    return {name: row[name] for name in DeadLetterView.model_fields if name in row} | named


def _letters(principal: Principal) -> Any:
    together = dead_letters.outerjoin(sources, sources.c.source_id == _COLUMNS.source_id)
    query = select(dead_letters, sources.c.name.label("source")).select_from(together)
    return query.where(_readable(principal))


def _readable(principal: Principal) -> ColumnElement[bool]:
    """Of what nobody can tell whose it is, the machine's operator alone hears."""
    return true() if principal.tenant_id is None else visible(principal)


def _conditions(wanted: LetterFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.topic is not None:
        found.append(_COLUMNS.topic == wanted.topic)
    if wanted.reason is not None:
        found.append(_COLUMNS.reason.icontains(wanted.reason, autoescape=True))
    if wanted.state is not None:
        found.append(_COLUMNS.state == wanted.state)
    if wanted.since is not None:
        found.append(_COLUMNS.failed_at >= wanted.since)
    if wanted.until is not None:
        found.append(_COLUMNS.failed_at < wanted.until)
    if wanted.source_id is not None:
        found.append(_COLUMNS.source_id == str(wanted.source_id))
    return found


def _open_by_topic(connection: Connection, principal: Principal) -> dict[str, int]:
    together = dead_letters.outerjoin(sources, sources.c.source_id == _COLUMNS.source_id)
    query = select(_COLUMNS.topic, func.count()).select_from(together)
    query = query.where(_readable(principal), _COLUMNS.state == "open")
    rows = connection.execute(query.group_by(_COLUMNS.topic).order_by(_COLUMNS.topic))
    return {row[0]: row[1] for row in rows}
