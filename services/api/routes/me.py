"""Who is asking, and what they may do."""

from fastapi import APIRouter
from sqlalchemy import Connection

from services.api.access import stores, tenants, users
from services.api.access.views import MeView
from services.api.auth import Asking
from services.api.deps import Database
from services.api.principal import Principal
from services.api.problems import documented

router = APIRouter(prefix="/me", tags=["account"])


@router.get("", summary="Who am I, and what may I see and do?", responses=documented(401))
def me(database: Database, principal: Asking) -> MeView:
    return described(database, principal)


def described(database: Connection, principal: Principal) -> MeView:
    actor = principal.actor
    is_user = actor.kind == "user" and actor.actor_id is not None
    user = users.user(database, principal, actor.actor_id) if is_user and actor.actor_id else None
    tenant = tenants.tenant(database, principal.tenant_id) if principal.tenant_id else None
    return MeView(
        kind=actor.kind,
        user_id=user.user_id if user else None,
        name=user.name if user else actor.name,
        email=user.email if user else None,
        role=user.role if user else None,
        language=user.language if user else "en",
        rights=sorted(principal.rights),
        tenant_id=principal.tenant_id,
        tenant=tenant["name"] if tenant else None,
        sees_all_stores=principal.store_ids is None,
        stores=stores.names(database, principal),
    )
