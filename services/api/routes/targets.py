"""Targets: who is notified of alerts. Add, list, change, test, exchange the secret, take away."""

from collections.abc import Callable, Mapping
from typing import Annotated, TypeVar
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import Connection

from schemas.deliveries import DeliveryRequested
from schemas.targets import AlertFilter
from schemas.topics import DELIVERY_REQUESTS
from services.api import audit
from services.api.access import stores
from services.api.access.stores import NoSuchStore
from services.api.auth import Configuring
from services.api.deps import Context, Database, Tools
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries import targets as queries
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.api.targets.entry import (
    SIGNED,
    Owner,
    Saving,
    TargetChange,
    TargetEntry,
    changed,
    configured,
    new_address,
    rotated,
    without_former,
)
from services.api.targets.views import (
    AddedTarget,
    AttemptPage,
    RequestedView,
    TargetPage,
    TargetView,
)
from services.chassis.addresses import AddressFault
from services.chassis.sealing import SealingFault
from services.chassis.storage.database import transaction
from services.chassis.streaming.records import Outgoing

T = TypeVar("T")
router = APIRouter(prefix="/targets", tags=["targets"])
OFF = "The target is switched off: switch it on first."
TargetId = Annotated[UUID, Path(examples=["0f8fad5b-d9cb-469f-a165-70867728950e"])]


@router.post("", status_code=201, summary="Add a target", responses=documented(401, 404, 422, 503))
def add(
    entry: TargetEntry,
    request: Request,
    response: Response,
    context: Context,
    principal: Configuring,
) -> AddedTarget:
    """The secret of a webhook is shown this once. It is told of alerts within seconds."""
    with transaction(context.engine) as database:
        owner = _owner(database, principal, entry.store_id)
        _require_seen(database, principal, owner, entry.wants)
        if queries.count(database, owner.tenant_id) >= queries.MOST_OF_A_TENANT:
            raise Problem(422, f"No more than {queries.MOST_OF_A_TENANT} targets are kept.")
    target, secret = _understood(
        lambda: configured(entry, owner, context.clock.now(), _saving(context))
    )
    with transaction(context.engine) as database:
        queries.add(database, target, owner)
        detail = {"channel": target.channel, "name": target.name, "address": target.shown}
        _record(database, principal, "target.added", target.target_id, owner, detail)
    response.headers["Location"] = request.url_for("target", target_id=target.target_id).path
    return AddedTarget(target=_told(context, principal, target.target_id), secret=secret)


@router.get("", summary="List the targets, latest added first", responses=documented(401, 422))
def target_list(
    database: Database,
    context: Context,
    principal: Configuring,
    limit: Limit = 50,
    cursor: Token = None,
) -> TargetPage:
    return queries.target_page(database, principal, limit, cursor_of(cursor), context.sealing)


@router.get("/{target_id}", summary="A target", responses=documented(401, 404, 422))
def target(
    target_id: TargetId, database: Database, context: Context, principal: Configuring
) -> TargetView:
    view = queries.target(database, principal, target_id, context.sealing)
    return found(view, "target", target_id)


@router.patch("/{target_id}", summary="Change a target", responses=documented(401, 404, 422, 503))
def change(
    target_id: TargetId, wanted: TargetChange, context: Context, principal: Configuring
) -> TargetView:
    """Takes effect within seconds. What waits to be sent goes to the new address. One that was
    switched off, by itself or not, goes on with `is_enabled`.
    """
    with context.engine.connect() as database:
        view = queries.target(database, principal, target_id, context.sealing)
    channel = found(view, "target", target_id).channel
    # a name is looked up before the row is held: that may take seconds
    address = _understood(lambda: new_address(channel, wanted, _saving(context)))
    with transaction(context.engine) as database:
        row = found(queries.row_of(database, principal, target_id), "target", target_id)
        before, owner = queries.target_of(row)
        _require_seen(database, principal, owner, wanted.wants or AlertFilter())
        after = changed(before, wanted, owner, context.clock.now(), address)
        queries.change(database, after)
        given = sorted(wanted.model_fields_set)
        _record(database, principal, "target.changed", target_id, owner, {"fields": given})
    return _told(context, principal, target_id)


@router.delete(
    "/{target_id}",
    status_code=204,
    summary="Remove a target",
    responses=documented(401, 404, 422, 503),
)
def remove(target_id: TargetId, context: Context, principal: Configuring) -> None:
    """What waits to be sent to it is not sent any more."""
    with transaction(context.engine) as database:
        row = found(queries.row_of(database, principal, target_id), "target", target_id)
        _, owner = queries.target_of(row)
        queries.remove(database, target_id, context.clock.now())
        detail = {"name": row["name"]}
        _record(database, principal, "target.removed", target_id, owner, detail)
    context.announce_targets()


@router.post(
    "/{target_id}/secrets",
    status_code=201,
    summary="Exchange the secret of a webhook",
    responses=documented(401, 404, 409, 422, 503),
    operation_id="rotateTargetSecret",
)
def rotate(target_id: TargetId, context: Context, principal: Configuring) -> AddedTarget:
    """The new one is shown this once. Both sign until the former is dropped."""
    with transaction(context.engine) as database:
        row = found(queries.row_of(database, principal, target_id), "target", target_id)
        before, owner = queries.target_of(row)
        if before.channel not in SIGNED:
            raise Problem(409, f"Messages of channel {before.channel} are not signed.")
        now = context.clock.now()
        after, secret = _understood(lambda: rotated(before, now, context.sealing))
        queries.change(database, after)
        _record(database, principal, "target.secret_rotated", target_id, owner, {})
    return AddedTarget(target=_told(context, principal, target_id), secret=secret)


@router.delete(
    "/{target_id}/secrets/former",
    summary="Drop the former secret of a webhook",
    responses=documented(401, 404, 422, 503),
    operation_id="dropFormerTargetSecret",
)
def drop_former(target_id: TargetId, context: Context, principal: Configuring) -> TargetView:
    """From here on the current one signs alone."""
    with transaction(context.engine) as database:
        row = found(queries.row_of(database, principal, target_id), "target", target_id)
        before, owner = queries.target_of(row)
        if before.channel in SIGNED:
            now = context.clock.now()
            after = _understood(lambda: without_former(before, now, context.sealing))
            queries.change(database, after)
            _record(database, principal, "target.secret_dropped", target_id, owner, {})
    return _told(context, principal, target_id)


@router.post(
    "/{target_id}/test",
    status_code=202,
    summary="Send a test",
    responses=documented(401, 404, 409, 422, 503),
    operation_id="testTarget",
)
def test(target_id: TargetId, context: Context, principal: Configuring) -> RequestedView:
    """How it went is among the target's deliveries within seconds."""
    with transaction(context.engine) as database:
        row = found(queries.row_of(database, principal, target_id), "target", target_id)
        wanted, owner = queries.target_of(row)
        if not wanted.is_enabled:
            raise Problem(409, OFF)
        _record(database, principal, "target.tested", target_id, owner, {"name": wanted.name})
    request = DeliveryRequested(
        request_id=uuid4(),
        tenant_id=owner.tenant_id,
        target_id=target_id,
        purpose="test",
        requested_by=principal.actor.name[:255],
        requested_at=context.clock.now(),
    )
    context.publishing.publish(Outgoing(DELIVERY_REQUESTS, request))
    return RequestedView(request_id=request.request_id)


@router.get(
    "/{target_id}/deliveries",
    summary="Attempts to reach a target, latest first",
    responses=documented(401, 404, 422),
    tags=["deliveries"],
)
def deliveries(
    target_id: TargetId,
    database: Database,
    context: Context,
    principal: Configuring,
    limit: Limit = 50,
    cursor: Token = None,
) -> AttemptPage:
    found(queries.target(database, principal, target_id, context.sealing), "target", target_id)
    return queries.attempts_of_target(database, target_id, limit, cursor_of(cursor))


def _owner(database: Connection, principal: Principal, store_id: UUID | None) -> Owner:
    """Who is bound to stores adds targets of one of these. Raises Problem 404."""
    if store_id is None and principal.store_ids is None:
        return Owner(principal.home, None)
    try:
        place = stores.place(database, principal, store_id)
    except NoSuchStore as error:
        raise Problem(404, str(error)) from error
    return Owner(place.tenant_id, place.store_id)


def _require_seen(
    database: Connection, principal: Principal, owner: Owner, wants: AlertFilter
) -> None:
    """Raises Problem 404 for sources and stores that are not theirs."""
    if gone := queries.unseen_sources(database, principal, list(wants.source_ids)):
        raise Problem(404, f"There is no source {min(gone)}.")
    gone = stores.missing(database, owner.tenant_id, wants.store_ids)
    gone |= {
        each for each in wants.store_ids if not principal.may_see(str(owner.tenant_id), str(each))
    }
    if gone:
        raise Problem(404, f"There is no store {min(gone)}.")


def _record(
    database: Connection,
    principal: Principal,
    action: str,
    target_id: UUID,
    owner: Owner,
    detail: Mapping[str, object],
) -> None:
    audit.record(database, principal, action, str(target_id), detail, tenant_id=owner.tenant_id)


def _saving(context: Tools) -> Saving:
    return Saving(context.settings.endpoints, context.sealing, context.resolve)


def _understood(make: Callable[[], T]) -> T:
    """Raises Problem 422."""
    try:
        return make()
    except (AddressFault, SealingFault) as error:
        raise Problem(422, str(error)) from error


def _told(context: Tools, principal: Principal, target_id: UUID) -> TargetView:
    """Have the topic told; it may be a moment later."""
    context.announce_targets()
    with context.engine.connect() as database:
        view = queries.target(database, principal, target_id, context.sealing)
    return found(view, "target", target_id)
