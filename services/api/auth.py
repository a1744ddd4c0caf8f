"""Who may use the API (ADR 0030): whoever shows the machine's token, a key, or the cookie that a
login gave; and, until the first owner has signed up, this machine itself. This is the one place
that makes a Principal.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import HTTPConnection

from services.api import limits
from services.api.access import identity
from services.api.access.identity import Credentials
from services.api.access.sessions import Guest, Session
from services.api.access.throttling import network_of
from services.api.admission import Stay, Terms
from services.api.config import COOKIE, is_loopback
from services.api.deps import Context, Tools, client_address
from services.api.principal import Principal, Right
from services.api.problems import Problem

GUESSES_A_MINUTE = 240
"""Of one address, without a login."""


class Bearer(HTTPBearer):
    """The scheme of the OpenAPI document. Never refuses, and knows WebSockets too."""

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        shown = bearer_of(request)
        return HTTPAuthorizationCredentials(scheme="Bearer", credentials=shown) if shown else None


def bearer_of(request: HTTPConnection) -> str:
    """What the Authorization header shows; empty for nothing, or of another scheme."""
    scheme, credentials = get_authorization_scheme_param(request.headers.get("authorization"))
    return credentials if scheme.lower() == "bearer" else ""


_bearer = Bearer(
    auto_error=False,
    scheme_name="HTTPBearer",
    description="An API key, nk_…, or NIGHTCLERK_API_TOKEN",
)
Shown = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def credentials_of(request: HTTPConnection) -> Credentials:
    """What the request shows. A page of elsewhere may have its own name resolve to here, so only a
    name of this machine counts as local.
    """
    address = client_address(request)
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    is_local = is_loopback(host) and is_loopback(address)
    return Credentials(bearer_of(request), request.cookies.get(COOKIE, ""), address, is_local)


def is_open(context: Tools, request: HTTPConnection) -> bool:
    """Whether this very request needs no login."""
    with context.engine.connect() as connection:
        return identity.is_open(connection, context.settings, [credentials_of(request)])


def session_of(context: Tools, request: HTTPConnection) -> Session | None:
    """The login whose cookie the request carries, while it lasts."""
    shown, now = request.cookies.get(COOKIE, ""), context.clock.now()
    with context.engine.connect() as connection:
        return identity.session_of(connection, context.settings, shown, now)


def guest(request: HTTPConnection) -> Guest:
    return Guest(client_address(request), request.headers.get("user-agent", ""))


def staying(
    context: Tools, request: HTTPConnection, principal: Principal, terms: Terms
) -> AbstractContextManager[Stay]:
    """While the stream is open that the principal was let in to."""
    return context.admission.stay(credentials_of(request), principal, terms)


def principal_of(context: Tools, request: HTTPConnection) -> Principal | None:
    """Who is asking; None for nobody known."""
    shown, now = credentials_of(request), context.clock.now()
    found = identity.principals_of(context.engine, context.settings, [shown], now).get(shown)
    return found.seen_at(shown.address) if found else None


def authenticated(
    request: HTTPConnection,
    context: Context,
    bearer: Shown,  # noqa: ARG001 - the scheme of the OpenAPI document
) -> Principal:
    """Who is asking. Raises Problem 401, and 429 for whoever asks too often."""
    address = client_address(request)
    principal = principal_of(context, request)
    if principal is not None:
        _count(request, context, principal)
        return principal
    if retry_s := context.limits.take(("nobody", network_of(address)), GUESSES_A_MINUTE).retry_s:
        raise Problem(429, "Too many requests without a login.", {"Retry-After": str(retry_s)})
    raise Problem(
        401,
        "Show the token: Authorization: Bearer … or log in.",
        {"WWW-Authenticate": 'Bearer realm="nightclerk"'},
    )


def _count(request: HTTPConnection, context: Tools, principal: Principal) -> None:
    """Raises Problem 429. The machine itself may ask as often as it likes."""
    quota, actor = context.settings.api_requests_per_min, principal.actor
    if not quota or actor.kind == "machine":
        return
    standing = context.limits.take((actor.kind, actor.actor_id), quota)
    setattr(request.state, limits.STATE, standing)
    if standing.retry_s:
        detail = f"More than {quota} requests a minute: try again in {standing.retry_s} s."
        raise Problem(429, detail, {"Retry-After": str(standing.retry_s)})


def requires(right: Right) -> Callable[[Principal], Principal]:
    """A dependency: who is asking, if they have that right. Raises Problem 401 or 403."""

    def allowed(principal: Annotated[Principal, Depends(authenticated)]) -> Principal:
        if not principal.may(right):
            raise Problem(403, f"That takes the right to {right}, which you do not have.")
        return principal

    allowed.__name__ = f"requires_{right}"
    return allowed


def requires_person(principal: Annotated[Principal, Depends(authenticated)]) -> Principal:
    """A dependency: a person who is logged in. Raises Problem 401 or 403."""
    if principal.actor.kind != "user":
        raise Problem(403, "That is for people who are logged in, not for keys.")
    return principal


def requires_machine(principal: Annotated[Principal, Depends(authenticated)]) -> Principal:
    """A dependency: the machine's operator. Raises Problem 401 or 403."""
    if principal.tenant_id is not None:
        raise Problem(403, "That is for the machine's own token.")
    return principal


Asking = Annotated[Principal, Depends(authenticated)]
Viewing = Annotated[Principal, Depends(requires("view"))]
Reviewing = Annotated[Principal, Depends(requires("review"))]
Uploading = Annotated[Principal, Depends(requires("upload"))]
Configuring = Annotated[Principal, Depends(requires("configure"))]
Administering = Annotated[Principal, Depends(requires("administer"))]
Personal = Annotated[Principal, Depends(requires_person)]
Operating = Annotated[Principal, Depends(requires_machine)]
"""Of the machine as a whole: its tenants."""
