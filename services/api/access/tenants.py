"""Tenants: one, a page of them, made with a store of their own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine, select, update

from schemas.hours import StoreHours
from schemas.ids import DEFAULT_TENANT, default_store
from services.api.access.paging import Order, Row, page
from services.api.access.tables import stores, tenants, users
from services.api.cursors import Cursor
from services.chassis.storage.database import transaction, upsert

DEFAULT_NAMES = "Default", "Main store"


def ensure_default(engine: Engine, now: datetime) -> None:
    """The default tenant and its store are there afterwards, as they were if they were. Several
    processes may ask at once.
    """
    with transaction(engine) as connection:
        add(connection, DEFAULT_TENANT, DEFAULT_NAMES, now)


def add(connection: Connection, tenant_id: UUID, names: tuple[str, str], now: datetime) -> None:
    """A tenant and its default store, of these names; what is there stays."""
    name, store_name = names
    tenant = {"tenant_id": str(tenant_id), "name": name, "created_at": now}
    store = {
        "store_id": str(default_store(tenant_id)),
        "tenant_id": str(tenant_id),
        "name": store_name,
        "hours": StoreHours().model_dump(mode="json"),
        "created_at": now,
        "changed_at": now,
    }
    upsert(connection, tenants, [tenant], update=())
    upsert(connection, stores, [store], update=())


def tenant(connection: Connection, tenant_id: UUID) -> Row | None:
    query = select(tenants).where(tenants.c.tenant_id == str(tenant_id))
    return connection.execute(query).mappings().first()


def tenant_page(
    connection: Connection, limit: int, after: Cursor | None
) -> tuple[list[Row], str | None]:
    """Latest made first."""
    order = Order(tenants.c.created_at, tenants.c.tenant_id)
    return page(connection, select(tenants), order, limit, after)


def rename(connection: Connection, tenant_id: UUID, name: str) -> None:
    mine = tenants.c.tenant_id == str(tenant_id)
    connection.execute(update(tenants).where(mine).values(name=name))


def has_people(connection: Connection, tenant_id: UUID | None = None) -> bool:
    """Whether somebody signed up: of that tenant, or at all."""
    query = select(users.c.user_id).limit(1)
    if tenant_id is not None:
        query = query.where(users.c.tenant_id == str(tenant_id))
    return connection.scalar(query) is not None
