"""POST over HTTP, for everything that speaks it: to the address that was checked, and no further.

The name is looked up, checked and connected to in one step, certificates are those of the name.
Redirects are not followed, proxies not asked. Of the answer status, headers and beginning count.
"""

import ssl
import time
from collections.abc import Iterable, Mapping

import httpcore
import httpx

from services.alerts.core import hook
from services.alerts.core.deliveries import Receipt, without_secrets
from services.chassis.addresses import AddressFault
from services.chassis.addresses.endpoints import Connecting
from services.chassis.addresses.pinned import PinnedBackend
from services.chassis.clock import Clock
from services.chassis.deadline import Deadline

MOST_OF_ANSWER = 2000
ANSWER_S = 1.0
"""Whoever has said a status has answered: what follows is waited for no longer."""


UNUSABLE = (httpx.InvalidURL, httpcore.UnsupportedProtocol, httpcore.LocalProtocolError)


class Poster:
    """Safe between threads. Making one reads the system's authorities: make it once."""

    def __init__(self, clock: Clock, trust: ssl.SSLContext | None = None) -> None:
        self._clock, self._trust = clock, trust or httpx.create_ssl_context()

    def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connecting: Connecting,
        deadline: Deadline,
    ) -> Receipt:
        """One attempt. Never raises but for what is not the network's fault."""
        try:
            return self._post(url, headers, body, connecting, deadline)
        except AddressFault as error:
            return Receipt(False, str(error), again=True)
        except httpcore.TimeoutException:
            return Receipt(False, "no answer in time", again=True)
        except (*UNUSABLE, ValueError):
            return Receipt(False, "not a usable address")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            detail = without_secrets(f"{type(error).__name__}: {error}", url)
            return Receipt(False, detail, again=True)

    def _post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connecting: Connecting,
        deadline: Deadline,
    ) -> Receipt:
        """A pool and a connection of its own: one that was kept open would have no guard."""
        address = httpx.URL(url)
        if not address.host:
            return Receipt(False, "not a usable address")
        timeouts = dict.fromkeys(("connect", "read", "write"), deadline.seconds)
        backend = PinnedBackend(connecting, deadline)
        with (
            httpcore.ConnectionPool(self._trust, network_backend=backend) as pool,
            pool.stream(
                "POST",
                str(address.copy_with(userinfo=b"")),
                headers=[*_of_host(address, headers)],
                content=body,
                extensions={"timeout": timeouts},
            ) as response,
        ):
            fields = {
                name.decode("ascii").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            timeouts["read"] = ANSWER_S
            text = _beginning(response)
            return hook.receipt(response.status, fields, self._clock.now(), text)


def _of_host(address: httpx.URL, headers: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """With the name that was asked for, and the login of the URL where there is one."""
    yield "host", address.netloc.decode("ascii")
    if address.userinfo:
        login = httpx.BasicAuth(address.username, address.password)
        request = next(login.auth_flow(httpx.Request("POST", "http://host/")))
        yield "authorization", request.headers["authorization"]
    yield from headers.items()


def _beginning(response: httpcore.Response) -> str:
    """What the answer says, as far as it comes at once: it changes nothing."""
    found, until = b"", time.monotonic() + ANSWER_S
    try:
        for chunk in response.iter_stream():
            found += chunk
            if len(found) >= MOST_OF_ANSWER or time.monotonic() > until:
                break
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
        pass
    text = found[:MOST_OF_ANSWER].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
