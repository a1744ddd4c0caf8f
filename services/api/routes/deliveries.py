"""Deliveries of an alert: what was tried, and once more by hand."""

from uuid import uuid4

from fastapi import APIRouter

from schemas.deliveries import DeliveryRequested
from schemas.topics import DELIVERY_REQUESTS
from services.api import audit
from services.api.auth import Configuring, Viewing
from services.api.deps import Context, Database
from services.api.problems import Problem, documented
from services.api.queries import alerts, targets
from services.api.routes.alerts import AlertId
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.api.targets.views import AttemptPage, DeliveryWish, RequestedView
from services.chassis.storage.database import transaction
from services.chassis.streaming.records import Outgoing

router = APIRouter(prefix="/alerts/{alert_id}/deliveries", tags=["deliveries"])


@router.get(
    "", summary="Attempts to tell of an alert, latest first", responses=documented(401, 404, 422)
)
def delivery_list(
    alert_id: AlertId,
    database: Database,
    principal: Viewing,
    limit: Limit = 50,
    cursor: Token = None,
) -> AttemptPage:
    found(alerts.alert(database, principal, alert_id), "alert", alert_id)
    return targets.attempts_of_alert(database, alert_id, limit, cursor_of(cursor))


@router.post(
    "",
    status_code=202,
    summary="Deliver an alert once more",
    responses=documented(401, 404, 422, 503),
)
def deliver_again(
    alert_id: AlertId, wish: DeliveryWish, context: Context, principal: Configuring
) -> RequestedView:
    """Whatever the target's filter is. How it went is among the alert's deliveries in seconds."""
    with transaction(context.engine) as database:
        view = found(alerts.alert(database, principal, alert_id), "alert", alert_id)
        target = targets.target(database, principal, wish.target_id, context.sealing)
        target = found(target, "target", wish.target_id)
        chain = audit.tenant_of(database, principal, view.source_id)
        if chain != target.tenant_id:
            raise Problem(404, f"There is no target {wish.target_id}.")
        detail = {"target_id": str(wish.target_id)}
        audit.record(
            database, principal, "alert.redelivered", str(alert_id), detail, tenant_id=chain
        )
    request = DeliveryRequested(
        request_id=uuid4(),
        tenant_id=target.tenant_id,
        target_id=wish.target_id,
        purpose="redelivery",
        alert_id=alert_id,
        requested_by=principal.actor.name[:255],
        requested_at=context.clock.now(),
    )
    context.publishing.publish(Outgoing(DELIVERY_REQUESTS, request))
    return RequestedView(request_id=request.request_id)
