"""Endpoints that behave badly, each in its way, on real sockets: webhooks and a mail server."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

from aiosmtpd.controller import Controller

from services.local.ports import free_ports
from services.local.receivers import Inbox, Mail

RETRY_AFTER_S = 2
SLOW_S = 2.0


@dataclass(frozen=True)
class Post:
    """One POST as it came."""

    path: str
    webhook_id: str
    body: bytes = field(repr=False)
    at: float
    """By the monotonic clock."""


class BadHooks(ThreadingHTTPServer):
    """`/hang…` is not answered until `release` is set, `/slow` late; `/failing` and `/busy` take a
    message when it comes again; `/redirect` leads to `/stolen`; `/ok` takes it.
    """

    daemon_threads = True
    request_queue_size = 512

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _BadHook)
        self.inbox: Inbox[Post] = Inbox()
        self.release, self.lock = Event(), Lock()
        self.seen: Counter[tuple[str, str]] = Counter()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def at(self, path: str) -> list[Post]:
        return [post for post in self.inbox.items if post.path == path]

    def hanging(self) -> int:
        """How many attempts came that are not answered."""
        return sum(post.path.startswith("/hang") for post in self.inbox.items)

    def __enter__(self) -> "BadHooks":
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self.shutdown()
        self.server_close()


class _BadHook(BaseHTTPRequestHandler):
    server: BadHooks

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        identity = str(self.headers.get("webhook-id", ""))
        with self.server.lock:
            self.server.seen[self.path, identity] += 1
            came = self.server.seen[self.path, identity]
        self.server.inbox.put(Post(self.path, identity, body, time.monotonic()))
        status, headers = self._answer(came)
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _answer(self, came: int) -> tuple[int, dict[str, str]]:
        if self.path.startswith("/hang"):
            self.server.release.wait()
        elif self.path == "/slow":
            self.server.release.wait(SLOW_S)
        elif self.path == "/redirect":
            return 302, {"Location": f"{self.server.url}/stolen"}
        elif self.path == "/failing" and came == 1:
            return 503, {}
        elif self.path == "/busy" and came == 1:
            return 429, {"Retry-After": str(RETRY_AFTER_S)}
        return 204, {}

    def log_message(self, format: str, *args: object) -> None:
        """Standard error stays quiet."""


class BadPost:
    """A mail server: of whom it does not know it takes nothing at first (451), and to `drop@…` it
    hangs up in the middle of the first mail.
    """

    def __init__(self) -> None:
        self.inbox: Inbox[Mail] = Inbox()
        self.refused: Counter[str] = Counter()
        self.port = free_ports(1)[0]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_RCPT(self, _s: Any, _n: Any, envelope: Any, to: str, _o: Any) -> str:  # noqa: N802
        self.refused[to] += 1
        if to.startswith("grey") and self.refused[to] == 1:
            return "451 4.7.1 greylisted, come back"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if envelope.rcpt_tos[0].startswith("drop") and self.refused["dropped"] == 0:
            self.refused["dropped"] += 1
            server.transport.abort()
            await asyncio.sleep(0)
            return "451 gone"
        self.inbox.put(Mail(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
        return "250 OK"

    def __enter__(self) -> "BadPost":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
