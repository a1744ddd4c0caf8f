"""The login of the page: the token in, a cookie out that scripts cannot read."""

import asyncio

from fastapi import APIRouter, Request, Response
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


@router.post("", status_code=204, summary="Log in", responses=documented(401, 422))
async def log_in(login: Login, request: Request, response: Response, context: Context) -> None:
    if auth.is_required(context) and not auth.is_token(context, login.token):
        await asyncio.sleep(PENALTY_S)
        raise Problem(401, "That is not the token.")
    response.set_cookie(
        auth.COOKIE,
        auth.session_value(context),
        max_age=auth.COOKIE_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


@router.delete("", status_code=204, summary="Log out")
def log_out(response: Response) -> None:
    response.delete_cookie(auth.COOKIE, httponly=True, samesite="strict")
