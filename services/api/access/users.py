"""Users: one, a page of them, added, changed, deleted. The last owner of a tenant stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from schemas.targets import Language
from services.api.access.credentials import recovery_codes, second_factors
from services.api.access.paging import Order, Row, page
from services.api.access.tables import memberships, sessions, users
from services.api.access.views import UserPage, UserView
from services.api.cursors import Cursor
from services.api.principal import Principal, Role, of_tenant
from services.api.signon.tables import identities


class AddressTaken(Exception):
    """Somebody logs in by that address already."""


class LastOwner(Exception):
    """The text is one sentence."""


@dataclass(frozen=True)
class NewUser:
    """A person. `store_ids` None: all stores of the tenant."""

    user_id: UUID
    tenant_id: UUID
    email: str
    name: str
    role: Role
    store_ids: frozenset[UUID] | None = None
    password_hash: str | None = None
    language: Language = "en"


def add(connection: Connection, user: NewUser, now: datetime) -> None:
    """Raises AddressTaken."""
    row = {
        "user_id": str(user.user_id),
        "tenant_id": str(user.tenant_id),
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "sees_all_stores": user.store_ids is None,
        "password_hash": user.password_hash,
        "language": user.language,
        "is_active": True,
        "created_at": now,
        "changed_at": now,
        "logged_in_at": None,
    }
    try:
        connection.execute(insert(users).values(row))
    except IntegrityError as error:
        raise AddressTaken(user.email) from error
    bind(connection, user.user_id, user.store_ids)


def bind(connection: Connection, user_id: UUID, store_ids: frozenset[UUID] | None) -> None:
    """To these stores alone, or to none."""
    name = str(user_id)
    connection.execute(delete(memberships).where(memberships.c.user_id == name))
    if store_ids:
        rows = [{"user_id": name, "store_id": str(one)} for one in sorted(store_ids)]
        connection.execute(insert(memberships), rows)


def user(connection: Connection, principal: Principal, user_id: UUID) -> UserView | None:
    query = _users(principal).where(users.c.user_id == str(user_id))
    row = connection.execute(query).mappings().first()
    return _views(connection, [row])[0] if row else None


def user_page(
    connection: Connection,
    principal: Principal,
    tenant_id: UUID | None,
    limit: int,
    after: Cursor | None,
) -> UserPage:
    """Latest added first; of one tenant only, where it is named."""
    query = _users(principal)
    if tenant_id is not None:
        query = query.where(users.c.tenant_id == str(tenant_id))
    rows, token = page(connection, query, Order(users.c.created_at, users.c.user_id), limit, after)
    return UserPage(items=_views(connection, rows), next=token)


def is_member(connection: Connection, tenant_id: UUID, store_id: UUID, user_id: UUID) -> bool:
    """Whether that is somebody who may log in and sees that store of the tenant."""
    belongs = memberships.c.user_id == users.c.user_id, memberships.c.store_id == str(store_id)
    bound = select(memberships.c.user_id).where(*belongs).exists()
    query = select(users.c.user_id).where(
        users.c.user_id == str(user_id),
        users.c.tenant_id == str(tenant_id),
        users.c.is_active.is_(True),
        users.c.sees_all_stores.is_(True) | bound,
    )
    return connection.scalar(query) is not None


def row_by_email(connection: Connection, email: str) -> Row | None:
    """Whoever logs in by that address, of whatever tenant: for the login alone."""
    return connection.execute(select(users).where(users.c.email == email)).mappings().first()


def row_by_id(connection: Connection, user_id: UUID) -> Row | None:
    """The caller may see them: it is themselves, or a ticket of ours names them."""
    query = select(users).where(users.c.user_id == str(user_id))
    return connection.execute(query).mappings().first()


def change(connection: Connection, user_id: UUID, fields: Mapping[str, Any], now: datetime) -> None:
    mine = users.c.user_id == str(user_id)
    connection.execute(update(users).where(mine).values({**fields, "changed_at": now}))


def replace_password(
    connection: Connection, before: Row, password_hash: str, now: datetime
) -> bool:
    """Whether it was still the one it was: of two that replace it at once, one does."""
    kept = users.c.password_hash.is_not_distinct_from(before["password_hash"])
    mine = users.c.user_id == before["user_id"], kept
    content = {"password_hash": password_hash, "changed_at": now}
    return connection.execute(update(users).where(*mine).values(content)).rowcount == 1


def end_access(connection: Connection, user_id: UUID) -> None:
    """Whatever they logged in with opens nothing any more."""
    connection.execute(delete(sessions).where(sessions.c.user_id == str(user_id)))


def remove(connection: Connection, user_id: UUID) -> None:
    """With all their logins, and whom a provider takes them for."""
    end_access(connection, user_id)
    for table in (memberships, second_factors, recovery_codes, identities, users):
        connection.execute(delete(table).where(table.c.user_id == str(user_id)))


def require_another_owner(connection: Connection, user: UserView) -> None:
    """Raises LastOwner when the tenant would be without anybody who may administer it. Its owners
    are locked until the end of the transaction, so that two do not go at once.
    """
    query = select(users.c.user_id).where(
        users.c.tenant_id == str(user.tenant_id),
        users.c.role == "owner",
        users.c.is_active.is_(True),
    )
    owners = set(connection.scalars(query.order_by(users.c.user_id).with_for_update()))
    if owners <= {str(user.user_id)}:
        raise LastOwner("That is the last owner: make somebody else an owner first.")


def note_login(connection: Connection, user_id: UUID, now: datetime) -> None:
    mine = users.c.user_id == str(user_id)
    connection.execute(update(users).where(mine).values(logged_in_at=now))


def _users(principal: Principal) -> Select[Any]:
    return select(users).where(of_tenant(principal, users.c.tenant_id))


def _views(connection: Connection, rows: Sequence[Row]) -> list[UserView]:
    bound: dict[str, list[str]] = {row["user_id"]: [] for row in rows if not row["sees_all_stores"]}
    query = select(memberships).where(memberships.c.user_id.in_(bound))
    for found in connection.execute(query.order_by(memberships.c.store_id)) if bound else ():
        bound[found.user_id].append(found.store_id)
    return [
        UserView.model_validate(
            {
                **row,
                "store_ids": bound.get(row["user_id"]),
                "has_password": row["password_hash"] is not None,
            }
        )
        for row in rows
    ]
