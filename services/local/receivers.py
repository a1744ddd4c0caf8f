"""Somebody to write to on this machine: an SMTP sink and a webhook receiver, for demo and tests."""

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Generic, Self, TypeVar

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from services.local.config import LOOPBACK
from services.local.ports import free_ports

Item = TypeVar("Item")


@dataclass(frozen=True)
class Mail:
    """One mail as it came over SMTP."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, _class=EmailMessage, policy=policy.default)


@dataclass(frozen=True)
class Hook:
    """One POST as it came, header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


class Inbox(Generic[Item]):
    """What arrived, in order; `heard` is told of each item at once. Safe between threads."""

    def __init__(self, heard: Callable[[Item], None] | None = None) -> None:
        self._items: list[Item] = []
        self._heard = heard
        self._arrived = threading.Condition()

    def put(self, item: Item) -> None:
        with self._arrived:
            self._items.append(item)
            self._arrived.notify_all()
        if self._heard:
            self._heard(item)

    @property
    def items(self) -> list[Item]:
        with self._arrived:
            return list(self._items)

    def wait_for(self, count: int, timeout_s: float = 120.0) -> list[Item]:
        """All items once there are `count`; raises TimeoutError when there are not in time."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._items) >= count, timeout_s):
                raise TimeoutError(f"{len(self._items)} of {count} arrived in {timeout_s:g} s")
            return list(self._items)


class SmtpSink:
    """Takes every mail and keeps it. With `login` it wants AUTH, with `tls` it offers STARTTLS."""

    def __init__(
        self,
        login: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        heard: Callable[[Mail], None] | None = None,
    ) -> None:
        self.inbox: Inbox[Mail] = Inbox(heard)
        self.host, self.port = LOOPBACK, free_ports(1)[0]
        self._login = login
        options: dict[str, Any] = {"tls_context": tls, "require_starttls": tls is not None}
        if login:
            options |= {
                "authenticator": self._authenticate,
                "auth_required": True,
                "auth_require_tls": tls is not None,
            }
        self._controller = Controller(self, hostname=self.host, port=self.port, **options)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd wants it so
        self.inbox.put(Mail(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
        return "250 OK"

    def _authenticate(
        self, _server: Any, _session: Any, _envelope: Any, how: str, data: Any
    ) -> Any:
        known = isinstance(data, LoginPassword) and self._login is not None
        given = (data.login.decode(), data.password.decode()) if known else None
        # Not handled: aiosmtpd answers a wrong login itself, else the client would wait for ever.
        right = given == self._login and how in ("LOGIN", "PLAIN")
        return AuthResult(success=right, handled=right)


class WebhookReceiver:
    """Takes every POST and keeps it. `answers` are the next status codes, after them 204."""

    def __init__(self, heard: Callable[[Hook], None] | None = None) -> None:
        self.inbox: Inbox[Hook] = Inbox(heard)
        self.answers: list[int] = []
        self._server = _HookServer(self)
        self.url = f"http://{LOOPBACK}:{self._server.server_address[1]}/hook"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _HookServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, receiver: WebhookReceiver) -> None:
        super().__init__((LOOPBACK, 0), _HookHandler)
        self.receiver = receiver


class _HookHandler(BaseHTTPRequestHandler):
    server: _HookServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver = self.server.receiver
        status = receiver.answers.pop(0) if receiver.answers else 204
        receiver.inbox.put(Hook(self.path, headers, body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """What arrived lies in the inbox; standard error stays quiet."""
