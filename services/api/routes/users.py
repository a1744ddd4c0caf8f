"""People of a tenant: list, change, let go; and their logins."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from sqlalchemy import Connection

from services.api import audit
from services.api.access import links, rules, sessions, stores
from services.api.access import users as queries
from services.api.access.entries import UserChange
from services.api.access.users import LastOwner
from services.api.access.views import LoginList, ResetView, UserPage, UserView
from services.api.auth import Administering
from services.api.deps import Context, Database
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.routes.stores import OfTenant
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/users", tags=["users"])
UserId = Annotated[UUID, Path(examples=["0f8fad5b-d9cb-469f-a165-70867728950e"])]


@router.get("", summary="List the people, latest joined first", responses=documented(401, 403, 422))
def user_list(
    database: Database,
    principal: Administering,
    tenant_id: OfTenant = None,
    limit: Limit = 50,
    cursor: Token = None,
) -> UserPage:
    return queries.user_page(database, principal, tenant_id, limit, cursor_of(cursor))


@router.get("/{user_id}", summary="A person", responses=documented(401, 403, 404, 422))
def user(user_id: UserId, database: Database, principal: Administering) -> UserView:
    return found(queries.user(database, principal, user_id), "user", user_id)


@router.patch(
    "/{user_id}",
    summary="Change a person's role, stores or name; let them in no more",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def change(
    user_id: UserId, wanted: UserChange, context: Context, principal: Administering
) -> UserView:
    """Takes effect at once, in logins that are open too. With `is_active` false all their logins
    are over. The last owner stays one.
    """
    now = context.clock.now()
    with transaction(context.engine) as database:
        before = _found(database, principal, user_id)
        fields = _changed(database, before, wanted)
        queries.change(database, user_id, fields, now)
        queries.bind(database, user_id, _bound(before, wanted))
        if wanted.is_active is False:
            queries.end_access(database, user_id)
        detail = wanted.model_dump(mode="json", exclude_unset=True)
        _note(database, principal, "user.changed", before, detail)
        return _found(database, principal, user_id)


@router.delete(
    "/{user_id}",
    status_code=204,
    summary="Remove a person",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def remove(user_id: UserId, context: Context, principal: Administering) -> None:
    """With all their logins. What they did stays in the audit log."""
    with transaction(context.engine) as database:
        before = _found(database, principal, user_id)
        _require_another_owner(database, before)
        queries.remove(database, user_id)
        _note(database, principal, "user.removed", before, {"email": before.email})


@router.post(
    "/{user_id}/password-reset",
    status_code=202,
    summary="Send a person a link to another password",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def send_reset(user_id: UserId, context: Context, principal: Administering) -> ResetView:
    """Their password stays as it is until they use it."""
    with transaction(context.engine) as database:
        before = _found(database, principal, user_id)
        row = queries.row_by_id(database, user_id)
        assert row is not None
        if not rules.may_use_password(database, row):
            raise Problem(409, "Passwords are for owners alone here: they sign on.")
        url = links.reset_url(context, row)
        _note(database, principal, "password.reset_sent", before, {})
    if not context.settings.smtp_host:
        return ResetView(url=url)
    links.mail(context, links.RESET, row, url, principal.actor.name)
    return ResetView(url=None)


@router.get(
    "/{user_id}/sessions",
    summary="A person's open logins",
    responses=documented(401, 403, 404, 422),
)
def session_list(
    user_id: UserId, context: Context, database: Database, principal: Administering
) -> LoginList:
    _found(database, principal, user_id)
    logins, now = context.settings.logins, context.clock.now()
    return LoginList(items=sessions.sessions_of(database, logins, user_id, None, now))


@router.delete(
    "/{user_id}/sessions",
    status_code=204,
    summary="End all logins of a person",
    responses=documented(401, 403, 404, 422, 503),
)
def end_sessions(user_id: UserId, context: Context, principal: Administering) -> None:
    with transaction(context.engine) as database:
        before = _found(database, principal, user_id)
        sessions.revoke(database, user_id, None)
        _note(database, principal, "session.revoked", before, {})


def _found(database: Connection, principal: Principal, user_id: UUID) -> UserView:
    """Raises Problem 404."""
    return found(queries.user(database, principal, user_id), "user", user_id)


def _changed(database: Connection, before: UserView, wanted: UserChange) -> dict[str, Any]:
    """The columns of the row that change. Raises Problem 404, 409 or 422."""
    names = "name", "role", "language", "is_active"
    given = {name: getattr(wanted, name) for name in names}
    fields = {name: value for name, value in given.items() if value is not None}
    role = fields.get("role", before.role)
    if before.role == "owner" and (role != "owner" or wanted.is_active is False):
        _require_another_owner(database, before)
    if role == "owner" and wanted.store_ids is not None:
        raise Problem(422, "An owner sees all stores.")
    bound = _bound(before, wanted)
    fields["sees_all_stores"] = bound is None
    if missing := stores.missing(database, before.tenant_id, bound or ()):
        raise Problem(404, f"There is no store {min(missing)}.")
    return fields


def _bound(before: UserView, wanted: UserChange) -> frozenset[UUID] | None:
    """The stores they are to see; None for all."""
    if wanted.given("store_ids"):
        return wanted.store_ids
    is_owner = (wanted.role or before.role) == "owner"
    return None if is_owner or before.store_ids is None else frozenset(before.store_ids)


def _require_another_owner(database: Connection, before: UserView) -> None:
    """Raises Problem 409."""
    if before.role != "owner" or not before.is_active:
        return
    try:
        queries.require_another_owner(database, before)
    except LastOwner as error:
        raise Problem(409, str(error)) from error


def _note(
    database: Connection, principal: Principal, action: str, user: UserView, detail: dict[str, Any]
) -> None:
    tenant_id = user.tenant_id
    audit.record(database, principal, action, str(user.user_id), detail, tenant_id=tenant_id)
