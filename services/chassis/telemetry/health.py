"""/healthz and /metrics of a service that has no web server of its own."""

import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.chassis.telemetry.metrics import REGISTRY


class HealthServer:
    """Serves in a thread from `with` to its end. `ready` is asked at each request to /healthz."""

    def __init__(self, host: str, port: int, ready: Callable[[], bool]) -> None:
        self._server = _Server(host, port, ready) if port else None

    def __enter__(self) -> Self:
        if self._server:
            threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, ready: Callable[[], bool]) -> None:
        super().__init__((host, port), _Handler)
        self.ready = ready

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked may hang up before the answer; all else keeps its traceback."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        if self.path == "/healthz":
            ready = self.server.ready()
            self._answer(
                200 if ready else 503, b"ready\n" if ready else b"starting\n", "text/plain"
            )
        elif self.path == "/metrics":
            self._answer(200, generate_latest(REGISTRY), CONTENT_TYPE_LATEST)
        else:
            self._answer(404, b"not here\n", "text/plain")

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Health checks are not worth a log line."""
