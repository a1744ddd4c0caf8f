"""Who may use the API: whoever shows the one configured token, or the cookie a login gave.

A login is a row: the cookie holds a random secret, the row a proof made of the secret and the
token. So a logout, or another token, ends it. This is the one place that makes a Principal.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from sqlalchemy import Connection, delete, insert, select
from starlette.requests import HTTPConnection

from services.api.deps import Context, Tools, client_address
from services.api.principal import Actor, Principal, Right
from services.api.problems import Problem
from services.api.tables import sessions

COOKIE = "nightclerk_session"
LASTS = timedelta(days=30)


class Bearer(HTTPBearer):
    """The scheme of the OpenAPI document. Never refuses, and knows WebSockets too."""

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        scheme, credentials = get_authorization_scheme_param(request.headers.get("authorization"))
        if scheme.lower() != "bearer" or not credentials:
            return None
        return HTTPAuthorizationCredentials(scheme=scheme, credentials=credentials)


_bearer = Bearer(auto_error=False, scheme_name="HTTPBearer", description="NIGHTCLERK_API_TOKEN")
Shown = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def is_token(context: Tools, shown: str) -> bool:
    """In constant time."""
    wanted = context.settings.api_token.get_secret_value()
    return hmac.compare_digest(shown.encode(), wanted.encode())


def is_required(context: Tools) -> bool:
    return bool(context.settings.api_token.get_secret_value())


def open_session(context: Tools) -> str:
    """What the cookie is to hold."""
    secret, now = secrets.token_urlsafe(32), context.clock.now()
    row = {"proof": _proof(context, secret), "opened_at": now, "expires_at": now + LASTS}
    with context.engine.begin() as connection:
        connection.execute(insert(sessions).values(row))
    return secret


def close_session(context: Tools, request: HTTPConnection) -> None:
    """The cookie opens nothing any more, whoever has a copy of it."""
    with context.engine.begin() as connection:
        proof = _proof(context, request.cookies.get(COOKIE, ""))
        connection.execute(delete(sessions).where(sessions.c.proof == proof))


def has_session(context: Tools, request: HTTPConnection) -> bool:
    shown = request.cookies.get(COOKIE, "")
    if not shown:
        return False
    with context.engine.connect() as connection:
        return _is_open(connection, _proof(context, shown), context.clock.now())


def _is_open(connection: Connection, proof: str, now: datetime) -> bool:
    query = select(sessions.c.proof).where(sessions.c.proof == proof, sessions.c.expires_at > now)
    return connection.scalar(query) is not None


def _proof(context: Tools, secret: str) -> str:
    token = context.settings.api_token.get_secret_value()
    return hmac.new(token.encode(), secret.encode(), hashlib.sha256).hexdigest()


def authenticated(request: HTTPConnection, context: Context, bearer: Shown) -> Principal:
    """Who is asking. Raises Problem 401."""
    shown = bearer is not None and is_token(context, bearer.credentials)
    if not is_required(context) or shown or has_session(context, request):
        return Principal(actor=Actor(address=client_address(request)))
    raise Problem(
        401,
        "Show the token: Authorization: Bearer … or log in.",
        {"WWW-Authenticate": 'Bearer realm="nightclerk"'},
    )


def requires(right: Right) -> Callable[[Principal], Principal]:
    """A dependency: who is asking, if they have that right. Raises Problem 401 or 403."""

    def allowed(principal: Annotated[Principal, Depends(authenticated)]) -> Principal:
        if not principal.may(right):
            raise Problem(403, f"That takes the right to {right}, which you do not have.")
        return principal

    allowed.__name__ = f"requires_{right}"
    return allowed


Asking = Annotated[Principal, Depends(authenticated)]
Viewing = Annotated[Principal, Depends(requires("view"))]
Reviewing = Annotated[Principal, Depends(requires("review"))]
Uploading = Annotated[Principal, Depends(requires("upload"))]
Configuring = Annotated[Principal, Depends(requires("configure"))]
Administering = Annotated[Principal, Depends(requires("administer"))]
