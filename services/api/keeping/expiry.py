"""Which reviews, incidents and scores nobody needs any more: conditions on tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select

from services.api import holds
from services.api.keeping.cuts import Cut
from services.api.reviews.tables import incidents, reviews
from services.api.tables import alerts, score_series

AT_ONCE = 500


def old_reviews(cut: Cut) -> Select[Any]:
    """Ids of alerts that are too old, are not held, and of which there is a review."""
    columns = reviews.c
    old = (
        cut.old(columns.source_id, columns.started_at),
        holds.is_free(columns.source_id, columns.started_at, columns.ended_at),
    )
    return select(reviews.c.alert_id).where(*old).order_by(reviews.c.started_at).limit(AT_ONCE)


def old_incidents(until: datetime) -> ColumnElement[bool]:
    """The condition on those that began before and of which no alert is left."""
    has_alerts = exists().where(alerts.c.incident_id == incidents.c.incident_id)
    return and_(incidents.c.started_at < until, ~has_alerts)


def old_scores(cut: Cut, moment: Any, before: Any = None) -> Any:
    """The condition on a table of scores whose rows belong to series."""
    is_old = moment < (cut.before if before is None else before)
    mine = cut.of(score_series.c.source_id)
    if mine is None:
        return is_old
    return and_(is_old, moment.table.c.series_id.in_(select(score_series.c.series_id).where(mine)))
