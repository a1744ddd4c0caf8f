"""Detectors of a tenant: register, list, describe, fetch, retire, remove."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect

from services.api import media
from services.api.auth import Administering, Viewing
from services.api.deps import Context, Database, Tools
from services.api.forms import MalformedForm, Upload
from services.api.models import queries, registering
from services.api.models.builtin import builtins
from services.api.models.deploying import Undeployable
from services.api.models.packages import Package, pack, repack
from services.api.models.registering import Differs, Offer
from services.api.models.tables import DETECTOR_CHARS
from services.api.models.views import DetectorView, ModelChange, ModelName, ModelPage, Note
from services.api.models.zips import BadPackage
from services.api.pace import TooSlow
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.api.uploads import AllPlacesTaken

router = APIRouter(prefix="/models", tags=["models"])
DetectorId = Annotated[str, Path(max_length=DETECTOR_CHARS, examples=["linear-1f0c8a52"])]
FORM_BYTES = 64 * 1024

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
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        },
    },
}


@router.get(
    "", summary="List the detectors, latest registered first", responses=documented(401, 403, 422)
)
def model_list(
    database: Database,
    context: Context,
    principal: Viewing,
    limit: Limit = 50,
    cursor: Token = None,
) -> ModelPage:
    """Those that the machine's settings name come last."""
    built = builtins(context.settings.head)
    return queries.model_page(database, principal, built, limit, cursor_of(cursor))


@router.post(
    "",
    status_code=201,
    responses=documented(200, 400, 401, 403, 408, 409, 413, 422, 503),
    openapi_extra=BODY,
    summary="Register a detector",
)
async def register(
    request: Request,
    response: Response,
    context: Context,
    principal: Administering,
    name: Annotated[ModelName | None, Query(description="else that of the file")] = None,
    note: Annotated[Note, Query()] = "",
) -> DetectorView:
    """A zip of the folder that `nightclerk train` writes, as a form with one `file` or as the bare
    body. It is checked without being executed; it judges nothing yet. The same one again answers
    200 and changes nothing.
    """
    require_whole_tenant(principal)
    _require_size(request, context)
    upload = Upload(request, context.settings.pace)
    with tempfile.TemporaryDirectory(prefix="nightclerk-") as folder:
        given, kept = FilePath(folder, "given.zip"), FilePath(folder, "kept.zip")
        await _receive(context, upload, given)
        package = await run_in_threadpool(_checked, context, given, kept)
        title = name or upload.filename.removesuffix(".zip") or package.detector
        offer = Offer(package, kept, title[:255], note)
        view, is_new = await run_in_threadpool(_registered, context, principal, offer)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = str(request.url_for("model", detector=view.detector).path)
    return view


@router.get("/{detector}", summary="A detector", responses=documented(401, 403, 404, 422))
def model(
    detector: DetectorId, database: Database, context: Context, principal: Viewing
) -> DetectorView:
    built = builtins(context.settings.head)
    return found(queries.model(database, principal, built, detector), "detector", detector)


@router.patch(
    "/{detector}",
    summary="Note something of a detector, or retire it",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def change(
    detector: DetectorId, wanted: ModelChange, context: Context, principal: Administering
) -> DetectorView:
    """What is retired cannot be deployed, and is not gone back to; it may be taken up again. What
    is live or a shadow somewhere cannot be retired.
    """
    require_whole_tenant(principal)
    with _in_use():
        if not registering.change(context, principal, detector, wanted, context.clock.now()):
            raise Problem(404, f"There is no registered detector {detector}.")
    return _shown(context, principal, detector)


@router.delete(
    "/{detector}",
    status_code=204,
    summary="Remove a detector with its package",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def remove(detector: DetectorId, context: Context, principal: Administering) -> None:
    """Not while it is live or a shadow anywhere. What it scored stays."""
    require_whole_tenant(principal)
    with _in_use():
        if not registering.remove(context, principal, detector, context.clock.now()):
            raise Problem(404, f"There is no registered detector {detector}.")


@router.get(
    "/{detector}/package",
    summary="The package of a detector (zip)",
    responses=documented(401, 403, 404, 416, 422, 503),
    response_class=Response,
)
def package(
    request: Request, detector: DetectorId, context: Context, principal: Administering
) -> Response:
    """Cards and weights, as they can be registered again; also of those that are built in."""
    with context.engine.connect() as database:
        row = queries.model_row(database, principal.home, detector)
    filename = f"{detector}.zip"
    if row is not None:
        return media.serve(request, context.store, row["object_key"], "application/zip", filename)
    built = next((b for b in builtins(context.settings.head) if b.detector == detector), None)
    folder = found(built, "detector", detector).folder
    path = FilePath(tempfile.mkstemp(prefix="nightclerk-", suffix=".zip")[1])
    pack(folder, path)
    gone = BackgroundTask(path.unlink, missing_ok=True)
    return FileResponse(path, media_type="application/zip", filename=filename, background=gone)


def require_whole_tenant(principal: Principal) -> None:
    """Raises Problem 403 for those who are bound to stores."""
    if principal.store_ids is not None:
        raise Problem(403, "That is for those who see all stores of the tenant.")


def _require_size(request: Request, context: Tools) -> None:
    """By the announced length, before a byte is read. Raises Problem 413."""
    announced, limit = (
        request.headers.get("content-length", ""),
        context.settings.api_max_model_bytes,
    )
    size = int(announced[:20]) if announced.isascii() and announced.isdigit() else 0
    if size > limit + FORM_BYTES:
        raise Problem(413, f"The file is larger than {limit} bytes.", {"Connection": "close"})


async def _receive(context: Tools, upload: Upload, path: FilePath) -> None:
    """Write the request's file. Raises Problem."""
    limit = context.settings.api_max_model_bytes
    try:
        async with context.uploads.place():
            with path.open("wb") as file:
                await _pour(upload.chunks(), file, limit)
    except MalformedForm as error:
        raise Problem(400, str(error)) from error
    except ClientDisconnect as error:
        raise Problem(400, "The client went away.") from error
    except TooSlow as error:
        raise Problem(408, str(error), {"Connection": "close"}) from error
    except AllPlacesTaken as error:
        headers = {"Connection": "close", "Retry-After": "20"}
        raise Problem(503, str(error), headers) from error


async def _pour(chunks: AsyncIterator[bytes], file: BinaryIO, limit: int) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise Problem(413, f"The file is larger than {limit} bytes.", {"Connection": "close"})
        await run_in_threadpool(file.write, chunk)


def _checked(context: Tools, given: FilePath, kept: FilePath) -> Package:
    """Raises Problem 422."""
    try:
        with given.open("rb") as file:
            return repack(file, kept, context.settings.api_max_model_bytes)
    except BadPackage as error:
        raise Problem(422, str(error)) from error


def _registered(context: Tools, principal: Principal, offer: Offer) -> tuple[DetectorView, bool]:
    """Raises Problem 409."""
    try:
        detector, is_new = registering.register(context, principal, offer)
    except Differs as error:
        raise Problem(409, str(error)) from error
    return _shown(context, principal, detector), is_new


def _shown(context: Tools, principal: Principal, detector: str) -> DetectorView:
    with context.engine.connect() as database:
        view = queries.model(database, principal, builtins(context.settings.head), detector)
    return found(view, "detector", detector)


@contextmanager
def _in_use() -> Iterator[None]:
    """Raises Problem 409."""
    try:
        yield
    except Undeployable as error:
        raise Problem(409, str(error)) from error
