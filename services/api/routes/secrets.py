"""The secret key: have everything sealed anew with the first one."""

from fastapi import APIRouter

from services.api import audit
from services.api.auth import Operating
from services.api.deps import Context
from services.api.keeping.rotation import rotate
from services.api.keeping.views import RotationView
from services.api.problems import Problem, documented
from services.chassis.sealing import SealingFault
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/secrets", tags=["secrets"])


@router.post(
    "/rotate",
    summary="Seal all secrets anew with the first key",
    responses=documented(401, 403, 409, 503),
)
def rotate_secrets(context: Context, principal: Operating) -> RotationView:
    """While NIGHTCLERK_SECRET_KEY names two, the new one first. May be repeated: then it tells how
    far it is.
    """
    try:
        view = rotate(context.engine, context.sealing)
    except SealingFault as error:
        raise Problem(409, str(error)) from error
    context.announce()
    with transaction(context.engine) as connection:
        detail = {"renewed": view.renewed, "lost": len(view.lost)}
        audit.record(connection, principal, "secrets.rotated", "secret-key", detail)
    return view
