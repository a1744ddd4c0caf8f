"""The login of the page: the token in, a cookie out that scripts cannot read."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from services.api import auth
from services.api.deps import Context
from services.api.problems import Problem, documented
from services.api.views import SessionView

router = APIRouter(prefix="/session", tags=["session"])
PENALTY_S = 0.5


class Login(BaseModel):
    token: str = Field(max_length=4096)


@router.get("", summary="Is a login needed, and is there one?")
def session(request: Request, context: Context) -> SessionView:
    required = auth.is_required(context)
    return SessionView(required=required, open=not required or auth.has_session(context, request))


@router.post("", status_code=204, summary="Log in", responses=documented(401, 422, 503))
async def log_in(login: Login, request: Request, response: Response, context: Context) -> None:
    if auth.is_required(context) and not auth.is_token(context, login.token):
        await asyncio.sleep(PENALTY_S)
        raise Problem(401, "That is not the token.")
    secret = await run_in_threadpool(auth.open_session, context)
    lasts_s = int(auth.LASTS.total_seconds())
    response.set_cookie(auth.COOKIE, secret, max_age=lasts_s, **_cookie(request))


@router.delete("", status_code=204, summary="Log out", responses=documented(503))
def log_out(request: Request, response: Response, context: Context) -> None:
    """The session is over for whoever holds a copy of the cookie."""
    auth.close_session(context, request)
    response.delete_cookie(auth.COOKIE, **_cookie(request))


def _cookie(request: Request) -> dict[str, Any]:
    """Only ever sent back over TLS where this request came over TLS, if only to our proxy."""
    secure = request.url.scheme == "https"
    return {"httponly": True, "samesite": "strict", "secure": secure}
