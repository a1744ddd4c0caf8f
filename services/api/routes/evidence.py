"""What is made of an alert's evidence: contact sheet, enhanced still, and the signed pack."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from schemas import ids
from services.api import media
from services.api.auth import Viewing
from services.api.deps import Context, Tools
from services.api.faces.handing import HiddenEvidence
from services.api.faces.rule import must_hide
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries import alerts as queries
from services.api.routes.alerts import AlertId, Faces
from services.api.routes.videos import found
from services.api.views import AlertView
from services.chassis.storage.archives import write_archive
from services.chassis.storage.objects import ObjectMissing, ObjectStore

router = APIRouter(prefix="/alerts", tags=["alerts"])
BLOCK_BYTES = 1 << 20


class Unsealed(Exception):
    """The objects are not those of the manifest: they are being made anew."""


@router.head("/{alert_id}/pack", include_in_schema=False, response_class=Response)
@router.get(
    "/{alert_id}/pack",
    summary="All evidence in one signed zip",
    responses=documented(202, 401, 404, 422, 503),
    response_class=Response,
)
def pack(
    alert_id: AlertId, context: Context, principal: Viewing, faces: Faces = "shown"
) -> Response:
    """Media, the alert in its own words, the SHA-256 of each file and an Ed25519 signature of
    that list; `nightclerk evidence verify` checks it. The same evidence gives the same bytes.

    With blurred faces it has snapshot and video, is signed by this API, and is made when it is
    first asked for: 202 with `Retry-After` meanwhile.
    """
    view, is_hidden = _visible(context, principal, alert_id, "evidence.exported")
    path = Path(tempfile.mkstemp(prefix="nightclerk-", suffix=".zip")[1])
    gone = BackgroundTask(path.unlink, missing_ok=True)
    try:
        if is_hidden or faces == "blurred":
            HiddenEvidence(context, view).pack(path)
        else:
            write_pack(context.store, alert_id, path)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, ObjectMissing):
            raise Problem(404, "There is no signed evidence of that alert (yet).") from error
        if isinstance(error, Unsealed):
            detail = "The evidence is being made anew; try again."
            raise Problem(503, detail, {"Retry-After": "3"}) from error
        raise
    name = f"{alert_id}.zip"
    return FileResponse(path, media_type="application/zip", filename=name, background=gone)


@router.head("/{alert_id}/montage", include_in_schema=False, response_class=Response)
@router.get(
    "/{alert_id}/montage",
    summary="The contact sheet (JPEG)",
    responses=documented(401, 404, 416, 422),
    response_class=Response,
)
def montage(request: Request, alert_id: AlertId, context: Context, principal: Viewing) -> Response:
    """Up to twelve pictures of the episode, with their times."""
    _require_shown(context, principal, alert_id)
    key = ids.montage_key(alert_id)
    return media.serve(request, context.store, key, "image/jpeg", f"{alert_id}-montage.jpg")


@router.head("/{alert_id}/enhanced", include_in_schema=False, response_class=Response)
@router.get(
    "/{alert_id}/enhanced",
    summary="The enhanced still (JPEG)",
    responses=documented(401, 404, 416, 422),
    response_class=Response,
)
def enhanced(request: Request, alert_id: AlertId, context: Context, principal: Viewing) -> Response:
    """Beside the original: it is not what the camera recorded."""
    _require_shown(context, principal, alert_id)
    key = ids.enhanced_key(alert_id)
    return media.serve(request, context.store, key, "image/jpeg", f"{alert_id}-enhanced.jpg")


def write_pack(store: ObjectStore, alert_id: UUID, path: Path) -> None:
    """Raises ObjectMissing, Unsealed, TransientError."""
    manifest = store.get(ids.manifest_key(alert_id))
    files: dict[str, Any] = json.loads(manifest)["files"]
    prefix = ids.evidence_prefix(alert_id)

    def contents() -> Iterator[tuple[str, Iterator[bytes]]]:
        yield "manifest.json", iter([manifest])
        yield "manifest.sig", iter([store.get(ids.signature_key(alert_id))])
        for name in sorted(files):
            yield name, _signed(store, prefix + name, files[name]["sha256"])

    write_archive(path, contents())
    if store.get(ids.manifest_key(alert_id)) != manifest:
        raise Unsealed


def _signed(store: ObjectStore, key: str, sha256: str) -> Iterator[bytes]:
    digest, position = hashlib.sha256(), 0
    while block := store.read_range(key, position, BLOCK_BYTES):
        position += len(block)
        digest.update(block)
        yield block
    if digest.hexdigest() != sha256:
        raise Unsealed


def _require_shown(context: Tools, principal: Principal, alert_id: UUID) -> None:
    """Raises Problem 404 where there is none, or none with hidden faces."""
    _, is_hidden = _visible(context, principal, alert_id, "evidence.viewed")
    if is_hidden:
        raise Problem(404, "Of this there is none with blurred faces; of the video there is.")


def _visible(
    context: Tools, principal: Principal, alert_id: UUID, action: str
) -> tuple[AlertView, bool]:
    """The alert, and whether faces must be hidden from the principal. Raises Problem 404."""
    with context.engine.connect() as database:
        view = found(queries.alert(database, principal, alert_id), "alert", alert_id)
        is_hidden = must_hide(database, principal, view.source_id)
    context.view(principal, action, alert_id, view.source_id)
    return view, is_hidden
