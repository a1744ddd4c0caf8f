"""Webhooks over HTTP by the Standard Webhooks specification. Redirects are not followed."""

import ssl
from collections.abc import Sequence

import httpx

from services.alerts.core import hook
from services.alerts.core.deliveries import ChannelName, Receipt
from services.alerts.core.notice import Notice
from services.chassis.clock import Clock


class WebhookChannel:
    """Posts JSON. Without signing keys the signature header is left out."""

    name: ChannelName = "webhook"

    def __init__(self, signing: Sequence[bytes], clock: Clock, timeout_s: float = 10.0) -> None:
        self._signing, self._clock = signing, clock
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False, trust_env=True)

    def send(self, notice: Notice) -> Receipt:
        body, now = hook.payload(notice), self._clock.now()
        headers = hook.headers(notice, body, now, self._signing)
        try:
            # Only the status counts: the body of the answer is never read.
            with self._client.stream(
                "POST", notice.address, content=body, headers=headers
            ) as response:
                return hook.receipt(response.status_code, response.headers, self._clock.now())
        except httpx.TimeoutException:
            return Receipt(False, "no answer in time", again=True)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            return Receipt(False, "not a usable address")
        except (httpx.HTTPError, ssl.SSLError) as error:
            return Receipt(False, f"{type(error).__name__}: {error}", again=True)
