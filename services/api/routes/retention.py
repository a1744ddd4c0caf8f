"""Retention: how long a tenant, or one of its stores, wants things kept, within the machine's."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api import audit
from services.api.access.stores import store as store_of
from services.api.auth import Administering
from services.api.deps import Context, Database
from services.api.keeping import storing
from services.api.keeping.rules import Exceeds, Origin, RetentionRules, require_within
from services.api.keeping.views import RetentionView
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.routes.videos import found
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/retention", tags=["retention"])
OfStore = Annotated[UUID | None, Query(description="of this store instead of the tenant")]


@router.get("", summary="What is kept for how long", responses=documented(401, 403, 404, 422))
def retention(
    context: Context, database: Database, principal: Administering, store_id: OfStore = None
) -> RetentionView:
    """The rules that were entered, and what comes of them, of the machine's settings and, for a
    store, of the tenant's rules.
    """
    tenant_id = _tenant_of(principal, database, store_id)
    return storing.retention(database, context.settings.keeping, tenant_id, store_id)


@router.put("", summary="Set what is kept for how long", responses=documented(401, 403, 404, 422))
def set_retention(
    rules: RetentionRules, context: Context, principal: Administering, store_id: OfStore = None
) -> RetentionView:
    """Takes the place of all rules there. In force from the next turn of retention on, within ten
    minutes; what is too old by then is gone for good, but for what is held.
    """
    keeping = context.settings.keeping
    try:
        require_within(keeping, rules)
    except Exceeds as error:
        raise Problem(422, str(error)) from error
    with transaction(context.engine) as database:
        tenant_id = _tenant_of(principal, database, store_id)
        scope: Origin = "store" if store_id else "tenant"
        scope_id, now = store_id or tenant_id, context.clock.now()
        storing.enter(database, principal, (scope, scope_id, tenant_id), rules, now)
        detail = {"scope": scope, "rules": rules.model_dump(mode="json", exclude_none=True)}
        subject = str(scope_id)
        audit.record(database, principal, "retention.changed", subject, detail, tenant_id=tenant_id)
    context.announce_keeping()
    with context.engine.connect() as database:
        return storing.retention(database, keeping, tenant_id, store_id)


def _tenant_of(principal: Principal, database: Database, store_id: UUID | None) -> UUID:
    """Whose rules these are. Raises Problem 404 for a store that is not theirs, 403 for the tenant
    where they see some of its stores only.
    """
    if store_id is not None:
        return found(store_of(database, principal, store_id), "store", store_id).tenant_id
    if principal.store_ids is not None:
        raise Problem(403, "The tenant's rules are for those who see all of its stores.")
    return principal.home
