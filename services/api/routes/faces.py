"""Who gets no picture but with hidden faces."""

from fastapi import APIRouter

from services.api import audit
from services.api.auth import Administering, Viewing
from services.api.deps import Context, Database
from services.api.faces.rule import FaceRule, FaceRuleView, enter, face_rule
from services.api.problems import Problem, documented
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/face-rule", tags=["privacy"])


@router.get("", summary="From whom faces are hidden", responses=documented(401))
def rule(context: Context, database: Database, principal: Viewing) -> FaceRuleView:
    return face_rule(database, principal.home, context.settings.face_weights is not None)


@router.put("", summary="Say from whom faces are hidden", responses=documented(401, 403, 422))
def set_rule(wanted: FaceRule, context: Context, principal: Administering) -> FaceRuleView:
    """In live pictures, playback of recordings and uploads, their thumbnails, and snapshot, video
    and pack of alerts; contact sheet, enhanced still and links to the object store are not given to
    them. The pictures of mails have hidden faces as soon as it is not `nobody`: nobody knows who
    reads them. Open pages follow within seconds.
    """
    if principal.store_ids is not None:
        raise Problem(403, "The tenant's rule is for those who see all of its stores.")
    with transaction(context.engine) as database:
        enter(database, principal, principal.home, wanted, context.clock.now())
        detail = {"blurred_for": wanted.blurred_for}
        audit.record(database, principal, "face-rule.changed", str(principal.home), detail)
    context.announce_keeping()
    with context.engine.connect() as database:
        return face_rule(database, principal.home, context.settings.face_weights is not None)
