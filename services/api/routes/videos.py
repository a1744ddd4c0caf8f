"""Videos: list them, follow one, take one away, their pictures."""

from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from sqlalchemy import Connection

from schemas.topics import SOURCES
from services.api import audit, media
from services.api.access.paging import Row
from services.api.auth import Uploading, Viewing
from services.api.cursors import BadCursor, Cursor
from services.api.deps import Context, Database, Tools
from services.api.faces.footage import hidden_frame, hidden_piece
from services.api.faces.rule import must_hide
from services.api.frames import NoFrame
from services.api.holds import holding, named
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries import videos as queries
from services.api.queries.sources import is_removable
from services.api.queries.videos import source_of
from services.api.thumbnails import TooManyThumbnails
from services.api.views import VideoChange, VideoPage, VideoView
from services.chassis.storage.database import transaction
from services.chassis.streaming.records import Outgoing

T = TypeVar("T")
CUT = ("submitted", "decoding")
"""States in which clips are still cut."""
router = APIRouter(prefix="/videos", tags=["videos"])

Limit = Annotated[int, Query(ge=1, le=200)]
Token = Annotated[str | None, Query(alias="cursor", max_length=200, description="a page's `next`")]
VideoId = Annotated[UUID, Path(examples=["0f8fad5b-d9cb-469f-a165-70867728950e"])]


@router.get("", summary="List the videos, newest first", responses=documented(401, 422))
def video_list(
    database: Database, principal: Viewing, limit: Limit = 50, cursor: Token = None
) -> VideoPage:
    return queries.video_page(database, principal, limit, cursor_of(cursor))


@router.get("/{video_id}", summary="State and progress", responses=documented(401, 404, 422))
def video(video_id: VideoId, database: Database, principal: Viewing) -> VideoView:
    return found(queries.video(database, principal, video_id), "video", video_id)


@router.patch(
    "/{video_id}",
    summary="Rename a video, pause its analysis or have it go on",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def change(
    video_id: VideoId, wanted: VideoChange, context: Context, principal: Uploading
) -> VideoView:
    """Alerts and albums show the new name; what was sent already keeps the former. A paused
    analysis keeps its place: it goes on where it was.
    """
    now = context.clock.now()
    with transaction(context.engine) as database:
        row = found(queries.video_row(database, principal, video_id), "video", video_id)
        chain = audit.tenant_of(database, principal, video_id)

        def noted(action: str, detail: dict[str, Any]) -> None:
            audit.record(database, principal, action, str(video_id), detail, tenant_id=chain)

        if wanted.filename is not None:
            queries.rename_video(database, video_id, wanted.filename, now)
            noted("video.renamed", {"name": wanted.filename})
        if wanted.is_paused is not None and wanted.is_paused != row["is_paused"]:
            if wanted.is_paused and row["state"] not in CUT:
                raise Problem(409, "All of it is cut already: there is nothing to pause.")
            queries.pause_video(database, video_id, wanted.is_paused, now)
            noted("video.paused" if wanted.is_paused else "video.resumed", {})
        row = found(queries.video_row(database, principal, video_id), "video", video_id)
        context.publishing.publish(Outgoing(SOURCES, source_of(row)))
        return found(queries.video(database, principal, video_id), "video", video_id)


@router.delete(
    "/{video_id}",
    status_code=204,
    summary="Cancel the analysis and remove everything of it",
    responses=documented(401, 404, 409, 422, 503),
)
def remove(video_id: VideoId, context: Context, principal: Uploading) -> None:
    """The file, its scores, alerts and their evidence. What was removed may be removed again."""
    with context.engine.connect() as database:
        if not is_removable(database, principal, video_id, "upload"):
            raise Problem(404, f"There is no video {video_id}.")
        require_free(database, video_id)
    with transaction(context.engine) as database:
        chain = audit.tenant_of(database, principal, video_id)
        audit.record(database, principal, "video.removed", str(video_id), tenant_id=chain)
    context.removal.remove(video_id, context.clock.now())


@router.head("/{video_id}/media", include_in_schema=False, response_class=Response)
@router.get(
    "/{video_id}/media",
    summary="The video, as browsers can play it; with ranges",
    responses=documented(202, 401, 404, 416, 422, 503),
    response_class=Response,
)
def video_media(
    request: Request,
    video_id: VideoId,
    context: Context,
    principal: Viewing,
    piece: Annotated[
        int | None, Query(ge=0, le=10_000, description="counted from 0; see `piece_s`")
    ] = None,
) -> Response:
    """Where the face rule hides faces (the video's `piece_s` is not null), it is handed out in
    pieces, an MP4 each: `piece=N` shows the seconds from `N * piece_s` on to the next. 202 with
    `Retry-After` while a piece is made; that takes minutes less than it lasts, and the next one is
    made ahead. Where faces are hidden `piece` must be said, and where they are not it must not:
    422, so that nobody takes a moment of a piece for one of the whole.
    """
    row, is_hidden = _row(context, principal, video_id)
    if is_hidden and piece is None:
        raise Problem(422, "Faces are hidden from you: ask for it by pieces, ?piece=0 first.")
    if not is_hidden and piece is not None:
        raise Problem(422, "Faces are not hidden from you: it is one file, ask without ?piece.")
    context.view(principal, "recording.played", video_id, video_id)
    playable = row["playable_key"]
    key = playable or row["object_key"]
    if piece is not None:
        path = hidden_piece(context, row, key, piece)
        return FileResponse(
            path,
            media_type="video/mp4",
            headers={"Cache-Control": "private, no-cache", "ETag": f'"{path.stem}"'},
            filename=row["filename"],
            content_disposition_type="inline",
        )
    kind = "video/mp4" if playable and playable != row["object_key"] else row["content_type"]
    return media.serve(request, context.store, key, kind, row["filename"])


@router.get(
    "/{video_id}/frame",
    summary="The picture on the screen at a moment, as JPEG",
    responses=documented(401, 404, 422, 503),
    response_class=Response,
)
async def frame(
    video_id: VideoId,
    context: Context,
    principal: Viewing,
    t: Annotated[float, Query(ge=0, le=1e6, description="seconds", examples=[12.3])] = 0.0,
    width: Annotated[int, Query(ge=16, le=1920)] = 320,
) -> Response:
    """Decoded in a small pool of its own; answers 503 while that is full."""
    row, is_hidden = await run_in_threadpool(_row, context, principal, video_id)
    key = str(row["playable_key"] or row["object_key"])
    try:
        jpeg = await context.thumbnails.get(key, t, width)
    except NoFrame as error:
        raise Problem(404, str(error)) from error
    except TooManyThumbnails as error:
        raise Problem(503, str(error), {"Retry-After": "1"}) from error
    if is_hidden:
        jpeg = await run_in_threadpool(hidden_frame, context, row, jpeg, t)
    headers = {"Cache-Control": "private, no-cache" if is_hidden else _LONG}
    return Response(jpeg, media_type="image/jpeg", headers=headers)


def _row(context: Tools, principal: Principal, video_id: UUID) -> tuple[Row, bool]:
    """And whether faces are hidden from the principal. Raises Problem 404."""
    with context.engine.connect() as database:
        row = found(queries.video_row(database, principal, video_id), "video", video_id)
        return row, must_hide(database, principal, video_id)


_LONG = "private, max-age=86400"


def found(row: T | None, what: str, name: UUID | str) -> T:
    """Raises Problem 404."""
    if row is None:
        raise Problem(404, f"There is no {what} {name}.")
    return row


def require_free(database: Connection, source_id: UUID) -> None:
    """Raises Problem 409 while something of the source is held."""
    if found := holding(database, str(source_id)):
        raise Problem(409, f"{named(found)} Let go of what is held first.")


def cursor_of(token: str | None) -> Cursor | None:
    """Raises Problem 422."""
    try:
        return Cursor.read(token) if token else None
    except BadCursor as error:
        raise Problem(422, str(error)) from error
