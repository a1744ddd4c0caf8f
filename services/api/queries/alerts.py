"""Alerts: one, a page of them, those of a stretch of time, and who was told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, select

from schemas.judgements import LIVE
from services.api.cursors import Cursor
from services.api.principal import Principal, visible
from services.api.scores.reading import Span
from services.api.tables import alerts, deliveries, holds, sources
from services.api.views import AlertPage, AlertView, DeliveryView

MOST_ON_A_TIMELINE = 1_000
LONGEST_EPISODE = timedelta(days=1)
"""An alert that began earlier than so long before a timeline does not show on it."""


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts: of one source only, by state, that began between two moments."""

    source_id: UUID | None = None
    state: str | None = None
    run: str = LIVE
    since: datetime | None = None
    until: datetime | None = None
    kind: str | None = None

    def apply(self, query: Select[Any]) -> Select[Any]:
        query = query.where(alerts.c.run == self.run)
        if self.source_id:
            query = query.where(alerts.c.source_id == str(self.source_id))
        if self.state:
            query = query.where(alerts.c.state == self.state)
        if self.kind:
            query = query.where(alerts.c.kind == self.kind)
        if self.since:
            query = query.where(alerts.c.started_at >= self.since)
        if self.until:
            query = query.where(alerts.c.started_at < self.until)
        return query


def alert_page(
    connection: Connection,
    principal: Principal,
    wanted: AlertFilter,
    limit: int,
    after: Cursor | None,
) -> AlertPage:
    """Newest first."""
    # Alerts first, along their index: MySQL would read all of few sources, and sort.
    ordered = _alerts().prefix_with("STRAIGHT_JOIN", dialect="mysql")
    query = wanted.apply(ordered.where(visible(principal)))
    if after:
        query = query.where(after.older(alerts.c.started_at, alerts.c.alert_id))
    order = alerts.c.started_at.desc(), alerts.c.alert_id.desc()
    rows = connection.execute(query.order_by(*order).limit(limit + 1)).mappings().all()
    kept = rows[:limit]
    more = len(rows) > limit
    token = Cursor(kept[-1]["started_at"], kept[-1]["alert_id"]).token() if more else None
    return AlertPage(items=[AlertView.model_validate(dict(row)) for row in kept], next=token)


def alert(connection: Connection, principal: Principal, alert_id: UUID) -> AlertView | None:
    query = _alerts().where(alerts.c.alert_id == str(alert_id), visible(principal))
    row = connection.execute(query).mappings().first()
    return AlertView.model_validate(dict(row)) if row else None


def alerts_between(
    connection: Connection, source_id: str, run: str, span: Span
) -> list[dict[str, Any]]:
    """Episodes that touch the span, in order of time. The caller may see the source."""
    query = (
        _alerts()
        .where(
            alerts.c.source_id == source_id,
            alerts.c.run == run,
            alerts.c.started_at >= span.since - LONGEST_EPISODE,
            alerts.c.started_at < span.until,
            alerts.c.ended_at >= span.since,
        )
        .order_by(alerts.c.started_at, alerts.c.alert_id)
        .limit(MOST_ON_A_TIMELINE)
    )
    rows = connection.execute(query).mappings()
    return [AlertView.model_validate(dict(row)).model_dump(mode="json") for row in rows]


def deliveries_of(
    connection: Connection, principal: Principal, alert_id: UUID
) -> list[DeliveryView]:
    """All attempts, in order of time."""
    seen = deliveries.join(sources, sources.c.source_id == deliveries.c.source_id)
    query = (
        select(deliveries)
        .select_from(seen)
        .where(deliveries.c.alert_id == str(alert_id), visible(principal))
        .order_by(deliveries.c.attempted_at, deliveries.c.delivery_id, deliveries.c.attempt)
    )
    rows = connection.execute(query).mappings()
    return [DeliveryView.model_validate(dict(row)) for row in rows]


def _alerts() -> Select[Any]:
    together = alerts.join(sources, sources.c.source_id == alerts.c.source_id)
    together = together.outerjoin(holds, holds.c.alert_id == alerts.c.alert_id)
    is_held = holds.c.alert_id.is_not(None).label("is_held")
    return select(alerts, sources.c.name.label("filename"), is_held).select_from(together)
