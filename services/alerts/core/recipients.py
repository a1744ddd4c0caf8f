"""Which targets hear of an alert."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from schemas.alerts import Alert
from schemas.hours import StoreHours
from services.alerts.core.deliveries import Target
from services.chassis.hours import is_within


@dataclass(frozen=True)
class Place:
    """Where the source of an alert belongs to, by which clock people live there, and until when
    nobody wants to hear of it. Without a tenant nobody configured it: only targets of the
    environment hear of it.
    """

    tenant_id: UUID | None = None
    store_id: UUID | None = None
    snoozed_until: datetime | None = None
    time_zone: str = StoreHours().time_zone


def recipients(
    alert: Alert, place: Place, targets: Iterable[Target], now: datetime
) -> tuple[Target, ...]:
    """Those who hear of it, each in its time; nobody of what began while the source is snoozed."""
    began = alert.moment(alert.start_s) if alert.is_wall_clock else alert.cut_at
    if place.snoozed_until is not None and began < place.snoozed_until:
        return ()
    return tuple(target for target in targets if _hears(target, alert, place, now))


def _hears(target: Target, alert: Alert, place: Place, now: datetime) -> bool:
    """Of a step of escalation its own hours count: those of the time when it is due."""
    wants = target.wants
    if target.identity is not None and target.tenant_id != place.tenant_id:
        return False
    chosen = (
        (wants.store_ids, place.store_id),
        (wants.source_ids, alert.source_id),
        (wants.kinds, alert.kind),
        (wants.severities, alert.severity),
        (wants.labels, alert.label),
    )
    if any(listed and value not in listed for listed, value in chosen):
        return False
    if wants.hours is None:
        return True
    return is_within(
        wants.hours, wants.time_zone or place.time_zone, now + timedelta(seconds=target.after_s)
    )
