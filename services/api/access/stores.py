"""Stores: those a principal may see, added, changed, removed; and where something is to belong."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, delete, insert, select, update

from schemas.hours import StoreHours
from schemas.ids import default_store
from services.api.access.paging import Order, Row, page
from services.api.access.tables import memberships, stores
from services.api.access.views import StoreName, StorePage, StoreView
from services.api.cursors import Cursor
from services.api.principal import Principal, of_stores, of_tenant
from services.api.tables import sources


class NoSuchStore(Exception):
    """There is none of that id, or it is not theirs. The text is one sentence."""


class StoreInUse(Exception):
    """The text is one sentence."""


@dataclass(frozen=True)
class Place:
    """To which store of which tenant something belongs."""

    tenant_id: UUID
    store_id: UUID


def place(connection: Connection, principal: Principal, store_id: UUID | None) -> Place:
    """The store that is named, else theirs; it stays until the end of the transaction.

    Raises NoSuchStore.
    """
    wanted = store_id or principal.store
    query = _visible(principal).where(stores.c.store_id == str(wanted))
    row = connection.execute(query.with_for_update(read=True)).mappings().first()
    if row is None:
        raise NoSuchStore(f"There is no store {wanted}.")
    return Place(UUID(row["tenant_id"]), UUID(row["store_id"]))


def store(connection: Connection, principal: Principal, store_id: UUID) -> StoreView | None:
    query = _visible(principal).where(stores.c.store_id == str(store_id))
    row = connection.execute(query).mappings().first()
    return _view(row) if row else None


def store_page(
    connection: Connection,
    principal: Principal,
    tenant_id: UUID | None,
    limit: int,
    after: Cursor | None,
) -> StorePage:
    """Latest made first; of one tenant only, where it is named."""
    query = _visible(principal)
    if tenant_id is not None:
        query = query.where(stores.c.tenant_id == str(tenant_id))
    order = Order(stores.c.created_at, stores.c.store_id)
    rows, token = page(connection, query, order, limit, after)
    return StorePage(items=[_view(row) for row in rows], next=token)


def names(connection: Connection, principal: Principal) -> list[StoreName]:
    """All they may see of their tenant, by name."""
    mine = stores.c.tenant_id == str(principal.home)
    rows = connection.execute(_visible(principal).where(mine).order_by(stores.c.name)).mappings()
    return [StoreName(store_id=row["store_id"], name=row["name"]) for row in rows]


def missing(connection: Connection, tenant_id: UUID, wanted: Collection[UUID]) -> set[UUID]:
    """Which of these are no stores of the tenant."""
    query = select(stores.c.store_id).where(
        stores.c.tenant_id == str(tenant_id), stores.c.store_id.in_([str(one) for one in wanted])
    )
    return set(wanted) - {UUID(name) for name in connection.scalars(query)}


def add(connection: Connection, store: StoreView) -> None:
    connection.execute(
        insert(stores).values(
            store_id=str(store.store_id),
            tenant_id=str(store.tenant_id),
            name=store.name,
            hours=store.hours.model_dump(mode="json"),
            created_at=store.created_at,
            changed_at=store.changed_at,
        )
    )


def change(
    connection: Connection, before: StoreView, name: str, hours: StoreHours, now: datetime
) -> StoreView:
    """As it is from now on. `changed_at` grows with each change, whatever the clock says."""
    changed_at = max(now, before.changed_at + timedelta(microseconds=1))
    content = {"name": name, "hours": hours.model_dump(mode="json"), "changed_at": changed_at}
    mine = stores.c.store_id == str(before.store_id)
    connection.execute(update(stores).where(mine).values(content))
    return before.model_copy(update={"name": name, "hours": hours, "changed_at": changed_at})


def remove(connection: Connection, store: StoreView) -> None:
    """With whom it bound; those see one store less. Raises StoreInUse."""
    if store.is_default:
        raise StoreInUse("That is the store of what names none: it stays. Rename it.")
    mine = str(store.store_id)
    here = stores.c.store_id == mine
    connection.execute(select(stores.c.store_id).where(here).with_for_update())
    used = select(sources.c.source_id).where(sources.c.store_id == mine).limit(1)
    if connection.scalar(used) is not None:
        raise StoreInUse("Cameras or videos belong to it: move or remove them first.")
    connection.execute(delete(memberships).where(memberships.c.store_id == mine))
    connection.execute(delete(stores).where(here))


def _visible(principal: Principal) -> Select[Any]:
    return select(stores).where(
        of_tenant(principal, stores.c.tenant_id), of_stores(principal, stores.c.store_id)
    )


def _view(row: Row) -> StoreView:
    tenant_id = UUID(row["tenant_id"])
    is_default = row["store_id"] == str(default_store(tenant_id))
    return StoreView.model_validate(dict(row) | {"is_default": is_default})
