"""One's own second factor: set up, recovery codes, taken away; and what the tenant asks for."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection

from services.api import audit
from services.api.access import rules, throttling, totp, users
from services.api.access.factor_views import (
    AccessRulesChange,
    AccessRulesView,
    CodeEntry,
    RecoveryCodes,
    SecondFactorBegun,
    SecondFactorView,
)
from services.api.auth import Administering, Personal
from services.api.deps import Context, Database, Tools
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.api.routes.me import own_id
from services.api.routes.users import UserId
from services.api.routes.videos import found
from services.api.signon.storing import rules_of
from services.chassis.sealing import SealingFault
from services.chassis.storage.database import transaction

router = APIRouter(tags=["account"])
MINE = "/me/second-factor"
WRONG = "That code is wrong, or was used already."


@router.get(MINE, summary="Does my login take a code?", responses=documented(401, 403))
def second_factor(database: Database, principal: Personal) -> SecondFactorView:
    user_id = own_id(principal)
    row = users.row_by_id(database, user_id)
    return SecondFactorView(
        is_confirmed=totp.is_confirmed(database, user_id),
        is_required=bool(totp.missing_among(database, [row] if row else [])),
        recovery_codes_left=totp.recovery_left(database, user_id),
    )


@router.post(
    MINE, status_code=201, summary="Begin a second factor", responses=documented(401, 403, 409, 422)
)
def begin(context: Context, principal: Personal) -> SecondFactorBegun:
    """Show the picture to an authenticator app, then confirm with a code that it gives."""
    user_id = own_id(principal)
    try:
        with transaction(context.engine) as connection:
            if totp.is_confirmed(connection, user_id):
                raise Problem(409, "There is a second factor: take it away first.")
            secret = totp.begin(connection, context.sealing, user_id)
    except SealingFault as error:
        raise Problem(422, str(error)) from error
    uri = totp.address(secret, principal.actor.name)
    return SecondFactorBegun(secret=secret, uri=uri, qr_svg=totp.picture(uri))


@router.post(
    f"{MINE}/confirmation",
    summary="Confirm it by a first code",
    responses=documented(401, 403, 409, 422, 429),
)
def confirm(entry: CodeEntry, context: Context, principal: Personal) -> RecoveryCodes:
    """From now on a login takes a code. Keep the recovery codes where the phone is not."""
    user_id, now = own_id(principal), context.clock.now()
    _require_calm(context, principal)
    with transaction(context.engine) as connection:
        if totp.is_confirmed(connection, user_id):
            raise Problem(409, "It is confirmed already.")
        codes = totp.confirm(connection, context.sealing, user_id, entry.code, now)
        if codes:
            _done(connection, principal, "second_factor.added", user_id)
    if not codes:
        raise Problem(422, WRONG)
    return RecoveryCodes(codes=codes)


@router.post(
    f"{MINE}/recovery-codes",
    summary="Ten other recovery codes",
    responses=documented(401, 403, 422, 429),
)
def renew(entry: CodeEntry, context: Context, principal: Personal) -> RecoveryCodes:
    """The former ones are worth nothing from now on."""
    _require_calm(context, principal)
    with transaction(context.engine) as connection:
        user_id = _shown(context, connection, principal, entry.code)
        codes = totp.renew_recovery(connection, user_id)
        _done(connection, principal, "recovery_codes.renewed", user_id)
    return RecoveryCodes(codes=codes)


@router.post(
    f"{MINE}/removal",
    status_code=204,
    summary="Take one's second factor away",
    responses=documented(401, 403, 422, 429),
)
def remove(entry: CodeEntry, context: Context, principal: Personal) -> None:
    _require_calm(context, principal)
    with transaction(context.engine) as connection:
        user_id = _shown(context, connection, principal, entry.code)
        totp.remove(connection, user_id)
        _done(connection, principal, "second_factor.removed", user_id)


@router.delete(
    "/users/{user_id}/second-factor",
    status_code=204,
    summary="Take away the second factor of somebody who lost it",
    responses=documented(401, 403, 404, 422),
)
def remove_of(user_id: UserId, context: Context, principal: Administering) -> None:
    with transaction(context.engine) as connection:
        user = found(users.user(connection, principal, user_id), "user", user_id)
        totp.remove(connection, user_id)
        audit.record(
            connection,
            principal,
            "second_factor.removed",
            str(user_id),
            tenant_id=user.tenant_id,
        )


@router.get("/access-rules", summary="What logins take", responses=documented(401, 403))
def access_rules(database: Database, principal: Administering) -> AccessRulesView:
    return AccessRulesView.model_validate(dict(rules.rules_of(database, principal.home)))


@router.patch("/access-rules", summary="Change it", responses=documented(401, 403, 422))
def change_rules(
    wanted: AccessRulesChange, context: Context, principal: Administering
) -> AccessRulesView:
    """Owners without a second factor may do nothing but set one up, in open logins too. Where only
    owners use passwords all others sign on by the provider; logins that are open stay.
    """
    fields = wanted.model_dump(exclude_none=True)
    with transaction(context.engine) as connection:
        is_on = rules_of(connection, principal.home) is not None
        if wanted.only_owners_use_passwords and not is_on:
            raise Problem(422, "Without single sign-on nobody but owners could log in.")
        if fields:
            rules.change(connection, principal.home, **fields)
            subject = str(principal.home)
            audit.record(connection, principal, "access_rules.changed", subject, fields)
        return AccessRulesView.model_validate(dict(rules.rules_of(connection, principal.home)))


def _require_calm(context: Tools, principal: Principal) -> None:
    """Raises Problem 429."""
    actor, now = principal.actor, context.clock.now()
    throttling.attempt(context.engine, str(actor.actor_id), actor.address, now, "code")


def _shown(context: Tools, connection: Connection, principal: Principal, code: str) -> UUID:
    """Whose second factor that code shows. Raises Problem 422."""
    user_id, now = own_id(principal), context.clock.now()
    if totp.accept(connection, context.sealing, user_id, code, now) is None:
        raise Problem(422, WRONG)
    return user_id


def _done(connection: Connection, principal: Principal, action: str, user_id: UUID) -> None:
    actor = principal.actor
    throttling.succeeded(connection, str(user_id), actor.address, "code")
    audit.record(connection, principal, action, str(user_id))
