"""Logging in and out: a password or a token in, a cookie out that scripts cannot read."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.requests import HTTPConnection

from services.api import audit, auth
from services.api.access import login, sessions, throttling
from services.api.access.entries import Email, Typed
from services.api.access.identity import is_token
from services.api.access.views import SessionView
from services.api.config import COOKIE
from services.api.deps import Context, Tools, client_address
from services.api.principal import Principal
from services.api.problems import Problem, documented
from services.chassis.storage.database import transaction

router = APIRouter(prefix="/session", tags=["session"])


class Login(BaseModel):
    """Mail address and password, or the machine's token."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [{"email": "minji@shop.example", "password": "correct horse battery"}]
        },
    )

    email: Email | None = None
    password: Typed = SecretStr("")
    code: str = Field(default="", max_length=64, description="where there is a second factor")
    token: SecretStr | None = Field(default=None, max_length=4096)


@router.get("", summary="Is a login needed, and is there one?")
def session(request: Request, context: Context) -> SessionView:
    required = not auth.is_open(context, request)
    is_in = not required or auth.session_of(context, request) is not None
    return SessionView(required=required, open=is_in)


@router.post("", status_code=204, summary="Log in", responses=documented(401, 422, 429, 503))
async def log_in(wanted: Login, request: Request, response: Response, context: Context) -> None:
    """The cookie is another at each login; the login that the browser had before ends."""
    if wanted.token is not None:
        secret = await _by_token(context, request, wanted.token.get_secret_value())
    elif wanted.email is not None:
        password = wanted.password.get_secret_value()
        secret = await login.by_password(context, request, wanted.email, password, wanted.code)
    else:
        raise Problem(422, "Log in by mail address and password, or by the machine's token.")
    set_cookie(response, request, context, secret)


@router.delete("", status_code=204, summary="Log out", responses=documented(503))
def log_out(request: Request, response: Response, context: Context) -> None:
    """The session is over for whoever holds a copy of the cookie."""
    session = auth.session_of(context, request)
    with transaction(context.engine) as connection:
        sessions.close(connection, context.settings.logins, request.cookies.get(COOKIE, ""))
        if session is not None:
            principal = session.principal.seen_at(client_address(request))
            audit.record(connection, principal, "session.closed", str(session.session_id))
    response.delete_cookie(COOKIE, **_cookie(request))


def set_cookie(response: Response, request: HTTPConnection, context: Tools, secret: str) -> None:
    """Give the browser what opens its login."""
    lasts_s = int(context.settings.logins.lasts.total_seconds())
    response.set_cookie(COOKIE, secret, max_age=lasts_s, **_cookie(request))


async def _by_token(context: Tools, request: Request, token: str) -> str:
    await run_in_threadpool(_require_calm, context, request)
    if not is_token(context.settings, token):
        raise Problem(401, "That is not the token.")
    return await run_in_threadpool(_open_machine, context, request)


def _require_calm(context: Tools, request: Request) -> None:
    """Of each address by itself: nobody keeps the operator out. Raises Problem 429."""
    address, now = client_address(request), context.clock.now()
    throttling.attempt(context.engine, address, address, now, "token")


def _open_machine(context: Tools, request: Request) -> str:
    rules, now = context.settings.logins, context.clock.now()
    with transaction(context.engine) as connection:
        sessions.close(connection, rules, request.cookies.get(COOKIE, ""))
        address = client_address(request)
        throttling.succeeded(connection, address, address, "token")
        secret = sessions.open_session(connection, rules, None, auth.guest(request), now)
        machine = Principal().seen_at(address)
        audit.record(connection, machine, "session.opened", "machine", {"way": "token"})
        return secret


def _cookie(request: HTTPConnection) -> dict[str, Any]:
    """Only ever sent back over TLS where this request came over TLS, if only to our proxy."""
    secure = request.url.scheme in ("https", "wss")
    return {"httponly": True, "samesite": "strict", "secure": secure}
