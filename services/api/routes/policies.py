"""Policies of the tenant, of its stores and of its sources, as they are entered."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Response

from services.api.access.stores import store as store_of
from services.api.auth import Configuring, Viewing
from services.api.deps import Context, Database, Tools
from services.api.policies.entering import Unseen, enter, shipped_rules, view
from services.api.policies.entry import EMPTY, Policy
from services.api.policies.labels import labels
from services.api.policies.resolving import Scope
from services.api.policies.views import LabelsView, PolicyView
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.queries.sources import source_row
from services.api.routes.sources import SourceId
from services.api.routes.videos import found

router = APIRouter(prefix="/policies", tags=["policies"])
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="the ETag of the policy as you saw it")
]
Place = tuple[Scope, UUID]
ANY = "*"
"""Whatever is there, it goes."""
UNSEEN = "There is a policy already: show by If-Match that you saw it."
StoreId = Annotated[UUID, Path(examples=["7c9e6679-7425-50de-944b-e07fc1f90ae7"])]


@router.get("/labels", summary="What alerts may be called", responses=documented(401))
def alert_labels(context: Context, database: Database, principal: Viewing) -> LabelsView:
    """By the rules in force anywhere, and by what may be wrong with a camera: what a target's
    `wants` may name.
    """
    return LabelsView(items=labels(database, principal, shipped_rules(context)))


@router.get("/tenant", summary="The policy of the tenant", responses=documented(401))
def tenant_policy(response: Response, context: Context, principal: Viewing) -> PolicyView:
    """What all of its stores inherit. Its ETag is what a change compares with."""
    return _tagged(response, view(context, principal, "tenant", principal.home))


@router.put(
    "/tenant",
    summary="Set the policy of the tenant",
    responses=documented(401, 403, 412, 422, 428, 503),
)
def set_tenant_policy(
    policy: Policy,
    response: Response,
    context: Context,
    principal: Configuring,
    if_match: IfMatch = None,
) -> PolicyView:
    """In force for all of its cameras within seconds, where no store or camera says otherwise."""
    _require_whole_tenant(principal)
    place: Place = "tenant", principal.home
    return _tagged(response, _entered(context, principal, place, policy, if_match))


@router.delete(
    "/tenant",
    status_code=204,
    summary="Take away the policy of the tenant",
    responses=documented(401, 403, 503),
)
def remove_tenant_policy(context: Context, principal: Configuring) -> None:
    _require_whole_tenant(principal)
    enter(context, principal, ("tenant", principal.home), EMPTY, ANY)


@router.get(
    "/stores/{store_id}",
    summary="The policy of a store",
    responses=documented(401, 404, 422),
)
def store_policy(
    store_id: StoreId,
    response: Response,
    context: Context,
    database: Database,
    principal: Viewing,
) -> PolicyView:
    """What is different there from the tenant's."""
    found(store_of(database, principal, store_id), "store", store_id)
    return _tagged(response, view(context, principal, "store", store_id))


@router.put(
    "/stores/{store_id}",
    summary="Set the policy of a store",
    responses=documented(401, 403, 404, 412, 422, 428, 503),
)
def set_store_policy(  # noqa: PLR0913 - each is a parameter of the route
    store_id: StoreId,
    policy: Policy,
    response: Response,
    context: Context,
    database: Database,
    principal: Configuring,
    if_match: IfMatch = None,
) -> PolicyView:
    """In force for its cameras within seconds, where the camera itself does not say otherwise."""
    found(store_of(database, principal, store_id), "store", store_id)
    place: Place = "store", store_id
    return _tagged(response, _entered(context, principal, place, policy, if_match))


@router.delete(
    "/stores/{store_id}",
    status_code=204,
    summary="Take away the policy of a store",
    responses=documented(401, 403, 404, 422, 503),
)
def remove_store_policy(
    store_id: StoreId, context: Context, database: Database, principal: Configuring
) -> None:
    found(store_of(database, principal, store_id), "store", store_id)
    enter(context, principal, ("store", store_id), EMPTY, ANY)


@router.get(
    "/sources/{source_id}",
    summary="The policy of a source",
    responses=documented(401, 404, 422),
)
def source_policy(
    source_id: SourceId,
    response: Response,
    context: Context,
    database: Database,
    principal: Viewing,
) -> PolicyView:
    """What is different there from its store's. What comes of both: `/sources/{id}/policy`."""
    found(source_row(database, principal, source_id), "source", source_id)
    return _tagged(response, view(context, principal, "source", source_id))


@router.put(
    "/sources/{source_id}",
    summary="Set the policy of a source",
    responses=documented(401, 403, 404, 412, 422, 428, 503),
)
def set_source_policy(  # noqa: PLR0913 - each is a parameter of the route
    source_id: SourceId,
    policy: Policy,
    response: Response,
    context: Context,
    database: Database,
    principal: Configuring,
    if_match: IfMatch = None,
) -> PolicyView:
    """In force within seconds."""
    found(source_row(database, principal, source_id), "source", source_id)
    place: Place = "source", source_id
    return _tagged(response, _entered(context, principal, place, policy, if_match))


@router.delete(
    "/sources/{source_id}",
    status_code=204,
    summary="Take away the policy of a source",
    responses=documented(401, 403, 404, 422, 503),
)
def remove_source_policy(
    source_id: SourceId, context: Context, database: Database, principal: Configuring
) -> None:
    found(source_row(database, principal, source_id), "source", source_id)
    enter(context, principal, ("source", source_id), EMPTY, ANY)


def _entered(
    context: Tools, principal: Principal, place: Place, policy: Policy, match: str | None
) -> PolicyView:
    """Raises Problem 412 or 428."""
    try:
        return enter(context, principal, place, policy, match)
    except Unseen as error:
        headers = {"ETag": view(context, principal, *place).etag}
        if error.is_shown:
            raise Problem(412, str(error), headers) from error
        raise Problem(428, UNSEEN, headers) from error


def _tagged(response: Response, found: PolicyView) -> PolicyView:
    response.headers["ETag"] = found.etag
    return found


def _require_whole_tenant(principal: Principal) -> None:
    """Raises Problem 403 for those who are bound to stores."""
    if principal.store_ids is not None:
        raise Problem(403, "The tenant's policy is for those who see all of its stores.")
