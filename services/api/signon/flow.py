"""A sign-on from the click to the login: the authorization code flow with PKCE (RFC 7636), bound to
one browser by a sealed cookie.

What the cookie holds is a ticket, so no table grows by clicks; that it came back is a row.
"""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from starlette.requests import HTTPConnection

from services.api import audit
from services.api.access import login, sessions, throttling, totp, users
from services.api.access.paging import Row
from services.api.auth import guest, session_of
from services.api.deps import Tools
from services.api.signon import storing
from services.api.signon.accounts import WAY, account_of, principal_of
from services.api.signon.faults import SignOnFault
from services.api.signon.providers import Client, Provider
from services.api.signon.storing import SignOnRules
from services.api.signon.tokens import Person
from services.chassis.sealing import SealingFault
from services.chassis.storage.database import transaction
from services.chassis.tickets import Ticket, TicketFault

BEGUN, NEEDS_CODE = "sign_on", "sign_on_code"
LASTS = timedelta(minutes=10)
SCOPE = "openid email profile"
CALLBACK = "/sign-on/callback"
_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/_.~%?&=+:@,;-]{0,500}")


@dataclass(frozen=True)
class Begun:
    """Where the browser goes, and what its cookie is to hold meanwhile."""

    url: str
    ticket: str


@dataclass(frozen=True)
class Arrived:
    """Who came back. Without a `session`, what the login's cookie is to hold, a code is needed
    first, for which the browser gets a `ticket`.
    """

    path: str
    session: str = ""
    ticket: str = ""


def begin(context: Tools, request: HTTPConnection, tenant_id: UUID, path: str) -> Begun:
    """Raises SignOnFault."""
    rules = _rules(context, tenant_id)
    provider = context.providers.provider(rules.issuer)
    state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
    before = session_of(context, request)
    fields = {
        "tenant_id": str(tenant_id),
        "issuer": rules.issuer,
        "client_id": rules.client_id,
        "state": state,
        "nonce": nonce,
        "verifier": verifier,
        "path": path_of(path),
        "session_id": str(before.session_id) if before else "",
    }
    url = prepare_grant_uri(
        provider.authorization_endpoint,
        rules.client_id,
        "code",
        redirect_uri=redirect_uri(context),
        scope=SCOPE,
        state=state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    return Begun(url, _issued(context, BEGUN, fields))


def arrive(
    context: Tools, request: HTTPConnection, ticket: str, answer: Mapping[str, str]
) -> Arrived:
    """`answer` is what the provider sent along. Raises SignOnFault."""
    begun = _spent(context, ticket, answer.get("state", ""))
    rules = _rules(context, UUID(begun.fields["tenant_id"]))
    if (rules.issuer, rules.client_id) != (begun.fields["issuer"], begun.fields["client_id"]):
        raise SignOnFault("changed", "single sign-on was set up anew meanwhile")
    provider = context.providers.provider(rules.issuer)
    _require_code(provider, answer)
    sent, now = (begun.fields["verifier"], begun.fields["nonce"]), context.clock.now()
    client = Client(rules.client_id, _secret(context, rules), redirect_uri(context))
    person = context.providers.person(provider, client, answer["code"], sent, now)
    try:
        row = _account(context, request, rules, person)
    except SignOnFault as fault:
        _note_refusal(context, request, rules, person, fault)
        raise
    return _opened(context, request, row, begun.fields)


def confirm(context: Tools, request: HTTPConnection, ticket: str, code: str) -> Arrived:
    """Whoever was vouched for shows their second factor. Raises SignOnFault, and Problem 429."""
    begun = _read(context, NEEDS_CODE, ticket)
    user_id, now = UUID(begun.fields["user_id"]), context.clock.now()
    with context.engine.connect() as connection:
        row = users.row_by_id(connection, user_id)
    if row is None or not row["is_active"]:
        raise SignOnFault("inactive", "the account is deactivated")
    throttling.attempt(context.engine, row["email"], guest(request).address, now)
    with transaction(context.engine) as connection:
        how = totp.accept(connection, context.sealing, user_id, code, now)
        if how == "recovery code":
            left = {"left": totp.recovery_left(connection, user_id)}
            principal = login.asking(connection, row, request)
            audit.record(connection, principal, "recovery_code.used", str(user_id), left)
    if how is None:
        login.failed(context, row["email"], row, request)
        raise SignOnFault("code", "the code is wrong, or was used already")
    return _logged_in(context, request, row, begun.fields)


def path_of(wanted: str) -> str:
    """A path of this server, whatever was asked for: nobody is sent elsewhere."""
    return wanted if _PATH.fullmatch(wanted) else "/"


def redirect_uri(context: Tools) -> str:
    """Never of a request: its host is whatever the client says."""
    return f"{context.settings.public_url}{CALLBACK}"


def _rules(context: Tools, tenant_id: UUID) -> SignOnRules:
    with context.engine.connect() as connection:
        rules = storing.rules_of(connection, tenant_id)
    if rules is None:
        raise SignOnFault("off", "the tenant has no single sign-on")
    return rules


def _issued(context: Tools, purpose: str, fields: Mapping[str, str]) -> str:
    try:
        return context.tickets.issue(purpose, fields, context.clock.now() + LASTS)
    except SealingFault as error:
        raise SignOnFault("off", str(error)) from error


def _read(context: Tools, purpose: str, ticket: str) -> Ticket:
    try:
        return context.tickets.read(purpose, ticket, context.clock.now())
    except TicketFault as error:
        raise SignOnFault("expired", str(error)) from error


def _spent(context: Tools, ticket: str, state: str) -> Ticket:
    """What this browser began, and comes back with once."""
    begun = _read(context, BEGUN, ticket)
    if not hmac.compare_digest(begun.fields["state"].encode(), state.encode()):
        raise SignOnFault("expired", "the state is not the one that was sent")
    with transaction(context.engine) as connection:
        if not storing.spend(connection, begun.ticket_id, begun.expires_at):
            raise SignOnFault("used", "the sign-on came back before")
    return begun


def _require_code(provider: Provider, answer: Mapping[str, str]) -> None:
    """An answer of another provider is none (RFC 9207)."""
    issuer = answer.get("iss")
    if issuer is None and provider.names_itself:
        raise SignOnFault("untrusted", "the answer does not say of which provider it is")
    if issuer is not None and issuer != provider.issuer:
        raise SignOnFault("untrusted", "the answer is of another provider")
    if answer.get("error") == "access_denied":
        raise SignOnFault("denied", "the provider let them not in")
    if not answer.get("code"):
        raise SignOnFault("refused", "the provider sent no code")


def _secret(context: Tools, rules: SignOnRules) -> str | None:
    if rules.sealed_secret is None:
        return None
    try:
        return context.sealing.open_secret(storing.PURPOSE, rules.sealed_secret).decode()
    except SealingFault as error:
        raise SignOnFault("off", str(error)) from error


def _account(context: Tools, request: HTTPConnection, rules: SignOnRules, person: Person) -> Row:
    with transaction(context.engine) as connection:
        now, address = context.clock.now(), guest(request).address
        return account_of(connection, rules, person, address, now)


def _note_refusal(
    context: Tools, request: HTTPConnection, rules: SignOnRules, person: Person, fault: SignOnFault
) -> None:
    with transaction(context.engine) as connection:
        principal = principal_of(rules, person, guest(request).address)
        detail = {"way": WAY, "reason": str(fault), "issuer": person.issuer}
        audit.record(connection, principal, "login.refused", person.subject, detail)


def _opened(
    context: Tools, request: HTTPConnection, row: Row, fields: Mapping[str, str]
) -> Arrived:
    """The login, or what asks for the code of whoever has a second factor."""
    with context.engine.connect() as connection:
        needs_code = totp.is_confirmed(connection, UUID(row["user_id"]))
    if not needs_code:
        return _logged_in(context, request, row, fields)
    kept = {name: fields[name] for name in ("path", "session_id")}
    ticket = _issued(context, NEEDS_CODE, kept | {"user_id": row["user_id"]})
    return Arrived(fields["path"], ticket=ticket)


def _logged_in(
    context: Tools, request: HTTPConnection, row: Row, fields: Mapping[str, str]
) -> Arrived:
    """The login that the browser had when it began ends: its cookie does not come along from
    another site's page, so the ticket remembers which it was.
    """
    with transaction(context.engine) as connection:
        if fields["session_id"]:
            sessions.end(connection, UUID(fields["session_id"]))
        secret = login.opened(context, connection, row, request, WAY)
    return Arrived(fields["path"], session=secret)
