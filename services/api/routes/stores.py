"""Stores: add, list, change their hours, take away."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import Connection

from services.api import audit
from services.api.access import stores as queries
from services.api.access import tenants
from services.api.access.entries import StoreChange, StoreEntry
from services.api.access.stores import NoSuchStore, Place, StoreInUse
from services.api.access.views import StorePage, StoreView
from services.api.auth import Administering, Viewing
from services.api.deps import Context, Database
from services.api.models import scopes
from services.api.policies.storing import forget
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/stores", tags=["stores"])
StoreId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]
OfTenant = Annotated[
    UUID | None, Query(description="of this tenant; only the machine sees more than one")
]


@router.get("", summary="List the stores, latest added first", responses=documented(401, 403, 422))
def store_list(
    database: Database,
    principal: Viewing,
    tenant_id: OfTenant = None,
    limit: Limit = 50,
    cursor: Token = None,
) -> StorePage:
    """Those one may see."""
    return queries.store_page(database, principal, tenant_id, limit, cursor_of(cursor))


@router.post(
    "", status_code=201, summary="Add a store", responses=documented(401, 403, 404, 422, 503)
)
def add(
    entry: StoreEntry,
    request: Request,
    response: Response,
    context: Context,
    principal: Administering,
    tenant_id: OfTenant = None,
) -> StoreView:
    now = context.clock.now()
    with transaction(context.engine) as database:
        view = StoreView(
            store_id=uuid4(),
            tenant_id=home(database, principal, tenant_id),
            name=entry.name,
            hours=entry.hours,
            is_default=False,
            created_at=now,
            changed_at=now,
        )
        queries.add(database, view)
        detail = {"name": view.name}
        audit.record(
            database, principal, "store.added", str(view.store_id), detail, tenant_id=view.tenant_id
        )
    response.headers["Location"] = request.url_for("store", store_id=view.store_id).path
    return view


@router.get("/{store_id}", summary="A store", responses=documented(401, 403, 404, 422))
def store(store_id: StoreId, database: Database, principal: Viewing) -> StoreView:
    return found(queries.store(database, principal, store_id), "store", store_id)


@router.patch(
    "/{store_id}",
    summary="Change a store's name or hours",
    responses=documented(401, 403, 404, 422, 503),
)
def change(
    store_id: StoreId, wanted: StoreChange, context: Context, principal: Administering
) -> StoreView:
    now = context.clock.now()
    with transaction(context.engine) as database:
        before = found(queries.store(database, principal, store_id), "store", store_id)
        name, hours = wanted.name or before.name, wanted.hours or before.hours
        after = queries.change(database, before, name, hours, now)
        given = wanted.model_dump(mode="json", exclude_unset=True)
        audit.record(
            database, principal, "store.changed", str(store_id), given, tenant_id=after.tenant_id
        )
    context.announce_policies()
    return after


@router.delete(
    "/{store_id}",
    status_code=204,
    summary="Remove a store",
    responses=documented(401, 403, 404, 409, 422, 503),
)
def remove(store_id: StoreId, context: Context, principal: Administering) -> None:
    """Only without cameras and videos. Whoever is bound to it sees one store less."""
    with transaction(context.engine) as database:
        view = found(queries.store(database, principal, store_id), "store", store_id)
        try:
            queries.remove(database, view)
        except StoreInUse as error:
            raise Problem(409, str(error)) from error
        forget(database, "store", str(store_id))
        scopes.forget(database, store_id, context.clock.now())
        detail = {"name": view.name}
        audit.record(
            database, principal, "store.removed", str(store_id), detail, tenant_id=view.tenant_id
        )


def placed(database: Connection, principal: Principal, store_id: UUID | None) -> Place:
    """The store to which something new shall belong: the one named, else theirs. It is not removed
    before the transaction ends. Raises Problem 403 or 404.
    """
    try:
        return queries.place(database, principal, store_id)
    except NoSuchStore as error:
        if store_id is None:
            raise Problem(403, "You belong to no store.") from error
        raise Problem(404, str(error)) from error


def _note(
    database: Connection, principal: Principal, action: str, view: StoreView, detail: Any
) -> None:
    name, tenant_id = str(view.store_id), view.tenant_id
    audit.record(database, principal, action, name, detail, tenant_id=tenant_id)


def home(database: Connection, principal: Principal, tenant_id: UUID | None) -> UUID:
    """The tenant to which something new shall belong. Raises Problem 404."""
    wanted = tenant_id or principal.home
    if principal.tenant_id not in (None, wanted) or tenants.tenant(database, wanted) is None:
        raise Problem(404, f"There is no tenant {wanted}.")
    return wanted
