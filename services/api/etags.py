"""ETags for whatever is answered as JSON to GET, and 304 for whoever has it already."""

import hashlib
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WHOLE = "http.response.body"


class Etags:
    """ASGI middleware. An ETag that a route gave itself stays, and is compared likewise. Answers
    that come in parts, as streams do, pass as they are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).getlist("if-none-match")
        await self._app(scope, receive, Conditional(send, asked))


class Conditional:
    """Sends one answer, or 304 in its place."""

    def __init__(self, send: Send, asked: Iterable[str]) -> None:
        self._send, self._asked = send, asked
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_json(message):
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            is_whole = message["type"] == WHOLE and not message.get("more_body", False)
            if is_whole and _matches(_tag(start, message.get("body", b"")), self._asked):
                start, message = _not_modified(start), {"type": WHOLE, "body": b""}
            await self._send(start)
        await self._send(message)


def _is_json(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return bool(start["status"] == 200 and kind.partition(";")[0] == "application/json")


def _tag(start: Message, body: bytes) -> str:
    """The answer's ETag, set where there is none."""
    headers = MutableHeaders(scope=start)
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    headers.setdefault("Cache-Control", "private, no-cache")
    return headers.setdefault("ETag", f'"{digest}"')


def _matches(tag: str, asked: Iterable[str]) -> bool:
    """As If-None-Match compares: weakly."""
    shown = {one.strip().removeprefix("W/") for line in asked for one in line.split(",")}
    return bool(shown & {"*", tag.removeprefix("W/")})


def _not_modified(start: Message) -> Message:
    headers = MutableHeaders(raw=list(start["headers"]))
    for name in ("content-length", "content-type"):
        del headers[name]
    return {**start, "status": 304, "headers": headers.raw}
