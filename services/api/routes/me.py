"""Who is asking, and what they may do; one's own password and logins."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from services.api import audit
from services.api.access import login, passwords, sessions, stores, tenants, users
from services.api.access.entries import MyChange, PasswordChange
from services.api.access.paging import Row
from services.api.access.views import LoginList, MeView
from services.api.auth import Asking, Personal, session_of
from services.api.deps import Context, Database, Tools
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.routes.session import set_cookie
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/me", tags=["account"])
SessionId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]


@router.get("", summary="Who am I, and what may I see and do?", responses=documented(401))
def me(database: Database, principal: Asking) -> MeView:
    return described(database, principal)


@router.patch(
    "",
    summary="Change one's own name or language",
    responses=documented(401, 403, 404, 422, 503),
)
def change(wanted: MyChange, context: Context, principal: Personal) -> MeView:
    fields = {name: value for name, value in wanted.model_dump().items() if value is not None}
    with transaction(context.engine) as database:
        users.change(database, own_id(principal), fields, context.clock.now())
        audit.record(database, principal, "user.changed", str(own_id(principal)), fields)
        return described(database, principal)


@router.post(
    "/password",
    status_code=204,
    summary="Choose another password",
    responses=documented(401, 403, 409, 422, 429, 503),
)
async def change_password(
    wanted: PasswordChange,
    request: Request,
    response: Response,
    context: Context,
    principal: Personal,
) -> None:
    """All other logins are over; this one goes on under another cookie."""
    await run_in_threadpool(login.require_calm, context, principal.actor.name, request)
    before = await run_in_threadpool(_row, context, principal)
    if not await passwords.is_right(before["password_hash"], wanted.current.get_secret_value()):
        await run_in_threadpool(login.failed, context, before["email"], before, request)
        raise Problem(403, "That is not the current password.")
    stored = await passwords.hashed(wanted.password.get_secret_value())
    secret = await run_in_threadpool(_replaced, context, request, before, stored)
    set_cookie(response, request, context, secret)


@router.get("/sessions", summary="One's own open logins", responses=documented(401, 403))
def session_list(request: Request, context: Context, principal: Personal) -> LoginList:
    current, mine = session_of(context, request), own_id(principal)
    current_id = current.session_id if current else None
    rules, now = context.settings.logins, context.clock.now()
    with context.engine.connect() as database:
        items = sessions.sessions_of(database, rules, mine, current_id, now)
    return LoginList(items=items)


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    summary="End one of one's own logins",
    responses=documented(401, 403, 404, 422, 503),
)
def end_session(session_id: SessionId, context: Context, principal: Personal) -> None:
    with transaction(context.engine) as database:
        if not sessions.revoke(database, own_id(principal), [session_id]):
            raise Problem(404, f"There is no session {session_id}.")
        audit.record(database, principal, "session.revoked", str(session_id))


def own_id(principal: Principal) -> UUID:
    """Of somebody who came in by Personal."""
    assert principal.actor.actor_id is not None
    return principal.actor.actor_id


def _row(context: Tools, principal: Principal) -> Row:
    """Raises Problem 401 for somebody who is gone."""
    with context.engine.connect() as database:
        row = users.row_by_id(database, own_id(principal))
    if row is None:
        raise Problem(401, "You are no user any more.")
    return row


def _replaced(context: Tools, request: Request, before: Row, stored: str) -> str:
    """What the cookie is to hold from now on. Raises Problem 409."""
    mine = UUID(before["user_id"])
    with transaction(context.engine) as database:
        if not users.replace_password(database, before, stored, context.clock.now()):
            raise Problem(409, "The password was changed elsewhere at the same time.")
        sessions.revoke(database, mine, None)
        audit.record(
            database, login.asking(database, before, request), "password.changed", str(mine)
        )
        return login.opened(context, database, before, request, "password")


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
