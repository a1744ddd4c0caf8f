"""How many requests a principal may make: a bucket each, told in the RateLimit headers of
draft-ietf-httpapi-ratelimit-headers. Each instance of the API counts for itself (ADR 0032).
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from math import ceil
from threading import Lock

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WINDOW_S = 60
MOST = 50_000
"""So many buckets are remembered; the one not asked for longest goes first, and is full again."""
STATE = "rate"


@dataclass(frozen=True)
class Standing:
    """Where somebody stands after a request."""

    quota: int
    remaining: int
    reset_s: int
    """Until the bucket is full again."""
    retry_s: int = 0
    """Until the next request may come; 0 when this one was allowed."""

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"principal";q={self.quota};w={WINDOW_S}',
            "RateLimit": f'"principal";r={self.remaining};t={self.reset_s}',
        }


@dataclass
class Limits:
    """Token buckets that fill within a minute. May be used by several threads."""

    monotonic: Callable[[], float]
    _buckets: OrderedDict[Hashable, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, name: Hashable, quota: int) -> Standing:
        """Take one of `quota` requests a minute, if there is one."""
        now, a_second = self.monotonic(), quota / WINDOW_S
        with self._lock:
            tokens, since = self._buckets.get(name, (float(quota), now))
            tokens = min(float(quota), tokens + max(now - since, 0.0) * a_second)
            is_allowed = tokens >= 1
            tokens -= is_allowed
            self._buckets[name] = tokens, now
            self._buckets.move_to_end(name)
            while len(self._buckets) > MOST:
                self._buckets.popitem(last=False)
        return Standing(
            quota=quota,
            remaining=int(tokens),
            reset_s=ceil((quota - tokens) / a_second),
            retry_s=0 if is_allowed else max(ceil((1 - tokens) / a_second), 1),
        )


class RateLimitHeaders:
    """ASGI middleware: whatever is answered says where the principal stands."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def told(message: Message) -> None:
            standing = state.get(STATE)
            if message["type"] == "http.response.start" and isinstance(standing, Standing):
                headers = MutableHeaders(scope=message)
                for name, value in standing.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, told)
