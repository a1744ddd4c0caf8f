"""Logging in and out: a token in, a cookie out that scripts cannot read."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from services.api import auth
from services.api.access import sessions
from services.api.deps import Context, Tools
from services.api.problems import Problem, documented
from services.api.views import SessionView
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/session", tags=["session"])
PENALTY_S = 0.5


class Login(BaseModel):
    token: str = Field(max_length=4096)


@router.get("", summary="Is a login needed, and is there one?")
def session(request: Request, context: Context) -> SessionView:
    required = not auth.is_open(context, request)
    is_in = not required or auth.session_of(context, request) is not None
    return SessionView(required=required, open=is_in)


@router.post("", status_code=204, summary="Log in", responses=documented(401, 422, 503))
async def log_in(login: Login, request: Request, response: Response, context: Context) -> None:
    if not auth.is_token(context, login.token):
        await asyncio.sleep(PENALTY_S)
        raise Problem(401, "That is not the token.")
    secret = await run_in_threadpool(_open_session, context, request)
    lasts_s = int(context.settings.logins.lasts.total_seconds())
    response.set_cookie(auth.COOKIE, secret, max_age=lasts_s, **_cookie(request))


def _open_session(context: Tools, request: Request) -> str:
    rules, now = context.settings.logins, context.clock.now()
    with transaction(context.engine) as connection:
        sessions.close(connection, rules, request.cookies.get(auth.COOKIE, ""))
        return sessions.open_session(connection, rules, None, auth.guest(request), now)


@router.delete("", status_code=204, summary="Log out", responses=documented(503))
def log_out(request: Request, response: Response, context: Context) -> None:
    """The session is over for whoever holds a copy of the cookie."""
    with transaction(context.engine) as connection:
        sessions.close(connection, context.settings.logins, request.cookies.get(auth.COOKIE, ""))
    response.delete_cookie(auth.COOKIE, **_cookie(request))


def _cookie(request: Request) -> dict[str, Any]:
    """Only ever sent back over TLS where this request came over TLS, if only to our proxy."""
    secure = request.url.scheme == "https"
    return {"httponly": True, "samesite": "strict", "secure": secure}
