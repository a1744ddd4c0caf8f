"""What judges where: promotion, shadows, rollback, and how it came to be so."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query
from sqlalchemy import Connection

from services.api.access.stores import store as store_of
from services.api.auth import Administering, Viewing
from services.api.deps import Context, Database, Tools
from services.api.models import deploying, history, scopes
from services.api.models.builtin import builtins
from services.api.models.compared import Incomparable, NoSuchRun, compared, latest_replay
from services.api.models.deploying import Promotion, Undeployable, Unseen
from services.api.models.deployment_views import (
    DeploymentsView,
    DeploymentView,
    HistoryEntryDetail,
    HistoryPage,
    PromotionEntry,
    RollbackEntry,
    ShadowEntry,
)
from services.api.models.overview import deployment_of, deployments_of
from services.api.models.queries import model
from services.api.models.scopes import Scope
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.routes.models import DetectorId, require_whole_tenant
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.chassis.storage.database import transaction

router = APIRouter(tags=["models"])
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="the `etag` of the scope as you saw it; `*`: whatever"),
]
StoreQuery = Annotated[UUID | None, Query(description="of this store; else of the whole tenant")]
EntryId = Annotated[UUID, Path(examples=["0f8fad5b-d9cb-469f-a165-70867728950e"])]


@router.get("/deployments", summary="What judges which stores", responses=documented(401, 403))
def deployments(database: Database, context: Context, principal: Viewing) -> DeploymentsView:
    """Live detectors and shadows of the tenant and of each store, with alarms a camera-day and
    what people said of them: two stores with different detectors can be compared.
    """
    built, now = builtins(context.settings.head), context.clock.now()
    return DeploymentsView(items=deployments_of(database, principal, built, now))


@router.get(
    "/deployments/history",
    summary="What was deployed when, and why; latest first",
    responses=documented(401, 403, 422),
    operation_id="listDeploymentHistory",
)
def history_list(
    database: Database,
    principal: Viewing,
    store_id: StoreQuery = None,
    limit: Limit = 50,
    cursor: Token = None,
) -> HistoryPage:
    """Of the tenant as a whole and of the stores one may see."""
    return history.entry_page(database, principal, store_id, limit, cursor_of(cursor))


@router.get(
    "/deployments/history/{entry_id}",
    summary="One change of what is deployed, with the comparison kept then",
    responses=documented(401, 403, 404, 422),
)
def history_entry(entry_id: EntryId, database: Database, principal: Viewing) -> HistoryEntryDetail:
    return found(history.entry(database, principal, entry_id), "entry", entry_id)


@router.post(
    "/models/{detector}/promote",
    summary="Make a detector live",
    responses=documented(401, 403, 404, 409, 412, 422, 428, 503),
)
def promote(
    detector: DetectorId,
    entry: PromotionEntry,
    context: Context,
    principal: Administering,
    if_match: IfMatch = None,
) -> DeploymentView:
    """In one store or all of a tenant; within seconds, without a restart, and what is open goes on
    under its id. It takes a finished run of that detector, whose comparison with what is live is
    kept in the history; or a reason why there is none.
    """
    with context.engine.connect() as database:
        _scope(database, principal, entry.store_id)
        _require_known(database, context, principal, detector)
        why = _why(database, principal, detector, entry)
    with transaction(context.engine) as database, _refusing():
        scope = _scope(database, principal, entry.store_id)
        deploying.require_seen(database, scope, if_match)
        deploying.promote(database, principal, scope, detector, why, context.clock.now())
    return _shown(context, scope)


@router.post(
    "/models/{detector}/shadow",
    summary="Let a detector look on",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def add_shadow(
    detector: DetectorId, entry: ShadowEntry, context: Context, principal: Administering
) -> DeploymentView:
    """It judges the live stream under a run of its own and alerts nobody."""
    with transaction(context.engine) as database, _refusing():
        scope = _scope(database, principal, entry.store_id)
        _require_known(database, context, principal, detector)
        deploying.add_shadow(database, principal, scope, detector, context.clock.now())
    return _shown(context, scope)


@router.delete(
    "/models/{detector}/shadow",
    status_code=204,
    summary="Let a detector look on no more",
    responses=documented(401, 403, 404, 422, 503),
)
def remove_shadow(
    detector: DetectorId, context: Context, principal: Administering, store_id: StoreQuery = None
) -> None:
    """What it scored stays."""
    with transaction(context.engine) as database:
        scope = _scope(database, principal, store_id)
        now = context.clock.now()
        if not deploying.remove_shadow(database, principal, scope, detector, now):
            raise Problem(404, f"{detector} does not look on there.")
    context.announce_models()


@router.post(
    "/deployments/rollback",
    summary="Go back to what was live before",
    responses=documented(401, 403, 404, 409, 412, 422, 428, 503),
    operation_id="rollBackDeployment",
)
def roll_back(
    entry: RollbackEntry, context: Context, principal: Administering, if_match: IfMatch = None
) -> DeploymentView:
    """What is retired or removed is passed over; where nothing was live before, what is live in
    the tenant or built in is so again.
    """
    with transaction(context.engine) as database, _refusing():
        scope = _scope(database, principal, entry.store_id)
        deploying.require_seen(database, scope, if_match)
        backbone = entry.backbone or _only_backbone(database, scope)
        now = context.clock.now()
        deploying.roll_back(database, principal, scope, backbone, entry.reason, now)
    return _shown(context, scope)


def _why(
    database: Connection, principal: Principal, detector: str, entry: PromotionEntry
) -> Promotion:
    """Raises Problem 404, 409 or 422."""
    why = Promotion(reason=entry.reason, budget_per_day=entry.budget_per_day)
    if entry.run is not None:
        try:
            found = compared(database, principal, detector, entry.run)
        except NoSuchRun as error:
            raise Problem(404, str(error)) from error
        except Incomparable as error:
            raise Problem(409, str(error)) from error
        return replace(why, replay_run=entry.run, comparison=found)
    if not entry.without_comparison:
        latest = latest_replay(database, principal, detector)
        hint = f" Its latest finished replay is {latest}." if latest else ""
        raise Problem(422, COMPARE_FIRST + hint)
    if not entry.reason.strip():
        raise Problem(422, "Say in `reason` why it is promoted without a comparison.")
    return why


COMPARE_FIRST = (
    "Name the `run` whose comparison speaks for it, or set `without_comparison` and say why."
)


def _scope(database: Connection, principal: Principal, store_id: UUID | None) -> Scope:
    """Raises Problem 403 or 404."""
    if store_id is None:
        require_whole_tenant(principal)
        return Scope(principal.home)
    view = store_of(database, principal, store_id)
    if view is None or view.tenant_id != principal.home:
        raise Problem(404, f"There is no store {store_id}.")
    return Scope(principal.home, store_id)


def _require_known(
    database: Connection, context: Tools, principal: Principal, detector: str
) -> None:
    """Raises Problem 404."""
    found(
        model(database, principal, builtins(context.settings.head), detector), "detector", detector
    )


def _only_backbone(database: Connection, scope: Scope) -> str:
    """Raises Problem 409 or 422."""
    live = {row["backbone"] for row in scopes.deployed(database, scope) if row["run"] == "live"}
    if not live:
        raise Problem(409, "Nothing of its own is live there.")
    if len(live) > 1:
        raise Problem(422, f"Say for which backbone: {', '.join(sorted(live))}.")
    return str(live.pop())


def _shown(context: Tools, scope: Scope) -> DeploymentView:
    """As it is from now on; the services hear of it soon."""
    context.announce_models()
    built, now = builtins(context.settings.head), context.clock.now()
    with context.engine.connect() as database:
        return deployment_of(database, scope, built, now)


@contextmanager
def _refusing() -> Iterator[None]:
    """Raises Problem 409, 412 or 428."""
    try:
        yield
    except Undeployable as error:
        raise Problem(409, str(error)) from error
    except Unseen as error:
        raise Problem(412 if error.is_shown else 428, str(error)) from error
