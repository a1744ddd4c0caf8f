"""Whose evidence has hidden faces."""

from fastapi import APIRouter

from services.api import audit
from services.api.auth import Administering, Viewing
from services.api.deps import Context, Database
from services.api.faces.rule import FaceRule, FaceRuleView, enter, face_rule
from services.api.problems import Problem, documented
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/face-rule", tags=["privacy"])


@router.get("", summary="Whose evidence has hidden faces", responses=documented(401))
def rule(context: Context, database: Database, principal: Viewing) -> FaceRuleView:
    return face_rule(database, principal.home, context.settings.face_weights is not None)


@router.put("", summary="Say whose evidence has hidden faces", responses=documented(401, 403, 422))
def set_rule(wanted: FaceRule, context: Context, principal: Administering) -> FaceRuleView:
    """Of alerts: snapshot, video and pack; contact sheet, enhanced still and links to the object
    store are not given to them. Live pictures and playback stay as they are.
    """
    if principal.store_ids is not None:
        raise Problem(403, "The tenant's rule is for those who see all of its stores.")
    with transaction(context.engine) as database:
        enter(database, principal, principal.home, wanted, context.clock.now())
        detail = {"blurred_for": wanted.blurred_for}
        audit.record(database, principal, "face-rule.changed", str(principal.home), detail)
    with context.engine.connect() as database:
        return face_rule(database, principal.home, context.settings.face_weights is not None)
