"""Errors as problem details (RFC 9457), for every way a request can go wrong."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from schemas.targets import Language
from services.api.pages import language_of
from services.chassis.errors import TransientError
from services.chassis.sentences import said
from services.chassis.storage.objects import ObjectMissing
from services.chassis.telemetry import logs

log = logs.get("http")
MEDIA_TYPE = "application/problem+json"
OF_PYDANTIC = "Value error, "
"""Stands before what our own validators say."""


class Problem(Exception):
    """A request that ends with this status and one sentence for whoever sent it."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: dict[str, str] | None = None,
        kind: str = "about:blank",
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.kind = status, detail, headers or {}, kind


class ProblemView(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "There is no video 0f8fad5b-d9cb-469f-a165-70867728950e.",
                    "instance": "/api/v1/videos/0f8fad5b-d9cb-469f-a165-70867728950e",
                }
            ]
        }
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, for its OpenAPI entry."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemView"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def answer(
    request: HTTPConnection,
    status: int,
    detail: str,
    headers: dict[str, str] | None = None,
    kind: str = "about:blank",
) -> JSONResponse:
    """In the language that the request asks for, where we have it."""
    language = _language(request)
    said_in = {"Content-Language": language, "Vary": "Accept-Language"}
    view = ProblemView(
        type=kind,
        title=said(HTTPStatus(status).phrase, language),
        status=status,
        detail=said(detail, language),
        instance=request.url.path,
    )
    return JSONResponse(view.model_dump(), status, {**said_in, **(headers or {})}, MEDIA_TYPE)


def _language(request: HTTPConnection) -> Language:
    return language_of(request.headers.get("accept-language", ""))


def install(app: FastAPI) -> None:
    """Make every error of the app a problem."""
    app.add_exception_handler(Problem, _of_ours)
    app.add_exception_handler(HTTPException, _of_starlette)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(ObjectMissing, _of_missing_object)
    for transient in (TransientError, OperationalError, InterfaceError):
        app.add_exception_handler(transient, _of_outage)
    app.add_exception_handler(Exception, _of_bug)


async def _of_ours(request: HTTPConnection, error: Exception) -> JSONResponse:
    """A socket that is not accepted yet gets the same answer."""
    assert isinstance(error, Problem)
    refusal = answer(request, error.status, error.detail, error.headers, error.kind)
    if isinstance(request, WebSocket):
        await request.send_denial_response(refusal)
    return refusal


async def _of_starlette(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return answer(request, error.status_code, str(error.detail), dict(error.headers or {}))


async def _of_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    words = said(first["msg"].removeprefix(OF_PYDANTIC).rstrip("."), _language(request))
    return answer(request, 422, f"{where}: {words}.")


async def _of_missing_object(request: Request, error: Exception) -> JSONResponse:
    return answer(request, 404, f"There is no object {error.args[0]}.")


async def _of_outage(request: Request, error: Exception) -> JSONResponse:
    log.warning("outage", path=request.url.path, error=str(error).splitlines()[0])
    return answer(
        request,
        503,
        "A server behind the API does not answer; try again in a moment.",
        {"Retry-After": "5"},
    )


async def _of_bug(request: Request, error: Exception) -> JSONResponse:
    log.error("bug", path=request.url.path, error=repr(error))
    return answer(request, 500, "That is a bug in Nightclerk; its log says more.")
