"""Tenants: chains of stores that know nothing of one another. For the machine's operator alone."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import Connection

from services.api import audit
from services.api.access import links
from services.api.access import tenants as queries
from services.api.access.entries import TenantChange, TenantEntry
from services.api.access.paging import Row
from services.api.access.views import TenantPage, TenantView
from services.api.auth import Operating
from services.api.deps import Context, Database, Tools
from services.api.problems import documented
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/tenants", tags=["tenants"])
TenantId = Annotated[UUID, Path(examples=["0f8fad5b-d9cb-469f-a165-70867728950e"])]


@router.post("", status_code=201, summary="Add a tenant", responses=documented(401, 403, 422, 503))
def add(
    entry: TenantEntry,
    request: Request,
    response: Response,
    context: Context,
    principal: Operating,
) -> TenantView:
    """With a store of its own. Its first owner signs up at `setup_url`."""
    tenant_id = uuid4()
    with transaction(context.engine) as database:
        queries.add(database, tenant_id, (entry.name, entry.store_name), context.clock.now())
        detail = {"name": entry.name}
        audit.record(
            database, principal, "tenant.added", str(tenant_id), detail, tenant_id=tenant_id
        )
        view = _described(context, database, tenant_id)
    response.headers["Location"] = request.url_for("tenant", tenant_id=tenant_id).path
    return view


@router.get("", summary="List the tenants, latest added first", responses=documented(401, 403, 422))
def tenant_list(
    context: Context,
    database: Database,
    _principal: Operating,
    limit: Limit = 50,
    cursor: Token = None,
) -> TenantPage:
    rows, token = queries.tenant_page(database, limit, cursor_of(cursor))
    return TenantPage(items=[_view(context, database, row) for row in rows], next=token)


@router.get("/{tenant_id}", summary="A tenant", responses=documented(401, 403, 404, 422))
def tenant(
    tenant_id: TenantId, context: Context, database: Database, _principal: Operating
) -> TenantView:
    return _described(context, database, tenant_id)


@router.patch(
    "/{tenant_id}", summary="Rename a tenant", responses=documented(401, 403, 404, 422, 503)
)
def change(
    tenant_id: TenantId, wanted: TenantChange, context: Context, principal: Operating
) -> TenantView:
    with transaction(context.engine) as database:
        _described(context, database, tenant_id)
        queries.rename(database, tenant_id, wanted.name)
        detail = {"name": wanted.name}
        audit.record(
            database, principal, "tenant.changed", str(tenant_id), detail, tenant_id=tenant_id
        )
        return _described(context, database, tenant_id)


def _described(context: Tools, database: Connection, tenant_id: UUID) -> TenantView:
    """Raises Problem 404."""
    row = found(queries.tenant(database, tenant_id), "tenant", tenant_id)
    return _view(context, database, row)


def _view(context: Tools, database: Connection, row: Row) -> TenantView:
    tenant_id = UUID(row["tenant_id"])
    is_taken = queries.has_people(database, tenant_id)
    url = None if is_taken else links.setup_url(context, tenant_id)
    return TenantView.model_validate(dict(row) | {"setup_url": url})
