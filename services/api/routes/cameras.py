"""Cameras: add, list, follow, change, pause, take away."""

from collections.abc import Callable
from threading import Event
from typing import TypeVar
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from schemas.ids import spread_id
from schemas.sources import SourceConfigured
from services.api import audit
from services.api.auth import Configuring, Viewing
from services.api.cameras.entry import CameraChange, CameraEntry, changed, configured
from services.api.cameras.views import CameraPage, CameraView
from services.api.deps import Context, Database, Tools
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries import cameras as queries
from services.api.queries.cameras import CamerasAsked
from services.api.queries.sources import is_removable
from services.api.routes.sources import OfStore, SourceId
from services.api.routes.stores import placed
from services.api.routes.videos import Limit, Token, cursor_of, found, require_free
from services.chassis.addresses import AddressFault
from services.chassis.sealing import SealingFault
from services.chassis.storage.database import transaction

T = TypeVar("T")
router = APIRouter(prefix="/cameras", tags=["cameras"])
ANNOUNCED_WITHIN_S = 3.0
"""So long an answer waits for Kafka; what is not told by then is told later."""

LOOK_AGAIN_S = 0.05
_NEVER = Event()


@router.post(
    "", status_code=201, summary="Add a camera", responses=documented(401, 403, 404, 422, 503)
)
def add(
    entry: CameraEntry,
    request: Request,
    response: Response,
    context: Context,
    principal: Configuring,
) -> CameraView:
    """It is watched within seconds. While Kafka does not answer, the camera is kept and begins
    later: `is_announced` is false until then.
    """
    settings, now = context.settings, context.clock.now()
    with transaction(context.engine) as database:
        place = placed(database, principal, entry.store_id)
        source_id = spread_id(queries.camera_ids(database))
        camera = _understood(
            lambda: configured(entry, source_id, place, now, settings.addresses, context.sealing)
        )
        queries.add_camera(database, camera)
        audit.record(
            database,
            principal,
            "camera.added",
            str(camera.source_id),
            {"name": camera.name, "address": camera.address},
            at=now,
        )
    path = request.url_for("camera", source_id=camera.source_id).path
    response.headers["Location"] = str(path)
    return _told(context, principal, camera)


@router.get("", summary="List the cameras, latest added first", responses=documented(401, 422))
def camera_list(
    database: Database,
    context: Context,
    principal: Viewing,
    store_id: OfStore = None,
    limit: Limit = 50,
    cursor: Token = None,
) -> CameraPage:
    now = context.clock.now()
    asked = CamerasAsked(principal, store_id)
    return queries.camera_page(database, asked, limit, cursor_of(cursor), now)


@router.get("/{source_id}", summary="A camera and how it is", responses=documented(401, 404, 422))
def camera(
    source_id: SourceId, database: Database, context: Context, principal: Viewing
) -> CameraView:
    now = context.clock.now()
    return found(queries.camera(database, principal, source_id, now), "camera", source_id)


@router.patch("/{source_id}", summary="Change a camera", responses=documented(401, 404, 422, 503))
def change(
    source_id: SourceId, wanted: CameraChange, context: Context, principal: Configuring
) -> CameraView:
    """Another address or clip spec keeps its id and history. Takes effect within seconds."""
    settings, now = context.settings, context.clock.now()
    with transaction(context.engine) as database:
        before = _to_change(database, principal, source_id)
        _require_store(database, principal, before, wanted.store_id)
        after = _understood(
            lambda: changed(before, wanted, now, settings.addresses, context.sealing)
        )
        queries.change_camera(database, after)
        audit.record(
            database,
            principal,
            "camera.changed",
            str(source_id),
            wanted.model_dump(mode="json", exclude_unset=True, exclude={"username", "password"}),
            tenant_id=after.tenant_id,
            at=now,
        )
    return _told(context, principal, after)


@router.delete(
    "/{source_id}",
    status_code=204,
    summary="Remove a camera and everything of it",
    responses=documented(401, 404, 409, 422, 503),
)
def remove(source_id: SourceId, context: Context, principal: Configuring) -> None:
    """Its scores, alerts, evidence and recordings. What was removed may be removed again."""
    with context.engine.connect() as database:
        if not is_removable(database, principal, source_id, "camera"):
            raise Problem(404, f"There is no camera {source_id}.")
        require_free(database, source_id)
    with transaction(context.engine) as database:
        chain = audit.tenant_of(database, principal, source_id)
        audit.record(database, principal, "camera.removed", str(source_id), tenant_id=chain)
    context.removal.remove(source_id, context.clock.now())


def _to_change(database: Connection, principal: Principal, source_id: UUID) -> SourceConfigured:
    """Raises Problem 404."""
    camera = queries.camera_for_change(database, principal, source_id)
    return found(camera, "camera", source_id)


def _require_store(
    database: Connection, principal: Principal, camera: SourceConfigured, wanted: UUID | None
) -> None:
    """That it may be moved there. Raises Problem 404."""
    if wanted and placed(database, principal, wanted).tenant_id != camera.tenant_id:
        raise Problem(404, f"There is no store {wanted} of the camera's tenant.")


def _understood(make: Callable[[], T]) -> T:
    """Raises Problem 422."""
    try:
        return make()
    except (AddressFault, SealingFault) as error:
        raise Problem(422, str(error)) from error


def _told(context: Tools, principal: Principal, camera: SourceConfigured) -> CameraView:
    """Have the topic told, and wait a moment for it."""
    context.announce()
    deadline = context.clock.monotonic() + ANNOUNCED_WITHIN_S
    while not _is_told(context, camera.source_id) and context.clock.monotonic() < deadline:
        context.clock.wait(LOOK_AGAIN_S, _NEVER)
    with context.engine.connect() as database:
        view = queries.camera(database, principal, camera.source_id, context.clock.now())
    return found(view, "camera", camera.source_id)


def _is_told(context: Tools, source_id: UUID) -> bool:
    with context.engine.connect() as database:
        return queries.is_announced(database, source_id)
