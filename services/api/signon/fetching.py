"""Questions to a provider, whose address an owner entered: to what the operator allows alone, over
TLS, without following anybody elsewhere, and over within ten seconds, whatever the other side does.
"""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import httpcore
import httpx

from services.api.signon.faults import SignOnFault
from services.chassis.addresses.camera import AddressFault
from services.chassis.addresses.endpoints import Connecting, EndpointPolicy, endpoint
from services.chassis.addresses.pinned import PinnedBackend
from services.chassis.addresses.policy import Resolve, resolve
from services.chassis.deadline import Deadline, Expired

WITHIN_S = 10.0
MOST_BYTES = 512 * 1024
MOST_OF_ISSUER, MOST = 6, 18
"""Questions at a time: a provider that hangs holds no more threads than these."""
SCHEMES = ("https", "http")
UNREACHABLE = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpx.InvalidURL,
    OSError,
    ValueError,
)


class Fetching:
    """May be used by several threads."""

    def __init__(self, policy: EndpointPolicy, resolve: Resolve = resolve) -> None:
        self._policy, self._resolve = policy, resolve
        self._running: dict[str, int] = {}
        self._lock = threading.Lock()

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Reading the system's authorities takes a moment: not before it is needed."""
        return httpx.create_ssl_context()

    def check(self, url: str) -> None:
        """Whether that may be asked at all. Raises SignOnFault."""
        try:
            place = endpoint(url, SCHEMES)
            self._of(place.scheme).check(place.host, self._resolve)
        except AddressFault as error:
            raise SignOnFault("unreachable", str(error)) from error

    def get(self, issuer: str, url: str, headers: Mapping[str, str]) -> Mapping[str, Any]:
        """The JSON object there. Raises SignOnFault."""
        status, body = self._ask(issuer, "GET", url, headers, b"")
        if status != 200:
            raise SignOnFault("refused", f"the provider answered {status} to a question")
        return _object(body)

    def post(
        self, issuer: str, url: str, headers: Mapping[str, str], fields: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """What comes of a form. Raises SignOnFault."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(fields).encode()
        status, answer = self._ask(issuer, "POST", url, dict(headers) | form, body)
        if status != 200:
            raise SignOnFault("refused", f"the provider answered {status}: {_error(answer)}")
        return _object(answer)

    def _ask(
        self, issuer: str, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        with self._place_of(issuer):
            deadline = Deadline(WITHIN_S)
            timer = threading.Timer(WITHIN_S, deadline.expire)
            timer.daemon = True
            timer.start()
            try:
                return self._answer(method, url, headers, body, deadline)
            except AddressFault as error:
                raise SignOnFault("unreachable", str(error)) from error
            except (httpcore.TimeoutException, Expired) as error:
                raise SignOnFault("unreachable", "the provider did not answer in time") from error
            except UNREACHABLE as error:
                detail = f"the provider cannot be reached: {type(error).__name__}"
                raise SignOnFault("unreachable", detail) from error
            finally:
                timer.cancel()
                deadline.release()

    def _answer(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, deadline: Deadline
    ) -> tuple[int, bytes]:
        """A pool and a connection of its own: one that was kept open would have no guard."""
        place = endpoint(url, SCHEMES)
        backend = PinnedBackend(Connecting(self._of(place.scheme), self._resolve), deadline)
        sent = {"Host": httpx.URL(url).netloc.decode("ascii"), "Accept": "application/json"}
        timeouts = dict.fromkeys(("connect", "read", "write"), WITHIN_S)
        trust = self._trust if place.scheme == "https" else None
        with (
            httpcore.ConnectionPool(trust, network_backend=backend) as pool,
            pool.stream(
                method,
                url,
                headers=[*(sent | dict(headers)).items()],
                content=body,
                extensions={"timeout": timeouts},
            ) as response,
        ):
            return response.status, _bounded(response)

    def _of(self, scheme: str) -> EndpointPolicy:
        """Without encryption nobody but this machine itself is asked."""
        if scheme == "https":
            return self._policy
        return replace(
            self._policy,
            networks=frozenset(self._policy.networks) & {"loopback"},
            refusal="The address of a provider {where} must begin with https://.",
        )

    @contextmanager
    def _place_of(self, issuer: str) -> Iterator[None]:
        with self._lock:
            running = self._running.get(issuer, 0)
            if running >= MOST_OF_ISSUER or sum(self._running.values()) >= MOST:
                raise SignOnFault("busy", "too many questions to providers at a time")
            self._running[issuer] = running + 1
        try:
            yield
        finally:
            with self._lock:
                self._running[issuer] -= 1
                if not self._running[issuer]:
                    del self._running[issuer]


def _bounded(response: httpcore.Response) -> bytes:
    found = bytearray()
    for chunk in response.iter_stream():
        found += chunk
        if len(found) > MOST_BYTES:
            raise SignOnFault("refused", "the provider's answer does not end")
    return bytes(found)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise SignOnFault("refused", "the provider's answer is no JSON object")
    return content


def _error(body: bytes) -> str:
    """The code of an OAuth error; nothing else of a stranger's text."""
    try:
        code = json.loads(body).get("error", "")
    except (ValueError, AttributeError, RecursionError):
        return "no reason"
    return "".join(letter for letter in str(code)[:64] if letter.isalnum() or letter in "_-")
