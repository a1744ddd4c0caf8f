"""Handing in a video: the body to the store, the row to the tables, the news to the topics."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import IntegrityError
from starlette.requests import ClientDisconnect

from schemas.sources import SourceConfigured
from schemas.topics import SOURCES, VIDEOS
from schemas.videos import VideoSubmitted
from services.api import audit
from services.api.access.stores import Place
from services.api.auth import Uploading
from services.api.deps import Context, Tools
from services.api.forms import MalformedForm, Upload
from services.api.moments import recorded_moment
from services.api.pace import TooSlow, paced
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries import videos as queries
from services.api.queries.videos import NewVideo
from services.api.routes.stores import placed
from services.api.sniffing import NotAVideo
from services.api.uploads import AllPlacesTaken, Stored, TooLarge
from services.api.views import VideoView
from services.chassis.errors import TransientError
from services.chassis.storage.database import transaction
from services.chassis.streaming.records import Outgoing

router = APIRouter(prefix="/videos", tags=["videos"])
FORM_BYTES = 64 * 1024
"""Room for a form's own bytes around the file."""

DRAIN_BYTES = 64 * 1024 * 1024
"""A refused body is read up to so far, so that the client hears the answer."""

_QUERY = {
    "filename": "the file's name, where the body is the bare file",
    "recorded_at": "when its first frame was recorded, ISO 8601 with zone; a form may have a field"
    " of that name instead",
    "store_id": "the store it belongs to, else one's own; likewise",
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "recorded_at": {"type": "string", "format": "date-time"},
                        "store_id": {"type": "string", "format": "uuid"},
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    "parameters": [
        {"name": name, "in": "query", "schema": {"type": "string"}, "description": text}
        for name, text in _QUERY.items()
    ],
}


@router.post(
    "",
    status_code=202,
    responses=documented(400, 401, 403, 404, 408, 413, 415, 422, 503, 507),
    openapi_extra=BODY,
    summary="Hand in a video",
)
async def submit(
    request: Request, context: Context, principal: Uploading, response: Response
) -> VideoView:
    """As a form with one `file`, or as the bare body. It is streamed to the object store; the
    analysis begins at once. Follow it at the address in `Location`.
    """
    now = context.clock.now()
    _require_size(request, context)
    asked_recorded_at(request.query_params.get("recorded_at", ""), now)
    asked = request.query_params.get("store_id", "")
    await run_in_threadpool(asked_place, context, principal, asked)
    video_id = uuid4()
    key = f"videos/{video_id}/original"
    upload, stored = await _receive(request, context, key)
    recorded_at, place = await _said_or_forgotten(context, principal, upload, key)
    new = NewVideo(
        video_id=video_id,
        filename=upload.filename,
        size_bytes=stored.size_bytes,
        content_type=stored.content_type,
        object_key=key,
        submitted_at=context.clock.now(),
        recorded_at=recorded_at,
    )
    response.headers["Location"] = str(request.url_for("video", video_id=video_id).path)
    return await run_in_threadpool(register, context, principal, place, new)


def _require_size(request: Request, context: Tools) -> None:
    """Refuse by the announced length, before a byte is read. Raises Problem."""
    announced = request.headers.get("content-length", "")
    size = int(announced[:20]) if announced.isascii() and announced.isdigit() else 0
    require_room(context, size, FORM_BYTES)


def require_room(context: Tools, size: int, around: int = 0) -> None:
    """Of a file of that many bytes, `around` of which may be a form's. Raises Problem 413, 507."""
    limit = context.settings.api_max_upload_bytes
    if size > limit + around:
        raise Problem(413, f"The file is larger than {limit} bytes.", {"Connection": "close"})
    if context.disk and context.disk.free_bytes() < size:
        raise Problem(507, context.disk.sentence(size), {"Connection": "close"})


def asked_recorded_at(text: str, now: datetime) -> datetime | None:
    """Raises Problem 422."""
    try:
        return recorded_moment(text, now) if text else None
    except ValueError as error:
        raise Problem(422, f"{error}.") from error


def asked_place(context: Tools, principal: Principal, text: str) -> Place:
    """The store it shall belong to. Raises Problem 404 or 422."""
    try:
        store_id = UUID(text) if text else None
    except ValueError as error:
        raise Problem(422, "store_id is no id of a store.") from error
    with context.engine.connect() as database:
        return placed(database, principal, store_id)


async def _said_or_forgotten(
    context: Tools, principal: Principal, upload: Upload, key: str
) -> tuple[datetime | None, Place]:
    """What the form said, now that it is read. Raises Problem; then nothing is stored."""
    try:
        recorded_at = asked_recorded_at(upload.word("recorded_at"), context.clock.now())
        store = upload.word("store_id")
        return recorded_at, await run_in_threadpool(asked_place, context, principal, store)
    except Problem:
        await run_in_threadpool(context.store.delete, key)
        raise


async def _receive(request: Request, context: Tools, key: str) -> tuple[Upload, Stored]:
    """Store the request's file. Raises Problem, TransientError."""
    try:
        upload = Upload(request, context.settings.pace)
        stored = await context.uploads.receive(key, upload.chunks())
    except MalformedForm as error:
        raise Problem(400, str(error)) from error
    except ClientDisconnect as error:
        raise Problem(400, "The client went away.") from error
    except TooSlow as error:
        raise Problem(408, str(error), {"Connection": "close"}) from error
    except AllPlacesTaken as error:
        headers = {"Connection": "close", "Retry-After": "20"}
        raise Problem(503, str(error), headers) from error
    except (NotAVideo, TooLarge) as error:
        await _drain(request, context)
        status = 415 if isinstance(error, NotAVideo) else 413
        raise Problem(status, str(error), {"Connection": "close"}) from error
    except TransientError as error:
        if context.disk and context.disk.is_tight():
            raise Problem(507, context.disk.sentence()) from error
        raise
    return upload, stored


async def _drain(request: Request, context: Tools) -> None:
    """Many a client hears no answer while it still sends."""
    seen = 0
    try:
        async for chunk in paced(request.stream(), context.settings.pace):
            seen += len(chunk)
            if seen > DRAIN_BYTES:
                return
    except (ClientDisconnect, RuntimeError, TooSlow):
        return


def register(context: Tools, principal: Principal, place: Place, new: NewVideo) -> VideoView:
    """The row first, so that whatever the topics tell of the video finds it; then the messages.
    Raises IntegrityError for a video that is there.
    """
    try:
        with transaction(context.engine) as database:
            placed(database, principal, place.store_id)
            queries.add_video(database, place, new)
            detail = {"name": new.filename, "bytes": new.size_bytes}
            audit.record(database, principal, "video.submitted", str(new.video_id), detail)
        context.publishing.publish(*announcements(place, new))
    except IntegrityError:
        raise  # another request registered it: it is theirs to keep
    except BaseException:
        _forget(context, new.video_id, new.object_key)
        raise
    with context.engine.connect() as database:
        view = queries.video(database, principal, new.video_id)
    assert view is not None
    return view


def announcements(place: Place, new: NewVideo) -> tuple[Outgoing, Outgoing]:
    """The source first: who works on the video may look it up."""
    source = SourceConfigured(
        source_id=new.video_id,
        source_kind="upload",
        tenant_id=place.tenant_id,
        store_id=place.store_id,
        name=new.filename,
        origin_at=new.origin_at,
        is_wall_clock=new.recorded_at is not None,
        recorded_at=new.recorded_at,
        configured_at=new.submitted_at,
    )
    video = VideoSubmitted(
        video_id=new.video_id,
        object_key=new.object_key,
        filename=new.filename,
        size_bytes=new.size_bytes,
        submitted_at=new.submitted_at,
        recorded_at=new.recorded_at,
    )
    return Outgoing(SOURCES, source), Outgoing(VIDEOS, video)


def _forget(context: Tools, video_id: UUID, key: str) -> None:
    """Nobody will work on it: leave no trace, as far as the servers allow."""
    try:
        with transaction(context.engine) as database:
            queries.drop_video(database, video_id)
        context.store.delete(key)
    except Exception as error:
        raise TransientError(f"{key} is left behind") from error
