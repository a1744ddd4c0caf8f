"""The middleware of idempotency keys: asks who it is, holds the place, keeps the answer."""

import contextlib
from typing import Any

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api import auth, idempotency, problems
from services.api.deps import Tools
from services.api.idempotency import Answer, Place
from services.api.principal import Principal
from services.api.problems import Problem
from services.chassis.errors import TransientError
from services.chassis.sealing import KEYLESS, SealingFault

HEADER = "idempotency-key"
METHODS = ("POST", "PATCH")
MOST_KEPT = 4 * 1024 * 1024
UNKEPT = b'{"detail": "The first request was done; its answer was too large to be kept."}'


class Idempotency:
    """ASGI middleware. Requests without the header, and whoever is nobody, pass untouched."""

    def __init__(self, app: ASGIApp, tools: Tools) -> None:
        self._app, self._tools = app, tools

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_meant = scope["type"] == "http" and scope["method"] in METHODS
        key = Headers(scope=scope).get(HEADER) if is_meant else None
        if key is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            await self._keyed(request, key, receive, send)
        except Problem as error:
            refusal = problems.answer(request, error.status, error.detail, error.headers)
            await refusal(scope, receive, send)
        except (TransientError, SealingFault) as error:
            status = 503 if isinstance(error, TransientError) else 422
            await problems.answer(request, status, str(error))(scope, receive, send)

    async def _keyed(self, request: Request, key: str, receive: Receive, send: Send) -> None:
        """Raises Problem, TransientError, SealingFault."""
        principal = await run_in_threadpool(self._principal, request)
        if principal is None:
            await self._app(request.scope, receive, send)
            return
        if not self._tools.sealing.has_key:
            raise SealingFault(KEYLESS)
        name = idempotency.name_of(principal, key)
        wanted, replayed = await _fingerprint(request, receive)
        tools, now = self._tools, self._tools.clock.now()
        found = await run_in_threadpool(idempotency.begin, tools.engine, name, wanted, now)
        if isinstance(found, Place):
            await self._work(request.scope, replayed, send, found)
            return
        kept = idempotency.read(tools.sealing, found)
        await Response(kept.body, kept.status, kept.headers)(request.scope, receive, send)

    async def _work(self, scope: Scope, receive: Receive, send: Send, place: Place) -> None:
        """The answer is kept before its last byte is sent: who has it may ask again at once."""
        kept = _Copy()

        async def noted(message: Message) -> None:
            if kept.take(message):
                await self._finish(place, kept.answer)
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            if not kept.is_whole:
                with contextlib.suppress(TransientError):
                    await self._finish(place, Answer(500, {}, b""))

    async def _finish(self, place: Place, answer: Answer) -> None:
        tools = self._tools
        await run_in_threadpool(idempotency.finish, tools.engine, tools.sealing, place, answer)

    def _principal(self, request: Request) -> Principal | None:
        return auth.principal_of(self._tools, request)


class _Copy:
    """Of an answer, while it is sent."""

    def __init__(self) -> None:
        self.answer, self.is_whole = Answer(500, {}, b""), False

    def take(self, message: Message) -> bool:
        """True once it is whole."""
        if message["type"] == "http.response.start":
            headers = {name.decode("latin-1"): value.decode("latin-1")
                       for name, value in message["headers"]}  # fmt: skip
            self.answer = Answer(message["status"], headers, b"")
        elif message["type"] == "http.response.body":
            body = self.answer.body + message.get("body", b"")
            body = body if len(body) <= MOST_KEPT else UNKEPT
            self.answer = Answer(self.answer.status, self.answer.headers, body)
            self.is_whole = not message.get("more_body", False)
        return self.is_whole


async def _fingerprint(request: Request, receive: Receive) -> tuple[str, Receive]:
    """And the body, to be received again. An upload is too large to be read twice: its length
    stands for it.
    """
    parts: dict[str, Any] = {"method": request.method, "path": request.url.path}
    parts["query"] = request.scope.get("query_string", b"")
    if not _is_json(request):
        length = request.headers.get("content-length", "").encode()
        return idempotency.fingerprint(**parts, body=length), receive
    messages = [message async for message in _received(receive)]
    body = b"".join(message.get("body", b"") for message in messages)
    return idempotency.fingerprint(**parts, body=body), _again(messages, receive)


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"


async def _received(receive: Receive) -> Any:
    while True:
        message = await receive()
        yield message
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


def _again(messages: list[Message], receive: Receive) -> Receive:
    waiting = list(messages)

    async def again() -> Message:
        return waiting.pop(0) if waiting else await receive()

    return again
