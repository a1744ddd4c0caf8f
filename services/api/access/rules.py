"""How people of a tenant log in: what the tenant asks of them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from services.api.access.credentials import access_rules
from services.api.access.paging import Row
from services.chassis.storage.database import upsert

NONE: dict[str, Any] = {
    "owners_need_second_factor": False,
    "only_owners_use_passwords": False,
}


def rules_of(connection: Connection, tenant_id: UUID) -> Row:
    query = select(access_rules).where(access_rules.c.tenant_id == str(tenant_id))
    row = connection.execute(query).mappings().first()
    return row or NONE


def change(connection: Connection, tenant_id: UUID, **fields: Any) -> None:
    """The fields that are named; the others stay."""
    row = {"tenant_id": str(tenant_id), **NONE, **dict(rules_of(connection, tenant_id)), **fields}
    upsert(connection, access_rules, [row], list(fields))


def may_use_password(connection: Connection, user: Row) -> bool:
    """Whether the person may log in by one: an owner always may, as the way back in when the
    provider of single sign-on fails.
    """
    if user["role"] == "owner":
        return True
    return not rules_of(connection, UUID(user["tenant_id"]))["only_owners_use_passwords"]
