"""Which reviews nobody needs any more."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from services.api import holds
from services.api.reviews.tables import reviews

AT_ONCE = 500


def old_reviews(until: datetime) -> Select[Any]:
    """Ids of alerts that began before, are not held, and of which there is a review."""
    old = reviews.c.started_at < until, holds.is_free(reviews.c.alert_id)
    return select(reviews.c.alert_id).where(*old).order_by(reviews.c.started_at).limit(AT_ONCE)
