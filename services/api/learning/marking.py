"""Missed events in the tables: entered, listed, taken back."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Select, insert, select, update

from services.api.access.paging import Order, Row, page
from services.api.access.tables import stores
from services.api.cursors import Cursor
from services.api.learning.tables import missed_events
from services.api.learning.views import NORMAL, MissedEventEntry, MissedEventPage, MissedEventView
from services.api.principal import Principal, visible
from services.api.scores.reading import Span
from services.api.tables import sources


def enter(
    connection: Connection, principal: Principal, entry: MissedEventEntry, now: datetime
) -> UUID:
    """The caller has made sure that the source is theirs to see, and the alert its own."""
    event_id = uuid4()
    row = {
        "event_id": str(event_id),
        "source_id": str(entry.source_id),
        "since_at": entry.since,
        "until_at": entry.until,
        "label": entry.label,
        "alert_id": str(entry.alert_id) if entry.alert_id else None,
        "note": entry.note or "",
        "reported_by": principal.actor.name,
        "reported_at": now,
        "announced_at": None if _is_announced(entry) else now,
    }
    connection.execute(insert(missed_events).values(row))
    return event_id


def withdraw(connection: Connection, event_id: UUID, now: datetime) -> None:
    """It counts for nothing from here on. What the topic has of it is still to be taken back."""
    values = {"withdrawn_at": now, "announced_at": None}
    here = missed_events.c.event_id == str(event_id)
    connection.execute(update(missed_events).where(here).values(values))


def event(connection: Connection, principal: Principal, event_id: UUID) -> MissedEventView | None:
    query = _events(principal).where(missed_events.c.event_id == str(event_id))
    row = connection.execute(query).mappings().first()
    return _view(row) if row else None


def event_page(
    connection: Connection,
    principal: Principal,
    place: tuple[UUID | None, UUID | None],
    label: str | None,
    limit: int,
    after: Cursor | None,
) -> MissedEventPage:
    """The latest reported first; `place` is a source and a store, None: any."""
    source_id, store_id = place
    query = _events(principal)
    if source_id is not None:
        query = query.where(missed_events.c.source_id == str(source_id))
    if store_id is not None:
        query = query.where(sources.c.store_id == str(store_id))
    if label is not None:
        query = query.where(missed_events.c.label == label)
    order = Order(missed_events.c.reported_at, missed_events.c.event_id)
    rows, token = page(connection, query, order, limit, after)
    return MissedEventPage(items=[_view(row) for row in rows], next=token)


def missed_between(connection: Connection, principal: Principal, span: Span) -> list[Row]:
    """Events that raised no alert and touch the span, in order of time: rows of `missed_events`.
    What was normal, or puts an alert right, is none of them.
    """
    columns = missed_events.c
    query = (
        select(missed_events)
        .join(sources, sources.c.source_id == columns.source_id)
        .where(
            visible(principal),
            columns.since_at < span.until,
            columns.until_at > span.since,
            columns.withdrawn_at.is_(None),
            columns.alert_id.is_(None),
            columns.label != NORMAL,
        )
        .order_by(columns.since_at, columns.event_id)
    )
    return list(connection.execute(query).mappings())


def _is_announced(entry: MissedEventEntry) -> bool:
    """Calibration hears of what it missed: not of quiet moments, nor of alerts, whose verdicts it
    hears already.
    """
    return entry.label != NORMAL and entry.alert_id is None


def _events(principal: Principal) -> Select[Any]:
    together = missed_events.join(sources, sources.c.source_id == missed_events.c.source_id)
    together = together.outerjoin(stores, stores.c.store_id == sources.c.store_id)
    of_source = sources.c.name.label("source_name"), sources.c.store_id
    query = select(missed_events, *of_source, stores.c.name.label("store")).select_from(together)
    return query.where(visible(principal), missed_events.c.withdrawn_at.is_(None))


def _view(row: Row) -> MissedEventView:
    names = "event_id source_id source_name store_id store label note alert_id"
    return MissedEventView(
        since=row["since_at"],
        until=row["until_at"],
        reported_by=row["reported_by"],
        reported_at=row["reported_at"],
        **{name: row[name] for name in names.split()},
    )
