"""The dashboard: what `make web` built into web/dist, and one page for all of its paths.

Names of files are stable, so that browsers ask each time whether theirs is still the latest: an
ETag answers in a few bytes. Texts go out compressed, which is done once.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request, Response

from services.api.problems import Problem

router = APIRouter(include_in_schema=False)
DIST = files("services.api") / "web" / "dist"
PAGE = "index.html"
COMPRESSED = ("text/", "image/svg+xml")
METHODS = ["GET", "HEAD"]


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    compressed: bytes | None
    media_type: str
    etag: str


@router.api_route("/assets/{name}", methods=METHODS)
@router.api_route("/{name}.svg", methods=METHODS)
@router.api_route("/{name}.css", methods=METHODS)
@router.api_route("/push.js", methods=METHODS)
def file(request: Request) -> Response:
    return _answer(request, request.url.path.removeprefix("/"))


@router.api_route("/{path:path}", methods=METHODS)
def page(path: str, request: Request) -> Response:
    """Which page a path means is decided in the browser; what looks like a file is none.
    Raises Problem 404.
    """
    if path.startswith("api/") or "." in path.rpartition("/")[2]:
        raise Problem(404, f"There is no {request.url.path}.")
    return _answer(request, PAGE)


def _answer(request: Request, name: str) -> Response:
    asset = _assets().get(name)
    if asset is None:
        raise Problem(404, f"There is no {request.url.path}.")
    headers = {"ETag": asset.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if asset.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.compressed, media_type=asset.media_type, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


@cache
def _assets() -> dict[str, Asset]:
    """By their paths under DIST; none where nothing was built."""
    if not DIST.is_dir():
        return {}
    tops = {entry.name: _asset(entry) for entry in DIST.iterdir() if entry.is_file()}
    below = {f"assets/{entry.name}": _asset(entry) for entry in (DIST / "assets").iterdir()}
    return tops | below


def _asset(entry: Traversable) -> Asset:
    content = entry.read_bytes()
    media_type = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
    is_text = media_type.startswith(COMPRESSED)
    compressed = gzip.compress(content, mtime=0) if is_text else None
    etag = hashlib.blake2b(content, digest_size=12).hexdigest()
    return Asset(content, compressed, media_type, f'"{etag}"')
