"""Single sign-on as owners set it up, and the ways to log in as the login page asks for them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection

from services.api import audit
from services.api.access import rules as access
from services.api.access import stores
from services.api.access.entries import Email
from services.api.access.throttling import network_of
from services.api.auth import Administering
from services.api.deps import Context, Database, Tools, client_address
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.signon import flow, storing
from services.api.signon.entry import Newcomers, SingleSignOnEntry
from services.api.signon.faults import SignOnFault
from services.api.signon.views import LoginWays, SignOnWay, SingleSignOnView
from services.chassis.sealing import SealingFault
from services.chassis.storage.database import transaction

router = APIRouter(tags=["account"])
public = APIRouter(tags=["session"])
PATH = "/single-sign-on"
AT_MOST = 60
"""Questions a minute of one network."""


@router.get(PATH, summary="The tenant's single sign-on", responses=documented(401, 403))
def single_sign_on(
    context: Context, database: Database, principal: Administering
) -> SingleSignOnView:
    return _view(context, database, principal)


@router.put(PATH, summary="Set up single sign-on", responses=documented(401, 403, 404, 422, 503))
def set_up(
    wanted: SingleSignOnEntry, context: Context, principal: Administering
) -> SingleSignOnView:
    """The provider is asked at once whether it is one. Logins that are open stay."""
    tenant_id = principal.home
    try:
        context.providers.provider(wanted.issuer, is_fresh=True)
    except SignOnFault as fault:
        raise Problem(422, f"That provider cannot be used: {fault}.") from fault
    detail = wanted.model_dump(mode="json", exclude={"client_secret"})
    with transaction(context.engine) as connection:
        named = (wanted.newcomers and wanted.newcomers.store_ids) or ()
        if missing := stores.missing(connection, tenant_id, named):
            raise Problem(404, f"There is no store {min(missing)}.")
        try:
            storing.save(connection, context.sealing, tenant_id, wanted, context.clock.now())
        except SealingFault as error:
            raise Problem(422, str(error)) from error
        audit.record(connection, principal, "single_sign_on.changed", str(tenant_id), detail)
        return _view(context, connection, principal)


@router.delete(
    PATH, status_code=204, summary="Take single sign-on away", responses=documented(401, 403, 503)
)
def take_away(context: Context, principal: Administering) -> None:
    """Everybody may use a password again; whoever has none asks for a link to one."""
    tenant_id = principal.home
    with transaction(context.engine) as connection:
        if storing.remove(connection, tenant_id):
            access.change(connection, tenant_id, only_owners_use_passwords=False)
            audit.record(connection, principal, "single_sign_on.removed", str(tenant_id))


@public.get(
    "/session/ways",
    operation_id="getLoginWays",
    summary="How may one log in?",
    responses=documented(422, 429),
)
def ways(
    request: Request,
    context: Context,
    database: Database,
    email: Annotated[Email | None, Query(description="whoever wants to log in")] = None,
) -> LoginWays:
    """By the domain of the address alone, so that it tells nobody who has an account. Without an
    address: of the only tenant, where there is just one.
    """
    network = network_of(client_address(request))
    if retry_s := context.limits.take(("ways", network), AT_MOST).retry_s:
        raise Problem(429, "Too many questions.", {"Retry-After": str(retry_s)})
    found = (
        storing.only_way(database)
        if email is None
        else storing.ways_of(database, email.partition("@")[2])
    )
    return LoginWays(
        password=not found or not all(way.only_owners_use_passwords for way in found),
        single_sign_on=[SignOnWay(name=way.name, url=f"/sign-on/{way.tenant_id}") for way in found],
    )


def _view(context: Tools, connection: Connection, principal: Principal) -> SingleSignOnView:
    rules = storing.rules_of(connection, principal.home)
    newcomers = None
    if rules and rules.newcomers_role and rules.newcomers_role != "owner":
        newcomers = Newcomers(role=rules.newcomers_role, store_ids=rules.newcomers_store_ids)
    return SingleSignOnView(
        is_on=rules is not None,
        issuer=rules.issuer if rules else None,
        client_id=rules.client_id if rules else None,
        has_client_secret=bool(rules and rules.sealed_secret),
        mail_domains=sorted(rules.domains) if rules else [],
        newcomers=newcomers,
        redirect_uri=flow.redirect_uri(context),
        start_url=f"{context.settings.public_url}/sign-on/{principal.home}",
        changed_at=rules.changed_at if rules else None,
    )
