"""Erasure: footage taken away for good, and the proof that it was."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from services.api import audit
from services.api.auth import Administering
from services.api.deps import Context, Database
from services.api.erasure import queries
from services.api.erasure.erasing import StretchHeld
from services.api.erasure.views import ErasureEntry, ErasurePage, ErasureView
from services.api.problems import Problem, documented
from services.api.queries.sources import source_row
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/erasures", tags=["erasures"])
ErasureId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]


@router.post(
    "",
    status_code=202,
    summary="Erase footage and all that was made of it",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def erase(
    entry: ErasureEntry,
    request: Request,
    response: Response,
    context: Context,
    principal: Administering,
) -> ErasureView:
    """Recordings, evidence, alerts, scores of the stretch; of an upload, which is one file, all.
    Shown to nobody from now on; the proof comes once the objects are gone. Nothing happens, and
    the answer is 409, while an alert in it is under legal hold.
    """
    with context.engine.connect() as database:
        row = found(source_row(database, principal, entry.source_id), "source", entry.source_id)
    try:
        erasure_id = context.erasing.ask(principal, row, entry)
    except StretchHeld as error:
        raise Problem(409, str(error)) from error
    context.playback.forget()
    context.hidden_pieces.forget(str(entry.source_id))
    response.headers["Location"] = request.url_for("erasure", erasure_id=erasure_id).path
    with context.engine.connect() as database:
        return found(queries.erasure(database, principal, erasure_id), "erasure", erasure_id)


@router.get("", summary="List the erasures, latest first", responses=documented(401, 403, 422))
def erasure_list(
    database: Database, principal: Administering, limit: Limit = 50, cursor: Token = None
) -> ErasurePage:
    """Without their proofs."""
    return queries.erasure_page(database, principal, limit, cursor_of(cursor))


@router.get(
    "/{erasure_id}",
    summary="An erasure and its proof",
    responses=documented(401, 403, 404, 422, 503),
)
def erasure(erasure_id: ErasureId, context: Context, principal: Administering) -> ErasureView:
    """What went: keys with their SHA-256, counts of rows; who, when, why; and what goes when."""
    with transaction(context.engine) as database:
        view = found(queries.erasure(database, principal, erasure_id), "erasure", erasure_id)
        audit.record(database, principal, "erasure.viewed", str(erasure_id))
    return view
