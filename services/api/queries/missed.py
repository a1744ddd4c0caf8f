"""What a target missed: alerts of a time that it wants to hear of, and that never got to it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from schemas.hours import StoreHours
from schemas.judgements import LIVE
from schemas.targets import TargetConfigured
from services.api.access.tables import stores
from services.api.principal import Principal, visible
from services.api.reviews.tables import reviews
from services.api.tables import alerts, deliveries, sources
from services.api.targets.attempts import Row
from services.chassis.hours import is_within

AT_ONCE = 200


def missed(
    connection: Connection,
    principal: Principal,
    target: TargetConfigured,
    since: datetime,
    until: datetime,
) -> list[Row]:
    """Alerts that began in [since, until), in that order, one more than `AT_ONCE` at most; those
    outside of the hours of the target are among them.
    """
    joined = (
        alerts.join(sources, sources.c.source_id == alerts.c.source_id)
        .outerjoin(stores, stores.c.store_id == sources.c.store_id)
        .outerjoin(reviews, reviews.c.alert_id == alerts.c.alert_id)
    )
    arrived = exists().where(
        deliveries.c.alert_id == alerts.c.alert_id,
        deliveries.c.target_id == str(target.target_id),
        deliveries.c.outcome == "delivered",
    )
    query = (
        select(alerts.c.alert_id, alerts.c.started_at, stores.c.hours)
        .select_from(joined)
        .where(
            visible(principal),
            sources.c.tenant_id == str(target.tenant_id),
            alerts.c.run == LIVE,
            alerts.c.started_at >= since,
            alerts.c.started_at < until,
            *_wanted(target),
            ~arrived,
        )
        .order_by(alerts.c.started_at, alerts.c.alert_id)
        .limit(AT_ONCE + 1)
    )
    return list(connection.execute(query).mappings().all())


def in_its_hours(target: TargetConfigured, row: Row) -> bool:
    """Whether it would have been delivered then, as far as the hours of the target say."""
    wants = target.wants
    if wants.hours is None:
        return True
    due_at = row["started_at"] + timedelta(seconds=target.after_s)
    there = StoreHours.model_validate(row["hours"] or {}).time_zone
    return is_within(wants.hours, wants.time_zone or there, due_at)


def _wanted(target: TargetConfigured) -> Iterator[ColumnElement[bool]]:
    """As the filter of the target has it. Of a step of escalation: what nobody took up since."""
    wants = target.wants
    chosen = (
        (alerts.c.kind, wants.kinds),
        (alerts.c.severity, wants.severities),
        (alerts.c.label, wants.labels),
        (alerts.c.source_id, [str(each) for each in wants.source_ids]),
        (sources.c.store_id, [str(each) for each in wants.store_ids]),
    )
    for column, values in chosen:
        if values:
            yield column.in_(values)
    if target.after_s:
        is_new = reviews.c.acknowledged_at.is_(None) & reviews.c.verdict.is_(None)
        yield or_(reviews.c.alert_id.is_(None), is_new)
