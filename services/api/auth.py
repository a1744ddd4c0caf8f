"""Who may use the API: whoever shows the one configured token, or the cookie a login gave."""

import hashlib
import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.api.deps import Context
from services.api.problems import Problem

COOKIE = "nightclerk_session"
COOKIE_S = 30 * 24 * 3600
_bearer = HTTPBearer(auto_error=False, description="NIGHTCLERK_API_TOKEN")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def is_token(context: Context, shown: str) -> bool:
    """In constant time."""
    wanted = context.settings.api_token.get_secret_value()
    return hmac.compare_digest(shown.encode(), wanted.encode())


def session_value(context: Context) -> str:
    """What the cookie holds: proof of the token, not the token. A new token ends all sessions."""
    token = context.settings.api_token.get_secret_value()
    return hmac.new(token.encode(), b"nightclerk session 1", hashlib.sha256).hexdigest()


def is_required(context: Context) -> bool:
    return bool(context.settings.api_token.get_secret_value())


def has_session(context: Context, request: Request) -> bool:
    shown = request.cookies.get(COOKIE, "")
    return hmac.compare_digest(shown.encode(), session_value(context).encode())


def authorized(request: Request, context: Context, bearer: Bearer) -> None:
    """Raises Problem 401."""
    if not is_required(context) or has_session(context, request):
        return
    if bearer is not None and is_token(context, bearer.credentials):
        return
    raise Problem(
        401,
        "Show the token: Authorization: Bearer … or log in.",
        {"WWW-Authenticate": 'Bearer realm="nightclerk"'},
    )
