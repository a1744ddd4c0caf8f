"""What a target missed while nothing reached it, delivered all at once."""

from datetime import datetime
from uuid import uuid5

from fastapi import APIRouter

from schemas import ids
from schemas.deliveries import DeliveryRequested
from schemas.targets import TargetConfigured
from schemas.topics import DELIVERY_REQUESTS
from services.api import audit
from services.api.auth import Configuring
from services.api.deps import Context
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries import targets as queries
from services.api.queries.missed import AT_ONCE, in_its_hours, missed
from services.api.routes.targets import OFF, TargetId
from services.api.routes.videos import found
from services.api.targets.attempts import Row
from services.api.targets.views import MissedView, MissedWish
from services.chassis.storage.database import transaction
from services.chassis.streaming.records import Outgoing

router = APIRouter(prefix="/targets/{target_id}/missed", tags=["deliveries"])


@router.post(
    "",
    status_code=202,
    summary="Deliver what a target missed",
    responses=documented(401, 404, 409, 422, 503),
    operation_id="deliverMissed",
)
def deliver_missed(
    target_id: TargetId, wish: MissedWish, context: Context, principal: Configuring
) -> MissedView:
    """Alerts that it wants to hear of and that never got to it, the oldest first; asked for twice,
    each is delivered once, at the target's own rate (`most_per_hour`, at least one a minute). How
    it went is among the target's deliveries.
    """
    with transaction(context.engine) as database:
        row = found(queries.row_of(database, principal, target_id), "target", target_id)
        target, owner = queries.target_of(row)
        if not target.is_enabled:
            raise Problem(409, OFF)
        since, until = wish.since or row["missed_since"], wish.until or context.clock.now()
        if since is None:
            raise Problem(422, "Nothing was missed that we know of: say since when.")
        rows = missed(database, principal, target, since, until)
        wanted = [each for each in rows[:AT_ONCE] if in_its_hours(target, each)]
        detail = {"since": since.isoformat(), "until": until.isoformat(), "count": len(wanted)}
        audit.record(
            database,
            principal,
            "target.missed_delivered",
            str(target_id),
            detail,
            tenant_id=owner.tenant_id,
        )
    now = context.clock.now()
    wishes = [_request(target, each, principal, now) for each in wanted]
    context.publishing.publish(*(Outgoing(DELIVERY_REQUESTS, each) for each in wishes))
    left = rows[AT_ONCE]["started_at"] if len(rows) > AT_ONCE else None
    return MissedView(count=len(wishes), next=left)


def _request(
    target: TargetConfigured, alert: Row, principal: Principal, now: datetime
) -> DeliveryRequested:
    name = f"missed/{target.target_id}/{alert['alert_id']}/{target.configured_at.isoformat()}"
    return DeliveryRequested(
        request_id=uuid5(ids.NAMESPACE, name),
        tenant_id=target.tenant_id,
        target_id=target.target_id,
        purpose="redelivery",
        alert_id=alert["alert_id"],
        requested_by=principal.actor.name[:255],
        requested_at=now,
    )
