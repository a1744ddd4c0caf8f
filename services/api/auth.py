"""Who may use the API (ADR 0030): whoever shows the machine's token, a key, or the cookie that a
login gave; and, until the first owner has signed up, this machine itself. This is the one place
that makes a Principal.
"""

import contextlib
import hmac
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import HTTPConnection

from services.api import limits
from services.api.access import keys, sessions
from services.api.access.sessions import NOTED_AFTER, Guest, Session
from services.api.access.tenants import has_people
from services.api.access.throttling import network_of
from services.api.config import COOKIE, is_loopback
from services.api.deps import Context, Tools, client_address
from services.api.principal import Principal, Right
from services.api.problems import Problem
from services.chassis.errors import TransientError
from services.chassis.storage.database import transaction

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


def is_token(context: Tools, shown: str) -> bool:
    """Whether that is the machine's token, in constant time. Without one none is."""
    wanted = context.settings.api_token.get_secret_value()
    return bool(wanted) and hmac.compare_digest(shown.encode(), wanted.encode())


def is_open(context: Tools, request: HTTPConnection) -> bool:
    """Whether this very request needs no login: it comes from this machine, for a name of this
    machine (a page of elsewhere may have its own name resolve to here), and nobody has signed up.
    """
    if not context.settings.is_open_until_sign_up:
        return False
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if not (is_loopback(host) and request.client and is_loopback(request.client.host)):
        return False
    with context.engine.connect() as connection:
        return not has_people(connection)


def session_of(context: Tools, request: HTTPConnection) -> Session | None:
    """The login whose cookie the request carries, while it lasts."""
    shown, now = request.cookies.get(COOKIE, ""), context.clock.now()
    if not shown:
        return None
    with context.engine.connect() as connection:
        found = sessions.session_of(connection, context.settings.logins, shown, now)
    if found is not None and now - found.seen_at > NOTED_AFTER:
        with contextlib.suppress(TransientError), transaction(context.engine) as connection:
            sessions.note_seen(connection, found, now)
    return found


def guest(request: HTTPConnection) -> Guest:
    return Guest(client_address(request), request.headers.get("user-agent", ""))


def principal_of(context: Tools, request: HTTPConnection, bearer: str) -> Principal | None:
    """Who is asking; None for nobody known."""
    if bearer and is_token(context, bearer):
        return Principal()
    if bearer.startswith(keys.PREFIX):
        now = context.clock.now()
        return keys.principal_of(context.engine, bearer, client_address(request), now)
    if session := session_of(context, request):
        return session.principal
    return Principal() if is_open(context, request) else None


def authenticated(request: HTTPConnection, context: Context, bearer: Shown) -> Principal:
    """Who is asking. Raises Problem 401, and 429 for whoever asks too often."""
    address = client_address(request)
    principal = principal_of(context, request, bearer.credentials if bearer else "")
    if principal is not None:
        _count(request, context, principal)
        return principal.seen_at(address)
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
