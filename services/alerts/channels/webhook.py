"""Webhooks over HTTP by the Standard Webhooks specification. Redirects are not followed."""

import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from services.alerts.channels.deadline import Deadline
from services.alerts.core import hook
from services.alerts.core.deliveries import ChannelName, Receipt, without_secrets
from services.alerts.core.notice import Notice
from services.chassis.clock import Clock


class WebhookChannel:
    """Posts JSON. Without signing keys the signature header is left out."""

    name: ChannelName = "webhook"

    def __init__(self, signing: Sequence[bytes], clock: Clock) -> None:
        self._signing, self._clock = signing, clock
        self._trust = httpx.create_ssl_context()

    def send(self, notice: Notice, deadline: Deadline) -> Receipt:
        url = notice.target.address
        try:
            return self._post(url, notice, deadline)
        except httpx.TimeoutException:
            return Receipt(False, "no answer in time", again=True)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            return Receipt(False, "not a usable address")
        except (httpx.HTTPError, ssl.SSLError) as error:
            detail = without_secrets(f"{type(error).__name__}: {error}", url)
            return Receipt(False, detail, again=True)

    def _post(self, url: str, notice: Notice, deadline: Deadline) -> Receipt:
        """A client and a connection of its own: one that was kept open would have no guard."""
        body, now = hook.payload(notice), self._clock.now()
        headers = hook.headers(notice, body, now, self._signing)
        with (
            httpx.Client(verify=self._trust, timeout=deadline.seconds) as client,
            client.stream(
                "POST", url, content=body, headers=headers, extensions={"trace": _guard(deadline)}
            ) as response,
        ):
            # Only the status counts: the body of the answer is never read.
            return hook.receipt(response.status_code, response.headers, self._clock.now())


def _guard(deadline: Deadline) -> Any:
    """A trace of httpcore that hands every new connection to the deadline."""

    def trace(event: str, details: Mapping[str, Any]) -> None:
        if event.endswith(".connect_tcp.complete"):
            deadline.guard(details["return_value"].get_extra_info("socket"))

    return trace
