"""A model hub in small: a real HTTP server with ranges that cuts connections off."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    """What it offers, how it misbehaves, and what it was asked for."""

    content: bytes
    etag: str | None = None
    cuts: list[int] = field(default_factory=list)
    """After so many bytes the answers, one by one, break off; later ones are whole."""
    refusals: list[int] = field(default_factory=list)
    """Status codes of the first answers."""
    ranges: list[str] = field(default_factory=list)
    """The Range header of every request, '' for none."""
    url: str = ""

    @property
    def tag(self) -> str:
        return f'"{sha256(self.content).hexdigest()}"' if self.etag is None else self.etag


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, hub)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hub.url = f"http://127.0.0.1:{server.server_port}/x.pt"
        yield hub
        server.shutdown()


def answer(request: BaseHTTPRequestHandler, hub: Hub) -> None:
    asked = request.headers.get("Range", "")
    hub.ranges.append(asked)
    if hub.refusals:
        request.send_error(hub.refusals.pop(0))
        return
    same = request.headers.get("If-Range", hub.tag) == hub.tag
    found = re.fullmatch(r"bytes=(\d+)-", asked)
    start = int(found[1]) if found and same else 0
    if start >= len(hub.content):
        request.send_error(416)
        return
    body = hub.content[start:]
    request.send_response(206 if start else 200)
    request.send_header("Content-Length", str(len(body)))
    if hub.tag:
        request.send_header("ETag", hub.tag)
    request.end_headers()
    request.wfile.write(body[: hub.cuts.pop(0)] if hub.cuts else body)
