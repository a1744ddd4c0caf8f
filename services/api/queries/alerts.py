"""Alerts: one, a page of them, those of a stretch of time, and who was told."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, not_, select

from schemas.judgements import LIVE
from services.api.access.paging import Order, Row, page
from services.api.access.tables import stores
from services.api.cursors import Cursor
from services.api.principal import Principal, visible
from services.api.reviews.changes import STATE
from services.api.reviews.tables import reviews
from services.api.reviews.views import ReviewView
from services.api.scores.reading import Span
from services.api.tables import alerts, deliveries, holds, sources
from services.api.views import AlertPage, AlertView, DeliveryView

MOST_ON_A_TIMELINE = 1_000
LONGEST_EPISODE = timedelta(days=1)
"""An alert that began earlier than so long before a timeline does not show on it."""

NEVER = datetime.max.replace(tzinfo=UTC)
TICK = timedelta(microseconds=1)
"""Between two moments in the tables."""

ORDER = Order(alerts.c.started_at, alerts.c.alert_id)
OF_REVIEW = "review_"
"""Before the names of a review's columns beside those of its alert."""


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts: of one source or store only, by what they are and what people made of them,
    that began between two moments. None: whatever it is.
    """

    source_id: UUID | None = None
    state: str | None = None
    run: str = LIVE
    since: datetime | None = None
    until: datetime | None = None
    kind: str | None = None
    store_id: UUID | None = None
    severity: str | None = None
    label: str | None = None
    incident_id: UUID | None = None
    verdict: str | None = None
    """`none` are those without."""
    acknowledged: bool | None = None
    assigned_to: UUID | None = None
    min_score: float | None = None
    """Of the peak."""

    def apply(self, query: Select[Any]) -> Select[Any]:
        """The query must read `alerts`, `sources` and, for the last three, `reviews`."""
        return query.where(*self._of_run(), *self._equal(), *self._others())

    def _of_run(self) -> tuple[ColumnElement[bool], ...]:
        """Bounded in time, a run is a range as well: MariaDB would look it up as the equality that
        it is, and walk along the index from the newest alert down to `until`, row by row.
        """
        if self.until is None:
            return (alerts.c.run == self.run,)
        return alerts.c.run >= self.run, alerts.c.run <= self.run

    def _equal(self) -> Iterator[ColumnElement[bool]]:
        wanted = {
            alerts.c.source_id: self.source_id,
            alerts.c.state: self.state,
            alerts.c.kind: self.kind,
            alerts.c.severity: self.severity,
            alerts.c.label: self.label,
            alerts.c.incident_id: self.incident_id,
            sources.c.store_id: self.store_id,
            reviews.c.assigned_to: self.assigned_to,
        }
        for column, value in wanted.items():
            if value is not None:
                yield column == str(value)

    def _others(self) -> Iterator[ColumnElement[bool]]:
        if self.since:
            yield alerts.c.started_at >= self.since
        if self.until:
            yield alerts.c.started_at < self.until
        if self.min_score is not None:
            yield alerts.c.peak_score >= self.min_score
        if self.acknowledged is not None:
            unseen = reviews.c.acknowledged_at.is_(None)
            yield not_(unseen) if self.acknowledged else unseen
        if self.verdict is not None:
            given = None if self.verdict == "none" else self.verdict
            yield reviews.c.verdict.is_(None) if given is None else reviews.c.verdict == given


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
    if after:
        wanted = replace(wanted, until=min(wanted.until or NEVER, after.moment + TICK))
    query = wanted.apply(ordered.where(visible(principal)))
    rows, token = page(connection, query, ORDER, limit, after)
    return AlertPage(items=[view_of(row) for row in rows], next=token)


def alert(connection: Connection, principal: Principal, alert_id: UUID) -> AlertView | None:
    query = _alerts().where(alerts.c.alert_id == str(alert_id), visible(principal))
    row = connection.execute(query).mappings().first()
    return view_of(row) if row else None


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
    return [view_of(row).model_dump(mode="json") for row in rows]


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


def view_of(row: Row) -> AlertView:
    """Of a row of `_alerts`."""
    version = row[f"{OF_REVIEW}version"]
    state = {name: row[OF_REVIEW + name] for name in STATE} if version else {}
    review = ReviewView(version=version or 0, **state)
    return AlertView.model_validate(dict(row) | {"review": review})


def _alerts() -> Select[Any]:
    together = alerts.join(sources, sources.c.source_id == alerts.c.source_id)
    together = together.outerjoin(holds, holds.c.hold_id == alerts.c.alert_id)
    together = together.outerjoin(reviews, reviews.c.alert_id == alerts.c.alert_id)
    together = together.outerjoin(stores, stores.c.store_id == sources.c.store_id)
    is_held = holds.c.hold_id.is_not(None).label("is_held")
    of_review = [reviews.c[name].label(OF_REVIEW + name) for name in (*STATE, "version")]
    of_source = sources.c.name.label("filename"), sources.c.store_id, stores.c.name.label("store")
    return select(alerts, *of_source, is_held, *of_review).select_from(together)
