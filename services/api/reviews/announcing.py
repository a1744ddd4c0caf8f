"""Publishes reviews on `reviews.v1` as the tables have them: a duty.

A change is a row whose `announced_at` is empty, committed before anybody hears of it. The message
is the state as a whole, so of several changes that come between two turns the last one counts; the
state that lies last on the topic for an alert is the one in the table.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, select, update

from schemas.ids import DEFAULT_TENANT
from schemas.reviews import AlertReviewed, ReviewedAlert
from schemas.topics import REVIEWS
from services.api.reviews.tables import reviews
from services.api.tables import alerts, sources
from services.chassis.storage.database import transaction
from services.chassis.streaming.publisher import Publishing
from services.chassis.streaming.records import Outgoing
from services.chassis.telemetry import logs

log = logs.get("reviews")
RESTS_S = 1.0
AT_ONCE = 200


def message_of(row: Mapping[Any, Any]) -> AlertReviewed:
    """The review of a row, beside the tenant of its source and what the alert was."""
    names = "alert_id source_id acknowledged_at acknowledged_by assigned_to verdict reason"
    return AlertReviewed(
        tenant_id=row["tenant_id"] or DEFAULT_TENANT,
        alert=_alert(row),
        reviewed_at=row["reviewed_at"],
        **{name: row[name] for name in names.split()},
    )


def _alert(row: Mapping[Any, Any]) -> ReviewedAlert | None:
    """A verdict outlives the alert's own row; then nothing is said of the alert."""
    if row["kind"] is None:
        return None
    names = "source_kind run kind rule model_id peak_score started_at"
    return ReviewedAlert(**{name: row[name] for name in names.split()})


class ReviewAnnouncements:
    """Every step may be broken off and done again."""

    def __init__(self, engine: Engine, publishing: Publishing) -> None:
        self._engine, self._publishing = engine, publishing

    def turn(self) -> float:
        """Publish what is not published yet; seconds until the next look. Raises TransientError."""
        of_source = reviews.join(sources, sources.c.source_id == reviews.c.source_id)
        of_alert = of_source.outerjoin(alerts, alerts.c.alert_id == reviews.c.alert_id)
        more = (sources.c.tenant_id, alerts.c.source_kind, alerts.c.kind, alerts.c.peak_score)
        query = (
            select(reviews, *more)
            .select_from(of_alert)
            .where(reviews.c.announced_at.is_(None), sources.c.is_being_removed.is_(False))
            .order_by(reviews.c.reviewed_at)
            .limit(AT_ONCE)
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        if not rows:
            return RESTS_S
        self._publishing.publish(*(Outgoing(REVIEWS, message_of(row)) for row in rows))
        with transaction(self._engine) as connection:
            for row in rows:
                same = (
                    reviews.c.alert_id == row["alert_id"],
                    reviews.c.version == row["version"],
                )
                at = {"announced_at": row["reviewed_at"]}
                connection.execute(update(reviews).where(*same).values(at))
        log.info("reviews announced", count=len(rows))
        return 0.0 if len(rows) == AT_ONCE else RESTS_S
