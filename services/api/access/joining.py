"""How somebody comes to be a user: the first owner signs up, all others are invited. And how they
come by another password.
"""

from uuid import UUID, uuid4

from sqlalchemy import Connection, select
from starlette.requests import HTTPConnection

from services.api import audit
from services.api.access import (
    invitations,
    links,
    login,
    rules,
    sessions,
    stores,
    tenants,
    throttling,
    users,
)
from services.api.access.entries import Joining, SigningUp
from services.api.access.paging import Row
from services.api.access.tables import tenants as tenant_rows
from services.api.access.users import AddressTaken, NewUser
from services.api.deps import Tools
from services.api.problems import Problem
from services.chassis.storage.database import transaction

USED = "This link was used already."


def sign_up(context: Tools, request: HTTPConnection, wanted: SigningUp, password_hash: str) -> str:
    """The first owner of a tenant is there, and logged in; what the cookie is to hold.

    Raises Problem 409 or 410.
    """
    tenant_id, _ = links.read(context, links.OWNER, wanted.ticket, "tenant_id")
    with transaction(context.engine) as connection:
        mine = tenant_rows.c.tenant_id == str(tenant_id)
        query = select(tenant_rows.c.tenant_id).where(mine).with_for_update()
        if connection.scalar(query) is None or tenants.has_people(connection, tenant_id):
            raise Problem(410, USED)
        owner = NewUser(
            uuid4(),
            tenant_id,
            wanted.email,
            wanted.name,
            "owner",
            password_hash=password_hash,
            language=wanted.language,
        )
        row = _joined(context, connection, owner)
        principal = login.asking(connection, row, request)
        audit.record(connection, principal, "user.signed_up", row["user_id"])
        return login.opened(context, connection, row, request, "link")


def invited(context: Tools, ticket: str) -> Row:
    """What somebody is invited to. Raises Problem 410."""
    with transaction(context.engine) as connection:
        return _invitation(context, connection, ticket)


def join(context: Tools, request: HTTPConnection, wanted: Joining, password_hash: str) -> str:
    """Whoever was invited is a user, and logged in; what the cookie is to hold. Of the stores
    those count that there still are. Raises Problem 409 or 410.
    """
    with transaction(context.engine) as connection:
        found = _invitation(context, connection, wanted.ticket)
        if not rules.may_use_password(connection, found):
            raise Problem(409, login.MUST_SIGN_ON)
        tenant_id = UUID(found["tenant_id"])
        bound = None
        if not found["sees_all_stores"]:
            named = {UUID(name) for name in found["store_ids"]}
            bound = frozenset(named - stores.missing(connection, tenant_id, named))
        user = NewUser(
            uuid4(),
            tenant_id,
            found["email"],
            wanted.name,
            found["role"],
            bound,
            password_hash,
            wanted.language or found["language"],
        )
        row = _joined(context, connection, user)
        invitations.remove(connection, UUID(found["invitation_id"]))
        principal = login.asking(connection, row, request)
        audit.record(connection, principal, "user.joined", row["user_id"])
        return login.opened(context, connection, row, request, "link")


def to_reset(context: Tools, ticket: str) -> Row:
    """Whose password may be replaced by that ticket. Raises Problem 410."""
    user_id, fields = links.read(context, links.RESET, ticket, "user_id")
    with context.engine.connect() as connection:
        row = users.row_by_id(connection, user_id)
        is_allowed = row is not None and rules.may_use_password(connection, row)
    if (
        row is None
        or not is_allowed
        or not row["is_active"]
        or links.mark(row) != fields.get("mark")
    ):
        raise Problem(410, USED)
    return row


def reset(context: Tools, request: HTTPConnection, ticket: str, password_hash: str) -> None:
    """The password is another, and all logins are over. Raises Problem 410."""
    before = to_reset(context, ticket)
    user_id = UUID(before["user_id"])
    with transaction(context.engine) as connection:
        if not users.replace_password(connection, before, password_hash, context.clock.now()):
            raise Problem(410, USED)
        sessions.revoke(connection, user_id, None)
        principal = login.asking(connection, before, request)
        throttling.forgive(connection, before["email"])
        audit.record(connection, principal, "password.reset", str(user_id))


def _joined(context: Tools, connection: Connection, user: NewUser) -> Row:
    try:
        users.add(connection, user, context.clock.now())
    except AddressTaken as error:
        raise Problem(409, "Somebody logs in by that mail address already.") from error
    row = users.row_by_id(connection, user.user_id)
    assert row is not None
    return row


def _invitation(context: Tools, connection: Connection, ticket: str) -> Row:
    invitation_id, _ = links.read(context, links.INVITATION, ticket, "invitation_id")
    row = invitations.to_accept(connection, invitation_id, context.clock.now())
    if row is None:
        raise Problem(410, "This invitation was accepted or taken back.")
    return row
