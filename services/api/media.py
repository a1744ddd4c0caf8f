"""Objects over HTTP: ranges, conditions and HEAD, read from the store in blocks."""

from collections.abc import Iterator
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from services.api.problems import Problem
from services.api.ranges import Span, Unsatisfiable, parse
from services.chassis.storage.objects import ObjectInfo, ObjectStore

BLOCK_BYTES = 1024 * 1024


def serve(
    request: Request,
    store: ObjectStore,
    key: str,
    content_type: str | None = None,
    filename: str = "",
) -> Response:
    """The object, or the asked part of it. Raises ObjectMissing, Problem 416, TransientError."""
    info = store.stat(key)
    headers = _headers(info, filename)
    media_type = content_type or info.content_type
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    span = _asked(request, info, headers["ETag"])
    whole = span or Span(0, info.size_bytes, info.size_bytes)
    headers["Content-Length"] = str(whole.length)
    if span:
        headers["Content-Range"] = span.content_range
    status = 206 if span else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    return StreamingResponse(_blocks(store, key, whole), status, headers, media_type)


def _headers(info: ObjectInfo, filename: str) -> dict[str, str]:
    headers = {
        "ETag": '"{}"'.format(info.etag.replace('"', "")),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=0, must-revalidate",
    }
    if filename:
        headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(filename, safe='')}"
    return headers


def _asked(request: Request, info: ObjectInfo, etag: str) -> Span | None:
    header = request.headers.get("range")
    if request.headers.get("if-range", etag) != etag:
        return None  # the object is another one by now: send the whole
    try:
        return parse(header, info.size_bytes)
    except Unsatisfiable:
        raise Problem(
            416,
            f"The object has {info.size_bytes} bytes; {header} lies outside.",
            {"Content-Range": f"bytes */{info.size_bytes}"},
        ) from None


def _blocks(store: ObjectStore, key: str, span: Span) -> Iterator[bytes]:
    position = span.start
    while position < span.stop:
        block = store.read_range(key, position, min(BLOCK_BYTES, span.stop - position))
        if not block:
            raise EOFError(f"{key} ends at {position}, before {span.stop}")
        position += len(block)
        yield block
