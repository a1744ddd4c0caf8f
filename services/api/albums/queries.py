"""Albums and what is in them, as far as the principal may see it.

An album is seen by who made it and, once it is shared, by all of its tenant; an item only by
whoever may see its source. So one album may have more items for an owner than for an operator.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from services.api.access.paging import Order, page
from services.api.albums.tables import album_items, albums
from services.api.albums.views import (
    AlbumEntry,
    AlbumItemEntry,
    AlbumItemPage,
    AlbumItemView,
    AlbumPage,
    AlbumView,
)
from services.api.cursors import Cursor
from services.api.principal import Principal, of_tenant, visible
from services.api.tables import sources

Row = Mapping[Any, Any]
MOST_ITEMS = 1_000


class AlbumFull(Exception):
    """The text is one sentence."""


@dataclass(frozen=True)
class Place:
    """Where a page of items goes on: after that position."""

    position: int = -1


def owned(principal: Principal) -> ColumnElement[bool]:
    actor = principal.actor
    same = (
        albums.c.owner_id == str(actor.actor_id) if actor.actor_id else albums.c.owner_id.is_(None)
    )
    return and_(albums.c.owner_kind == actor.kind, same)


def seen(principal: Principal) -> ColumnElement[bool]:
    """The condition on `albums` under which the principal sees one."""
    shown = true() if principal.tenant_id is None else or_(albums.c.is_shared, owned(principal))
    return and_(of_tenant(principal, albums.c.tenant_id), shown)


def add(connection: Connection, principal: Principal, entry: AlbumEntry, now: datetime) -> UUID:
    album_id, actor = uuid4(), principal.actor
    row = {
        "album_id": str(album_id),
        "tenant_id": str(principal.home),
        "name": entry.name,
        "is_shared": entry.is_shared,
        "owner_kind": actor.kind,
        "owner_id": str(actor.actor_id) if actor.actor_id else None,
        "owner_name": actor.name,
        "created_at": now,
        "changed_at": now,
    }
    connection.execute(insert(albums).values(row))
    return album_id


def album(connection: Connection, principal: Principal, album_id: UUID) -> AlbumView | None:
    query = _albums(principal).where(albums.c.album_id == str(album_id))
    row = connection.execute(query).mappings().first()
    return _view(row) if row else None


def album_page(
    connection: Connection, principal: Principal, limit: int, after: Cursor | None
) -> AlbumPage:
    """Latest changed first."""
    order = Order(albums.c.changed_at, albums.c.album_id)
    rows, token = page(connection, _albums(principal), order, limit, after)
    return AlbumPage(items=[_view(row) for row in rows], next=token)


def _albums(principal: Principal) -> Select[Any]:
    of_album = album_items.c.album_id == albums.c.album_id
    count = (
        select(func.count())
        .select_from(album_items.join(sources, sources.c.source_id == album_items.c.source_id))
        .where(of_album, visible(principal))
        .correlate(albums)
        .scalar_subquery()
    )
    columns = count.label("item_count"), owned(principal).label("is_mine")
    return select(albums, *columns).where(seen(principal))


def _view(row: Row) -> AlbumView:
    fields = {name: row[name] for name in AlbumView.model_fields if name in row}
    return AlbumView.model_validate(fields | {"owner": row["owner_name"]})


def change(connection: Connection, album_id: UUID, fields: Row, now: datetime) -> None:
    """Its name, or whether it is shared; without fields only when it was changed."""
    mine = albums.c.album_id == str(album_id)
    connection.execute(update(albums).where(mine).values(dict(fields) | {"changed_at": now}))


def remove(connection: Connection, album_id: UUID) -> None:
    """What is in it stays where it is."""
    for table in (album_items, albums):
        connection.execute(delete(table).where(table.c.album_id == str(album_id)))


def add_item(
    connection: Connection,
    principal: Principal,
    album_id: UUID,
    entry: AlbumItemEntry,
    now: datetime,
) -> UUID:
    """At the end. The caller has changed the album, which holds its row. Raises AlbumFull."""
    mine = album_items.c.album_id == str(album_id)
    query = select(func.count(), func.max(album_items.c.position)).where(mine)
    count, last = connection.execute(query).one()
    if count >= MOST_ITEMS:
        raise AlbumFull(f"An album holds {MOST_ITEMS} items; begin another.")
    item_id = uuid4()
    row = {
        "item_id": str(item_id),
        "album_id": str(album_id),
        "position": 0 if last is None else last + 1,
        "source_id": str(entry.source_id),
        "from_at": entry.from_at,
        "to_at": entry.to_at,
        "note": entry.note,
        "added_by": principal.actor.name,
        "added_at": now,
    }
    connection.execute(insert(album_items).values(row))
    return item_id


def item(
    connection: Connection, principal: Principal, album_id: UUID, item_id: UUID
) -> AlbumItemView | None:
    query = _items(principal, album_id).where(album_items.c.item_id == str(item_id))
    row = connection.execute(query).mappings().first()
    return AlbumItemView.model_validate(dict(row)) if row else None


def item_page(
    connection: Connection, principal: Principal, album_id: UUID, limit: int, after: Place
) -> AlbumItemPage:
    """In their order. The caller may see the album."""
    query = _items(principal, album_id).where(album_items.c.position > after.position)
    ordered = query.order_by(album_items.c.position).limit(limit + 1)
    rows = connection.execute(ordered).mappings().all()
    token = str(rows[limit - 1]["position"]) if len(rows) > limit else None
    items = [AlbumItemView.model_validate(dict(row)) for row in rows[:limit]]
    return AlbumItemPage(items=items, next=token)


def _items(principal: Principal, album_id: UUID) -> Select[Any]:
    together = album_items.join(sources, sources.c.source_id == album_items.c.source_id)
    columns = sources.c.source_kind, sources.c.name.label("source_name")
    mine = album_items.c.album_id == str(album_id)
    return select(album_items, *columns).select_from(together).where(mine, visible(principal))


def change_note(connection: Connection, item_id: UUID, note: str) -> None:
    mine = album_items.c.item_id == str(item_id)
    connection.execute(update(album_items).where(mine).values(note=note))


def move_item(connection: Connection, album_id: UUID, item_id: UUID, before: UUID | None) -> None:
    """Before another of the album, which must be there, or to the end. The caller holds the album's
    row.
    """
    mine = album_items.c.album_id == str(album_id)
    query = select(album_items.c.item_id).where(mine).order_by(album_items.c.position)
    names = [name for name in connection.scalars(query) if name != str(item_id)]
    place = names.index(str(before)) if before is not None else len(names)
    names.insert(place, str(item_id))
    for position, name in enumerate(names):
        here = album_items.c.item_id == name
        connection.execute(update(album_items).where(here).values(position=position))


def remove_item(connection: Connection, item_id: UUID) -> None:
    connection.execute(delete(album_items).where(album_items.c.item_id == str(item_id)))
