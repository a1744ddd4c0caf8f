"""How large a request may be: its headers, and its body where no route has a limit of its own."""

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

MOST_BODY_BYTES = 1024 * 1024
MOST_HEADER_BYTES = 32 * 1024
MOST_URL_BYTES = 8 * 1024
STREAMED = re.compile(r"/api/v1/videos|/api/v1/uploads/[^/]+")
"""Uploads are streamed and counted by their route."""
TOO_LARGE = f"The body is larger than {MOST_BODY_BYTES} bytes."


def fault(scope: Scope) -> tuple[int, str] | None:
    """The status and a sentence for what is too large, as far as the head of the request says."""
    if len(scope.get("raw_path", b"")) + len(scope.get("query_string", b"")) > MOST_URL_BYTES:
        return 414, f"The address is longer than {MOST_URL_BYTES} bytes."
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADER_BYTES:
        return 431, f"The headers are larger than {MOST_HEADER_BYTES} bytes."
    announced = Headers(scope=scope).get("content-length", "")
    is_number = announced.isascii() and announced.isdigit()
    if (
        is_number
        and int(announced[:20]) > MOST_BODY_BYTES
        and not STREAMED.fullmatch(scope["path"])
    ):
        return 413, TOO_LARGE
    return None


def bounded(scope: Scope, receive: Receive) -> Receive:
    """Of a body whose length was not announced; reading on raises HTTPException 413."""
    if STREAMED.fullmatch(scope["path"]):
        return receive
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BODY_BYTES:
            raise HTTPException(413, TOO_LARGE)
        return message

    return counted
