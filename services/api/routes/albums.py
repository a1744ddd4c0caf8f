"""Albums: collections of sources and moments; make, change, share, fill, put in order."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import Connection

from services.api import audit
from services.api.albums import queries
from services.api.albums.queries import AlbumFull, Place
from services.api.albums.views import (
    AlbumChange,
    AlbumEntry,
    AlbumItemChange,
    AlbumItemEntry,
    AlbumItemPage,
    AlbumItemView,
    AlbumPage,
    AlbumView,
)
from services.api.auth import Uploading, Viewing
from services.api.deps import Context, Database
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries.sources import source_row
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/albums", tags=["albums"])
AlbumId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]
ItemId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]
After = Annotated[
    str | None,
    Query(alias="cursor", pattern=r"^[0-9]{1,9}$", description="a page's `next`", examples=["49"]),
]


@router.post("", status_code=201, summary="Make an album", responses=documented(401, 403, 422, 503))
def add(
    entry: AlbumEntry, request: Request, response: Response, context: Context, principal: Uploading
) -> AlbumView:
    """Only who made it sees it, until it is shared: then all of the chain do, each as much of it as
    they may see.
    """
    with transaction(context.engine) as database:
        album_id = queries.add(database, principal, entry, context.clock.now())
        audit.record(database, principal, "album.added", str(album_id), {"name": entry.name})
        view = queries.album(database, principal, album_id)
    response.headers["Location"] = request.url_for("album", album_id=album_id).path
    return found(view, "album", album_id)


@router.get("", summary="List the albums, latest changed first", responses=documented(401, 422))
def album_list(
    database: Database, principal: Viewing, limit: Limit = 50, cursor: Token = None
) -> AlbumPage:
    """One's own, and those that are shared."""
    return queries.album_page(database, principal, limit, cursor_of(cursor))


@router.get("/{album_id}", summary="An album", responses=documented(401, 404, 422))
def album(album_id: AlbumId, database: Database, principal: Viewing) -> AlbumView:
    return found(queries.album(database, principal, album_id), "album", album_id)


@router.patch(
    "/{album_id}",
    summary="Rename an album, share it or not",
    responses=documented(401, 403, 404, 422, 503),
)
def change(
    album_id: AlbumId, wanted: AlbumChange, context: Context, principal: Uploading
) -> AlbumView:
    """By whoever sees it: what is shared belongs to all."""
    fields = wanted.model_dump(exclude_none=True)
    with transaction(context.engine) as database:
        found(queries.album(database, principal, album_id), "album", album_id)
        queries.change(database, album_id, fields, context.clock.now())
        audit.record(database, principal, "album.changed", str(album_id), fields)
        view = queries.album(database, principal, album_id)
    return found(view, "album", album_id)


@router.delete(
    "/{album_id}",
    status_code=204,
    summary="Delete an album",
    responses=documented(401, 403, 404, 422, 503),
)
def remove(album_id: AlbumId, context: Context, principal: Uploading) -> None:
    """By whoever sees it: what is shared belongs to all. What is in it stays where it is."""
    with transaction(context.engine) as database:
        view = found(queries.album(database, principal, album_id), "album", album_id)
        queries.remove(database, album_id)
        audit.record(database, principal, "album.deleted", str(album_id), {"name": view.name})


@router.get(
    "/{album_id}/items",
    summary="What is in an album, in order",
    responses=documented(401, 404, 422),
)
def item_list(
    album_id: AlbumId,
    database: Database,
    principal: Viewing,
    limit: Limit = 50,
    cursor: After = None,
) -> AlbumItemPage:
    """Items whose source one may not see are left out."""
    found(queries.album(database, principal, album_id), "album", album_id)
    after = Place(int(cursor)) if cursor else Place()
    return queries.item_page(database, principal, album_id, limit, after)


@router.post(
    "/{album_id}/items",
    status_code=201,
    summary="Add a source or a moment to an album",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def add_item(
    album_id: AlbumId, entry: AlbumItemEntry, context: Context, principal: Uploading
) -> AlbumItemView:
    """At the end, by whoever sees the album and the source."""
    now = context.clock.now()
    with transaction(context.engine) as database:
        found(queries.album(database, principal, album_id), "album", album_id)
        found(source_row(database, principal, entry.source_id), "source", entry.source_id)
        queries.change(database, album_id, {}, now)
        try:
            item_id = queries.add_item(database, principal, album_id, entry, now)
        except AlbumFull as error:
            raise Problem(409, str(error)) from error
        detail = {"item_id": item_id, "source_id": entry.source_id}
        audit.record(database, principal, "album.item_added", str(album_id), detail)
        return found(queries.item(database, principal, album_id, item_id), "item", item_id)


@router.patch(
    "/{album_id}/items/{item_id}",
    summary="Change an item's note or its place",
    responses=documented(401, 403, 404, 422, 503),
)
def change_item(
    album_id: AlbumId,
    item_id: ItemId,
    wanted: AlbumItemChange,
    context: Context,
    principal: Uploading,
) -> AlbumItemView:
    with transaction(context.engine) as database:
        _require_item(database, principal, album_id, item_id)
        queries.change(database, album_id, {}, context.clock.now())
        if wanted.note is not None:
            queries.change_note(database, item_id, wanted.note)
        if "before" in wanted.model_fields_set and wanted.before != item_id:
            if wanted.before is not None:
                _require_item(database, principal, album_id, wanted.before)
            queries.move_item(database, album_id, item_id, wanted.before)
        detail = {"item_id": item_id, "fields": sorted(wanted.model_fields_set)}
        audit.record(database, principal, "album.item_changed", str(album_id), detail)
        return found(queries.item(database, principal, album_id, item_id), "item", item_id)


@router.delete(
    "/{album_id}/items/{item_id}",
    status_code=204,
    summary="Take an item out of an album",
    responses=documented(401, 403, 404, 422, 503),
)
def remove_item(album_id: AlbumId, item_id: ItemId, context: Context, principal: Uploading) -> None:
    with transaction(context.engine) as database:
        _require_item(database, principal, album_id, item_id)
        queries.change(database, album_id, {}, context.clock.now())
        queries.remove_item(database, item_id)
        detail = {"item_id": item_id}
        audit.record(database, principal, "album.item_removed", str(album_id), detail)


def _require_item(
    database: Connection, principal: Principal, album_id: UUID, item_id: UUID
) -> None:
    """Raises Problem 404."""
    found(queries.album(database, principal, album_id), "album", album_id)
    found(queries.item(database, principal, album_id, item_id), "item", item_id)
