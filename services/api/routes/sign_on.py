"""Single sign-on as a browser goes through it: out to the provider, back, and in. Pages, no API."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from schemas.targets import Language
from services.api.access.throttling import network_of
from services.api.deps import Context, Tools, client_address
from services.api.pages import html, language_of
from services.api.problems import Problem
from services.api.routes.session import set_cookie
from services.api.signon import flow
from services.api.signon.faults import STATUS, SignOnFault
from services.api.signon.flow import Arrived
from services.api.signon.pages import code_page, fault_page
from services.chassis.telemetry import logs

router = APIRouter(prefix="/sign-on", include_in_schema=False)
log = logs.get("people")
COOKIE = "nightclerk_sign_on"
PATH = "/sign-on"
AT_MOST = 60
"""Requests a minute of one network: an office signs on in the morning behind one address."""


@router.get("/callback")
def callback(request: Request, context: Context) -> Response:
    """Where the provider sends the browser back to."""
    try:
        _require_calm(context, request)
        ticket, answer = request.cookies.get(COOKIE, ""), dict(request.query_params)
        return _arrived(context, request, flow.arrive(context, request, ticket, answer))
    except SignOnFault as fault:
        return _without_cookie(_faulty(request, fault))


@router.post("/code")
def code(
    request: Request, context: Context, code: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """The second factor of somebody whom the provider vouched for."""
    ticket = request.cookies.get(COOKIE, "")
    try:
        return _arrived(context, request, flow.confirm(context, request, ticket, code))
    except Problem as problem:
        answer = html(fault_page(_language(request), "throttled"), problem.status)
        answer.headers.update(problem.headers)
        return answer
    except SignOnFault as fault:
        if fault.ending == "code":
            return html(code_page(_language(request), is_wrong=True), STATUS["code"])
        return _without_cookie(_faulty(request, fault))


@router.get("/{tenant_id}")
def start(tenant_id: str, request: Request, context: Context, next: str = "/") -> Response:
    """To the tenant's provider. `next` is the path to which the login leads."""
    try:
        _require_calm(context, request)
        begun = flow.begin(context, request, _tenant(tenant_id), next)
    except SignOnFault as fault:
        return _faulty(request, fault)
    answer = RedirectResponse(begun.url, 303, {"Cache-Control": "no-store"})
    _set_ticket(answer, request, begun.ticket)
    return answer


def _arrived(context: Tools, request: Request, arrived: Arrived) -> Response:
    if arrived.ticket:
        asking: Response = html(code_page(_language(request), is_wrong=False), 200)
        _set_ticket(asking, request, arrived.ticket)
        return asking
    answer = _without_cookie(RedirectResponse(arrived.path, 303, {"Cache-Control": "no-store"}))
    set_cookie(answer, request, context, arrived.session)
    return answer


def _tenant(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise SignOnFault("off", "there is no such tenant") from error


def _require_calm(context: Tools, request: Request) -> None:
    network = network_of(client_address(request))
    if context.limits.take(("sign-on", network), AT_MOST).retry_s:
        raise SignOnFault("throttled", "too many sign-ons of one network")


def _set_ticket(answer: Response, request: Request, ticket: str) -> None:
    """Lax, not strict: it must come along when the provider's page sends the browser back."""
    answer.set_cookie(
        COOKIE,
        ticket,
        max_age=int(flow.LASTS.total_seconds()),
        path=PATH,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def _without_cookie(answer: Response) -> Response:
    answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
    return answer


def _faulty(request: Request, fault: SignOnFault) -> HTMLResponse:
    log.info(
        "sign-on refused",
        ending=fault.ending,
        detail=str(fault),
        address=client_address(request),
    )
    return html(fault_page(_language(request), fault.ending), STATUS[fault.ending])


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language", ""))
