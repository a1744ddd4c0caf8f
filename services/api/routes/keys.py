"""API keys: of the tenant for those who administer it, and everybody's own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.api import audit
from services.api.access import keys
from services.api.access.key_views import KeyEntry, KeyMade, KeyPage
from services.api.access.stores import NoSuchStore, place
from services.api.auth import Administering, Personal
from services.api.deps import Context, Database, Tools
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.routes.videos import Limit, Token, cursor_of, found
from services.chassis.storage.database import transaction

router = APIRouter(tags=["keys"])
KeyId = Annotated[UUID, Path(examples=["0f8fad5b-d9cb-469f-a165-70867728950e"])]


@router.post(
    "/keys", status_code=201, summary="Make a key", responses=documented(401, 403, 404, 422)
)
def add(entry: KeyEntry, context: Context, principal: Administering) -> KeyMade:
    """Show it as `Authorization: Bearer nk_…`. The answer is the only one that tells it."""
    return _add(context, principal, entry)


@router.get("/keys", summary="List all keys, latest first", responses=documented(401, 403, 422))
def key_list(
    context: Context,
    database: Database,
    principal: Administering,
    limit: Limit = 50,
    cursor: Token = None,
) -> KeyPage:
    now = context.clock.now()
    return keys.key_page(database, principal, False, limit, cursor_of(cursor), now)


@router.delete(
    "/keys/{key_id}",
    status_code=204,
    summary="Revoke a key",
    responses=documented(401, 403, 404, 422),
)
def revoke(key_id: KeyId, context: Context, principal: Administering) -> None:
    """At once and for good. It stays in the list."""
    _revoke(context, principal, key_id, own=False)


@router.post(
    "/me/keys",
    status_code=201,
    summary="Make a key of one's own",
    responses=documented(401, 404, 422),
)
def add_own(entry: KeyEntry, context: Context, principal: Personal) -> KeyMade:
    """It may do no more than you, now and later, and ends when you may not log in any more."""
    return _add(context, principal, entry)


@router.get("/me/keys", summary="List one's own keys, latest first", responses=documented(401, 422))
def own_list(
    context: Context,
    database: Database,
    principal: Personal,
    limit: Limit = 50,
    cursor: Token = None,
) -> KeyPage:
    now = context.clock.now()
    return keys.key_page(database, principal, True, limit, cursor_of(cursor), now)


@router.delete(
    "/me/keys/{key_id}",
    status_code=204,
    summary="Revoke a key of one's own",
    responses=documented(401, 404, 422),
)
def revoke_own(key_id: KeyId, context: Context, principal: Personal) -> None:
    _revoke(context, principal, key_id, own=True)


def _add(context: Tools, principal: Principal, entry: KeyEntry) -> KeyMade:
    """Raises Problem 404, 422."""
    now = context.clock.now()
    wanted = keys.NewKey(entry.name, entry.rights, entry.store_ids, entry.expires_at)
    try:
        with transaction(context.engine) as connection:
            for store_id in entry.store_ids or ():
                place(connection, principal, store_id)
            made = keys.add(connection, principal, wanted, now)
            key_id = UUID(hex=made.split("_")[1])
            detail = entry.model_dump(mode="json", exclude_none=True)
            audit.record(connection, principal, "key.made", str(key_id), detail, at=now)
    except keys.KeyFault as error:
        raise Problem(422, str(error)) from error
    except NoSuchStore as error:
        raise Problem(404, str(error)) from error
    with context.engine.connect() as database:
        view = found(keys.key(database, principal, False, key_id, now), "key", key_id)
    return KeyMade(**view.model_dump(), key=made)


def _revoke(context: Tools, principal: Principal, key_id: UUID, own: bool) -> None:
    """Raises Problem 404."""
    now = context.clock.now()
    with transaction(context.engine) as connection:
        view = found(keys.key(connection, principal, own, key_id, now), "key", key_id)
        keys.revoke(connection, key_id, now)
        if view.revoked_at is None:
            audit.record(connection, principal, "key.revoked", str(key_id), {"name": view.name})
