"""Which reviews and incidents nobody needs any more."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select

from services.api import holds
from services.api.reviews.tables import incidents, reviews
from services.api.tables import alerts

AT_ONCE = 500


def old_reviews(until: datetime) -> Select[Any]:
    """Ids of alerts that began before, are not held, and of which there is a review."""
    old = reviews.c.started_at < until, holds.is_free(reviews.c.alert_id)
    return select(reviews.c.alert_id).where(*old).order_by(reviews.c.started_at).limit(AT_ONCE)


def old_incidents(until: datetime) -> ColumnElement[bool]:
    """The condition on those that began before and of which no alert is left."""
    has_alerts = exists().where(alerts.c.incident_id == incidents.c.incident_id)
    return and_(incidents.c.started_at < until, ~has_alerts)
