"""Webhooks by the Standard Webhooks specification, and messages as Slack takes them."""

from collections.abc import Sequence

from schemas.targets import ChannelName
from services.alerts.channels.posting import Poster
from services.alerts.core import hook, slack
from services.alerts.core.deliveries import Receipt, Target
from services.alerts.core.notice import Notice
from services.chassis.addresses.endpoints import Connecting, EndpointPolicy
from services.chassis.clock import Clock
from services.chassis.deadline import Deadline


class WebhookChannel:
    """Posts JSON. Without signing keys the signature header is left out."""

    name: ChannelName = "webhook"

    def __init__(
        self,
        signing: Sequence[bytes],
        clock: Clock,
        poster: Poster | None = None,
        policy: EndpointPolicy = EndpointPolicy(),
    ) -> None:
        """`signing` are the keys of the environment's webhooks; others have their own secrets."""
        self._signing, self._clock, self._policy = signing, clock, policy
        self._poster = poster or Poster(clock)

    def send(self, notice: Notice, deadline: Deadline) -> Receipt:
        target = notice.target
        secrets = target.secrets
        signing = hook.keys(" ".join(secrets)) if target.identity else self._signing
        body, now = hook.payload(notice), self._clock.now()
        headers = hook.headers(notice, body, now, signing)
        connecting = connecting_to(target, self._policy)
        return self._poster.post(target.address, headers, body, connecting, deadline)


class SlackChannel:
    """Posts what Slack's incoming webhooks take, and what many others understand as well."""

    name: ChannelName = "slack"

    def __init__(self, poster: Poster, policy: EndpointPolicy) -> None:
        self._poster, self._policy = poster, policy

    def send(self, notice: Notice, deadline: Deadline) -> Receipt:
        headers = {"content-type": "application/json", "user-agent": "nightclerk"}
        body, target = slack.payload(notice), notice.target
        connecting = connecting_to(target, self._policy)
        return self._poster.post(target.address, headers, body, connecting, deadline)


def connecting_to(target: Target, policy: EndpointPolicy) -> Connecting:
    """What people configured is checked; the environment is the operator's own word."""
    return Connecting(policy if target.identity else None)
