"""When an endpoint counts as dead (ADR 0045). Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.targets import ChannelName

GONE = 410
NO_SUBSCRIPTION = 404
"""What push services answer of a browser that unsubscribed (RFC 8030, section 7.3)."""


@dataclass(frozen=True)
class DeathRule:
    """Nothing has got through for `after`, and at least `deliveries` failed meanwhile."""

    after: timedelta = timedelta(hours=24)
    """Zero: nothing is switched off for failing."""
    deliveries: int = 5


@dataclass(frozen=True)
class Failures:
    """What failed of a target since the latest attempt that got through, or since it was changed.

    `has_answered`: some attempt was answered, if only by an error, so that the way there is open.
    """

    deliveries: int
    first_at: datetime
    last_at: datetime
    has_answered: bool
    detail: str = ""
    """Of the latest."""


def is_gone(channel: ChannelName, status: int | None) -> bool:
    """Whether the endpoint itself says, by its answer, that it is there no more."""
    if channel == "email":
        return False
    return status == GONE or (channel == "webpush" and status == NO_SUBSCRIPTION)


def is_dead(failures: Failures, rule: DeathRule, others_are_reached: bool) -> bool:
    """Of a target that never answers the fault may be ours: it is dead only when another was
    reached meanwhile.
    """
    if not rule.after or failures.deliveries < rule.deliveries:
        return False
    lasted = failures.last_at - failures.first_at >= rule.after
    return lasted and (failures.has_answered or others_are_reached)


def reason_gone(status: int) -> str:
    return f"The endpoint is gone: it answered HTTP {status}."


def reason_dead(failures: Failures) -> str:
    since = failures.first_at.strftime("%Y-%m-%d %H:%M UTC")
    lately = f", the latest with: {failures.detail}" if failures.detail else ""
    return f"Nothing has reached it since {since}: {failures.deliveries} deliveries failed{lately}"
