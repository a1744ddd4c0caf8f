"""What every answer carries and every request must pass: headers, hosts, origins, sizes.

WebSockets too: browsers open them to any host, and send the cookie along.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api import sizes
from services.api.config import COOKIE, ApiSettings, is_loopback
from services.api.problems import answer

SAFE = ("GET", "HEAD", "OPTIONS")
POLICY_VIOLATION = 1008
OURS = ("same-origin", "none")
FOREIGN = "Pages of other origins may not change anything here."
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
        " media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
}


class Guards:
    """ASGI middleware. Without a token the browser's same-origin policy is all that protects the
    API from foreign pages, so then requests for another host name (DNS rebinding) are refused too.
    """

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._origins = settings.api_cors_origins
        self._any_host = bool(settings.api_token.get_secret_value())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._guard_socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._guard_request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _guard_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever comes over a socket may change something, so its origin must be ours."""
        if self._fault("WEBSOCKET", Headers(scope=scope)) or sizes.fault(scope):
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await self._app(scope, receive, send)

    async def _guard_request(self, scope: Scope, receive: Receive, send: Send) -> None:

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        fault = self._fault(scope["method"], Headers(scope=scope))
        status, sentence = (403, fault) if fault else sizes.fault(scope) or (0, "")
        if status:
            headers = {"Connection": "close"} if status == 413 else None
            await answer(Request(scope), status, sentence, headers)(scope, receive, dressed)
        else:
            await self._app(scope, sizes.bounded(scope, receive), dressed)

    def _fault(self, method: str, headers: Headers) -> str:
        host = headers.get("host", "")
        if not self._any_host and not is_loopback(urlsplit(f"//{host}").hostname or ""):
            return f"Without a token the API answers to loopback names only, not to {host!r}."
        if method in SAFE:
            return ""
        origin = headers.get("origin")
        if origin is None:
            return _without_origin(headers)
        if origin not in self._origins and urlsplit(origin).netloc != host:
            return FOREIGN
        return ""


def _without_origin(headers: Headers) -> str:
    """Browsers of today send Origin or Sec-Fetch-Site with whatever changes something. One that
    sends neither, but our cookie, cannot say which page it acts for.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return "" if site in OURS else FOREIGN
    if f"{COOKIE}=" in headers.get("cookie", ""):
        return "With a cookie alone nothing is changed: send Origin, or use a token."
    return ""
