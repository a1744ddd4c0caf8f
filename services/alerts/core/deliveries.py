"""Which deliveries an alert causes, and what becomes of one after an attempt."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from schemas import ids
from services.alerts.core import Alert

ChannelName = Literal["email", "webhook"]
Outcome = Literal["delivered", "retrying", "failed"]


@dataclass(frozen=True)
class Target:
    """Somebody to tell: a mail address or a URL. It may hold a secret: show `shown`."""

    channel: ChannelName
    address: str

    @property
    def shown(self) -> str:
        """What may be logged and told: a URL loses its credentials and its query."""
        if self.channel == "email":
            return self.address
        parts = urlsplit(self.address)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))

    def delivery_id(self, alert_id: UUID) -> UUID:
        """The same for the same alert and target, whenever it is asked."""
        return ids.delivery_id(alert_id, self.channel, self.address)


@dataclass(frozen=True)
class Delivery:
    """One alert for one target."""

    delivery_id: UUID
    alert: Alert
    target: Target


def deliveries_for(alert: Alert, targets: Iterable[Target]) -> tuple[Delivery, ...]:
    """One for each target, in their order; a target named twice counts once."""
    return tuple(
        Delivery(target.delivery_id(alert.alert_id), alert, target)
        for target in dict.fromkeys(targets)
    )


def is_stale(told_at: datetime | None, now: datetime, limit: timedelta) -> bool:
    """Whether an alert is too old to wake somebody. One of unknown age is not."""
    return told_at is not None and now - told_at > limit


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with jitter, inside a window from the first attempt on.

    The delay before attempt n + 1 is `base_s * 2 ** (n - 1)`, at most `cap_s`, scaled by a random
    factor in [1 - jitter, 1 + jitter]. See Brooker, "Exponential Backoff And Jitter" (2015).
    """

    base_s: float = 2.0
    cap_s: float = 900.0
    window_s: float = 6 * 3600.0
    jitter: float = 0.25

    def delay_s(self, attempt: int, chance: float) -> float:
        """After attempt number `attempt` (from 1); `chance` is uniform in [0, 1)."""
        grown = self.base_s * 2.0 ** min(attempt - 1, 60)
        return min(grown, self.cap_s) * (1 - self.jitter + 2 * self.jitter * chance)


@dataclass(frozen=True)
class Receipt:
    """What a channel says of one attempt. `again` is whether another may do better."""

    delivered: bool
    detail: str
    again: bool = False
    retry_after_s: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """What follows from an attempt: final, or due again at a time (seconds since the epoch)."""

    outcome: Outcome
    detail: str
    due_at: float | None = None


@dataclass(frozen=True)
class Attempt:
    """One attempt of a delivery, in seconds since the epoch. Attempts count from 1."""

    number: int
    first_at: float
    ended_at: float


def judge(receipt: Receipt, attempt: Attempt, policy: RetryPolicy, chance: float) -> Verdict:
    """Delivered, refused for good, given up at the end of the window, or due again."""
    if receipt.delivered:
        return Verdict("delivered", receipt.detail)
    if not receipt.again:
        return Verdict("failed", receipt.detail)
    wait_s = max(policy.delay_s(attempt.number, chance), receipt.retry_after_s)
    due_at = attempt.ended_at + wait_s
    if due_at > attempt.first_at + policy.window_s:
        hours = policy.window_s / 3600
        return Verdict("failed", f"given up after {hours:g} h: {receipt.detail}")
    return Verdict("retrying", receipt.detail, due_at)
