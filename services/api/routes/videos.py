"""Videos: hand one in, list them, their timeline, their pictures."""

import hashlib
from collections.abc import AsyncIterator
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from schemas.topics import VIDEOS
from schemas.videos import VideoSubmitted
from services.api import media, queries
from services.api.deps import Context, Database, Tools
from services.api.forms import MalformedForm, Upload
from services.api.frames import NoFrame
from services.api.problems import Problem, documented
from services.api.sniffing import NotAVideo
from services.api.uploads import Stored, TooLarge
from services.api.views import Timeline, VideoPage, VideoView
from services.chassis.errors import TransientError
from services.chassis.streaming.records import Outgoing

T = TypeVar("T")
router = APIRouter(prefix="/videos", tags=["videos"])
FORM_BYTES = 64 * 1024
"""Room for a form's own bytes around the file."""

DRAIN_BYTES = 64 * 1024 * 1024
"""A refused body is read up to so far, so that the client hears the answer."""

Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
VideoId = Annotated[UUID, Path(examples=["0f8fad5b-d9cb-469f-a165-70867728950e"])]

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    "parameters": [
        {
            "name": "filename",
            "in": "query",
            "schema": {"type": "string"},
            "description": "the file's name, where the body is the bare file",
        }
    ],
}


@router.post(
    "",
    status_code=202,
    responses=documented(400, 401, 408, 413, 415, 503),
    openapi_extra=BODY,
    summary="Hand in a video",
)
async def submit(request: Request, context: Context, response: Response) -> VideoView:
    """As a form with one `file`, or as the bare body. It is streamed to the object store; the
    analysis begins at once. Follow it at the address in `Location`.
    """
    _require_size(request, context.settings.api_max_upload_bytes)
    video_id = uuid4()
    key = f"videos/{video_id}/original"
    filename, stored = await _receive(request, context, key)
    new = queries.NewVideo(
        video_id=video_id,
        filename=filename,
        size_bytes=stored.size_bytes,
        content_type=stored.content_type,
        object_key=key,
        submitted_at=context.clock.now(),
    )
    response.headers["Location"] = str(request.url_for("video", video_id=video_id).path)
    return await run_in_threadpool(_register, context, new)


@router.get("", summary="List the videos, newest first", responses=documented(401, 422))
def video_list(database: Database, limit: Limit = 50, offset: Offset = 0) -> VideoPage:
    return queries.video_page(database, queries.Page(limit, offset))


@router.get("/{video_id}", summary="State and progress", responses=documented(401, 404, 422))
def video(video_id: VideoId, database: Database) -> VideoView:
    return found(queries.video(database, video_id), video_id)


@router.get(
    "/{video_id}/timeline",
    summary="Scores over time, and alerts",
    responses=documented(401, 404, 422),
    response_model=Timeline,
)
def timeline(
    request: Request,
    video_id: VideoId,
    database: Database,
    after: Annotated[int, Query(ge=-1, le=2**31 - 1, description="clips past this index")] = -1,
    limit: Annotated[int, Query(ge=1, le=50_000)] = 50_000,
) -> Response:
    """A day of video has 81,000 clips: ask for them page by page. Answers 304 to the same ETag."""
    told = found(queries.timeline(database, video_id, after, limit), video_id)
    content = told.model_dump_json().encode()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


@router.head("/{video_id}/media", include_in_schema=False, response_class=Response)
@router.get(
    "/{video_id}/media",
    summary="The video, as browsers can play it; with ranges",
    responses=documented(401, 404, 416, 422),
    response_class=Response,
)
def video_media(request: Request, video_id: VideoId, context: Context) -> Response:
    with context.engine.connect() as database:
        row = found(queries.video_row(database, video_id), video_id)
    playable = row["playable_key"]
    key = playable or row["object_key"]
    kind = "video/mp4" if playable and playable != row["object_key"] else row["content_type"]
    return media.serve(request, context.store, key, kind, row["filename"])


@router.get(
    "/{video_id}/frame",
    summary="The picture on the screen at a moment, as JPEG",
    responses=documented(401, 404, 422),
    response_class=Response,
)
def frame(
    video_id: VideoId,
    context: Context,
    t: Annotated[float, Query(ge=0, le=1e6, description="seconds", examples=[12.3])] = 0.0,
    width: Annotated[int, Query(ge=16, le=1920)] = 320,
) -> Response:
    with context.engine.connect() as database:
        row = found(queries.video_row(database, video_id), video_id)
    try:
        jpeg = context.thumbnails.get(row["playable_key"] or row["object_key"], t, width)
    except NoFrame as error:
        raise Problem(404, str(error)) from error
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": _LONG})


_LONG = "private, max-age=86400"


def found(row: T | None, video_id: UUID) -> T:
    """Raises Problem 404."""
    if row is None:
        raise Problem(404, f"There is no video {video_id}.")
    return row


def _require_size(request: Request, limit: int) -> None:
    """Refuse by the announced length, before a byte is read."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit + FORM_BYTES:
        raise Problem(413, f"The file is larger than {limit} bytes.", {"Connection": "close"})


async def _receive(request: Request, context: Tools, key: str) -> tuple[str, Stored]:
    """Store the request's file. Raises Problem."""
    try:
        upload = Upload(request)
        stored = await context.uploads.receive(key, upload.chunks())
    except MalformedForm as error:
        raise Problem(400, str(error)) from error
    except ClientDisconnect as error:
        raise Problem(400, "The client went away.") from error
    except TimeoutError as error:
        sentence = "The client sent nothing for too long."
        raise Problem(408, sentence, {"Connection": "close"}) from error
    except (NotAVideo, TooLarge) as error:
        await _drain(request.stream())
        status = 415 if isinstance(error, NotAVideo) else 413
        raise Problem(status, str(error), {"Connection": "close"}) from error
    return upload.filename, stored


async def _drain(rest: AsyncIterator[bytes]) -> None:
    """Many a client hears no answer while it still sends."""
    seen = 0
    try:
        async for chunk in rest:
            seen += len(chunk)
            if seen > DRAIN_BYTES:
                return
    except (ClientDisconnect, RuntimeError):
        return


def _register(context: Tools, new: queries.NewVideo) -> VideoView:
    """The row first, so that whatever the topics tell of the video finds it; then the message."""
    try:
        with context.engine.begin() as database:
            queries.add_video(database, new)
        _publish(context, new)
    except BaseException:
        _forget(context, new)
        raise
    with context.engine.connect() as database:
        return found(queries.video(database, new.video_id), new.video_id)


def _publish(context: Tools, new: queries.NewVideo) -> None:
    """Returns once Kafka has it. One at a time: `flush` speaks for all that is under way."""
    message = VideoSubmitted(
        video_id=new.video_id,
        object_key=new.object_key,
        filename=new.filename,
        size_bytes=new.size_bytes,
        submitted_at=new.submitted_at,
    )
    with context.publishing:
        context.publisher.publish(Outgoing(VIDEOS, message))
        context.publisher.flush()


def _forget(context: Tools, new: queries.NewVideo) -> None:
    """Nobody will work on it: leave no trace, as far as the servers allow."""
    try:
        with context.engine.begin() as database:
            queries.drop_video(database, new.video_id)
        context.store.delete(new.object_key)
    except Exception as error:
        raise TransientError(f"{new.object_key} is left behind") from error
