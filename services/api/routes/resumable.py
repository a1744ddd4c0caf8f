"""Handing in a video that may break off and go on: the tus protocol 1.0 with the extensions
creation, termination and expiration. Once it is whole it is a video of the same id.
"""

import base64
import binascii
import email.utils
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import IntegrityError
from starlette.requests import ClientDisconnect

from services.api.access.stores import Place
from services.api.auth import Uploading
from services.api.deps import Context, Tools
from services.api.names import clean_name, decode_name
from services.api.pace import TooSlow, paced
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries import videos as queries
from services.api.queries.videos import NewVideo
from services.api.resumable import PART_BYTES, Begun, Parts
from services.api.routes.submit import asked_place, asked_recorded_at, register, require_room
from services.api.sniffing import HEAD_BYTES, NotAVideo, sniff
from services.api.uploads import AllPlacesTaken

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
CHUNK = "application/offset+octet-stream"


def _versioned(
    response: Response, tus_resumable: Annotated[str | None, Header(include_in_schema=False)] = None
) -> None:
    """Raises Problem 412 for a client of another version."""
    if tus_resumable not in (None, VERSION):
        raise Problem(412, f"This is tus {VERSION}.", {"Tus-Version": VERSION})
    response.headers["Tus-Resumable"] = VERSION


router = APIRouter(prefix="/uploads", tags=["videos"], dependencies=[Depends(_versioned)])
UploadId = Annotated[UUID, Path(examples=["0f8fad5b-d9cb-469f-a165-70867728950e"])]
Length = Annotated[int, Header(ge=1, alias="Upload-Length", description="bytes of the file")]
Offset = Annotated[int, Header(ge=0, alias="Upload-Offset", description="where these bytes begin")]
Metadata = Annotated[
    str,
    Header(
        alias="Upload-Metadata",
        max_length=4000,
        description="filename, store_id, recorded_at: pairs of a name and base64, by commas",
    ),
]


@router.options("", include_in_schema=False, status_code=204, operation_id="uploadOptions")
def options(context: Context, principal: Uploading, response: Response) -> None:  # noqa: ARG001
    """What this side of the protocol can do."""
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Max-Size"] = str(context.settings.api_max_upload_bytes)


@router.post(
    "",
    status_code=201,
    summary="Begin an upload that may go on after a break",
    responses=documented(401, 403, 404, 412, 413, 422, 503, 507),
    operation_id="beginUpload",
)
def begin(
    context: Context,
    principal: Uploading,
    request: Request,
    response: Response,
    length: Length,
    metadata: Metadata = "",
) -> None:
    """Send the bytes to the address in `Location`. Once it is whole it is a video of that id."""
    require_room(context, length)
    said, now = _metadata(metadata), context.clock.now()
    place = asked_place(context, principal, said.get("store_id", b"").decode("latin-1"))
    begun = Begun(
        upload_id=uuid4(),
        owner=_owner(principal),
        filename=clean_name(decode_name(said.get("filename", b""))),
        size_bytes=length,
        store_id=place.store_id,
        recorded_at=asked_recorded_at(said.get("recorded_at", b"").decode("latin-1"), now),
        begun_at=now,
    )
    Parts(context.store).begin(begun)
    response.headers["Location"] = request.url_for("add", upload_id=begun.upload_id).path
    response.headers["Upload-Expires"] = _http_date(begun.expires_at)


@router.head("/{upload_id}", include_in_schema=False, status_code=200)
def offset(upload_id: UploadId, context: Context, principal: Uploading, response: Response) -> None:
    """How far it got."""
    begun = _begun(context, principal, upload_id)
    response.headers["Upload-Offset"] = str(Parts(context.store).offset(upload_id))
    response.headers["Upload-Length"] = str(begun.size_bytes)
    response.headers["Upload-Expires"] = _http_date(begun.expires_at)
    response.headers["Cache-Control"] = "no-store"


@router.patch(
    "/{upload_id}",
    status_code=204,
    summary="Send bytes of an upload",
    responses=documented(401, 403, 404, 408, 409, 412, 413, 415, 422, 503, 507),
    operation_id="sendUpload",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {CHUNK: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def add(
    upload_id: UploadId,
    context: Context,
    principal: Uploading,
    request: Request,
    response: Response,
    begins_at: Offset,
) -> None:
    """From `Upload-Offset` on, which is how far it got. With the last the analysis begins."""
    begun = await run_in_threadpool(_begun, context, principal, upload_id)
    if request.headers.get("content-type") != CHUNK:
        raise Problem(415, f"Bytes of an upload are sent as {CHUNK}.")
    parts = Parts(context.store)
    if await run_in_threadpool(parts.offset, upload_id) != begins_at:
        raise Problem(409, "The upload got to another place: ask with HEAD.")
    try:
        async with context.uploads.place():
            reached = await _store(parts, begun, begins_at, request, context)
    except AllPlacesTaken as error:
        raise Problem(503, str(error), {"Retry-After": "20"}) from error
    except TooSlow as error:
        raise Problem(408, str(error), {"Connection": "close"}) from error
    except ClientDisconnect as error:
        raise Problem(400, "The client went away.") from error
    if reached == begun.size_bytes:
        await run_in_threadpool(_finish, context, principal, begun)
    response.headers["Upload-Offset"] = str(reached)


@router.delete(
    "/{upload_id}",
    status_code=204,
    summary="Give an upload up",
    responses=documented(401, 403, 404, 412, 422, 503),
    operation_id="giveUploadUp",
)
def give_up(upload_id: UploadId, context: Context, principal: Uploading) -> None:
    _begun(context, principal, upload_id)
    Parts(context.store).remove(upload_id)


async def _store(parts: Parts, begun: Begun, offset: int, request: Request, context: Tools) -> int:
    """Keep the body part by part; how far the upload got. Raises Problem, TooSlow."""
    async for content in _blocks(paced(request.stream(), context.settings.pace)):
        if offset + len(content) > begun.size_bytes:
            raise Problem(413, f"The upload was announced with {begun.size_bytes} bytes.")
        if offset == 0 and (len(content) >= HEAD_BYTES or len(content) == begun.size_bytes):
            await _require_video(parts, begun, content)
        await run_in_threadpool(parts.add, begun.upload_id, offset, content)
        offset += len(content)
    return offset


async def _require_video(parts: Parts, begun: Begun, head: bytes) -> None:
    """Raises Problem 415, and forgets the upload, for what is plainly something else."""
    try:
        sniff(head[:HEAD_BYTES])
    except NotAVideo as error:
        await run_in_threadpool(parts.remove, begun.upload_id)
        raise Problem(415, str(error)) from error


async def _blocks(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whole parts, then the rest. What breaks off is not among them: it is sent once more."""
    waiting = bytearray()
    async for chunk in stream:
        waiting += chunk
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)


def _finish(context: Tools, principal: Principal, begun: Begun) -> None:
    """Make a video of it. May be called again, also by two at once. Raises Problem."""
    parts, key = Parts(context.store), f"videos/{begun.upload_id}/original"
    if not _is_registered(context, principal, begun.upload_id):
        try:
            content_type = sniff(parts.head(begun.upload_id))
        except NotAVideo as error:
            parts.remove(begun.upload_id)
            raise Problem(415, str(error)) from error
        place = asked_place(context, principal, str(begun.store_id))
        parts.join(begun.upload_id, key, content_type)
        _register(context, principal, place, begun, content_type)
    parts.remove(begun.upload_id)


def _register(
    context: Tools, principal: Principal, place: Place, begun: Begun, content_type: str
) -> None:
    new = NewVideo(
        video_id=begun.upload_id,
        filename=begun.filename,
        size_bytes=begun.size_bytes,
        content_type=content_type,
        object_key=f"videos/{begun.upload_id}/original",
        submitted_at=context.clock.now(),
        recorded_at=begun.recorded_at,
    )
    try:
        register(context, principal, place, new)
    except IntegrityError:
        if not _is_registered(context, principal, begun.upload_id):
            raise


def _is_registered(context: Tools, principal: Principal, video_id: UUID) -> bool:
    with context.engine.connect() as database:
        return queries.video_row(database, principal, video_id) is not None


def _begun(context: Tools, principal: Principal, upload_id: UUID) -> Begun:
    """Whoever began it, and nobody else, goes on with it. Raises Problem 404."""
    begun = Parts(context.store).find(upload_id)
    if begun is None or begun.owner != _owner(principal):
        raise Problem(404, f"There is no upload {upload_id}.")
    return begun


def _owner(principal: Principal) -> str:
    actor = principal.actor
    return f"{principal.home}/{actor.kind}/{actor.actor_id}"


def _metadata(text: str) -> dict[str, bytes]:
    """Raises Problem 422."""
    found = {}
    for pair in filter(None, (each.strip() for each in text.split(","))):
        name, _, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True)
        except binascii.Error:
            raise Problem(422, f"Upload-Metadata: {name} is not base64.") from None
    return found


def _http_date(moment: datetime) -> str:
    return email.utils.format_datetime(moment, usegmt=True)
