"""Conditions: what was wrong with a source, and is. They fill what would be a hole in scores."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from services.api.access.paging import Order, page
from services.api.cameras.views import ConditionPage, ConditionView
from services.api.cursors import Cursor
from services.api.scores.reading import Span
from services.api.tables import conditions

MOST_ON_A_TIMELINE = 2_000
ORDER = Order(conditions.c.started_at, conditions.c.health_id)


def touching(source_id: str, since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    """Those of a source that lasted into the stretch; one that is not over lasts to this day."""
    columns = conditions.c
    clauses = [columns.source_id == source_id]
    if since is not None:
        clauses.append(or_(columns.ended_at >= since, columns.is_over.is_(False)))
    if until is not None:
        clauses.append(columns.started_at < until)
    return and_(*clauses)


def condition_page(
    connection: Connection, where: ColumnElement[bool], limit: int, after: Cursor | None
) -> ConditionPage:
    """Newest first. The caller may see the source."""
    rows, token = page(connection, select(conditions).where(where), ORDER, limit, after)
    return ConditionPage(
        items=[ConditionView.model_validate(dict(row)) for row in rows], next=token
    )


def conditions_between(connection: Connection, source_id: str, span: Span) -> list[dict[str, Any]]:
    """Those that touch the span, in order of time; of very many the latest."""
    newest = condition_page(
        connection, touching(source_id, span.since, span.until), MOST_ON_A_TIMELINE, None
    )
    return [view.model_dump(mode="json") for view in reversed(newest.items)]


def open_conditions(
    connection: Connection, source_ids: Sequence[str]
) -> dict[str, list[ConditionView]]:
    """What is not over of each of them, the longest first; sources without any are left out."""
    columns = conditions.c
    query = (
        select(conditions)
        .where(columns.is_over.is_(False), columns.source_id.in_(source_ids))
        .order_by(columns.started_at)
    )
    found: dict[str, list[ConditionView]] = {}
    for row in connection.execute(query).mappings() if source_ids else ():
        found.setdefault(row["source_id"], []).append(ConditionView.model_validate(dict(row)))
    return found


def extent(connection: Connection, source_id: str) -> tuple[datetime, datetime] | None:
    """From the beginning of the first condition to the end of the latest."""
    columns = conditions.c
    query = select(func.min(columns.started_at), func.max(columns.ended_at)).where(
        columns.source_id == source_id
    )
    first, last = connection.execute(query).one()
    return (first, last) if first is not None else None
