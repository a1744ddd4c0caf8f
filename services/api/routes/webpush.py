"""Web Push: the key that browsers subscribe with. The subscription is a target's address."""

from fastapi import APIRouter

from services.api.auth import Viewing
from services.api.deps import Context
from services.api.problems import Problem, documented
from services.api.targets.views import PushKeyView
from services.chassis.sealing import SealingFault
from services.chassis.webpush import public_text, vapid_key

router = APIRouter(prefix="/webpush", tags=["targets"])


@router.get("/key", summary="The public key for push subscriptions", responses=documented(401, 503))
def key(context: Context, principal: Viewing) -> PushKeyView:  # noqa: ARG001 - asks for the right
    """For `pushManager.subscribe({applicationServerKey})`. The same for good."""
    try:
        return PushKeyView(key=public_text(vapid_key(context.engine, context.sealing)))
    except SealingFault as error:
        raise Problem(503, str(error)) from error
