"""Which deliveries an alert causes, and what becomes of one after an attempt."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from schemas import ids
from schemas.alerts import Alert
from schemas.deliveries import Purpose
from schemas.judgements import LIVE
from schemas.targets import AlertFilter, ChannelName, Language, Pacing

Outcome = Literal["delivered", "retrying", "failed"]


@dataclass(frozen=True)
class Target:
    """Somebody to notify: of the environment, or configured, with an identity of its own.

    The address is a mail address, a URL, or the subscription of a browser; it may hold a secret:
    show `shown`.
    """

    channel: ChannelName
    address: str
    name: str = field(default="", compare=False)
    """Of a person, beside the mail address."""
    identity: UUID | None = None
    """None: the environment names it, and it hears of all tenants' alerts."""
    tenant_id: UUID | None = field(default=None, compare=False)
    label: str = field(default="", compare=False)
    """What people see of the address of a configured target."""
    secrets: tuple[str, ...] = field(default=(), compare=False, repr=False)
    language: Language = field(default="en", compare=False)
    wants: AlertFilter = field(default=AlertFilter(), compare=False)
    pacing: Pacing | None = field(default=None, compare=False)
    after_s: float = field(default=0.0, compare=False)

    @property
    def shown(self) -> str:
        """What may be logged, stored and answered: of a URL scheme and host alone."""
        if self.label:
            return self.label
        return self.address if self.channel == "email" else masked(self.address)

    @property
    def purpose(self) -> Purpose:
        """Of the delivery of an alert to it."""
        return "escalation" if self.after_s else "alert"

    @property
    def target_id(self) -> UUID:
        """Tells targets apart without their addresses."""
        return self.identity or uuid5(ids.NAMESPACE, f"target/{self.channel}/{self.address}")

    def delivery_id(self, alert_id: UUID) -> UUID:
        """The same for the same alert and target, whenever it is asked."""
        return ids.delivery_id(alert_id, self.channel, self._identifier)

    @property
    def _identifier(self) -> str:
        """An address that is changed notifies nobody twice."""
        return str(self.identity) if self.identity else self.address

    def amendment_id(self, alert_id: UUID) -> UUID:
        """Of the second mail, which brings the picture that the first went without."""
        return ids.delivery_id(alert_id, f"{self.channel}/picture", self._identifier)


def masked(url: str) -> str:
    """Scheme and host; an ellipsis stands for what follows, which may be a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "…"
    host = parts.netloc.rpartition("@")[2]
    rest = "/…" if parts.path.strip("/") or parts.query or parts.fragment else ""
    return f"{parts.scheme}://{host}{rest}"


def without_secrets(detail: str, url: str) -> str:
    """What a library says of a failed attempt, less what `masked` hides of the URL."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    target = f"{parts.path}?{parts.query}"
    for secret in (url, target, parts.path, parts.query, login, parts.password or ""):
        if len(secret) > 1:
            detail = detail.replace(secret, "…")
    return detail


@dataclass(frozen=True)
class Delivery:
    """One alert for one target. `source_name` is what people call the source of the alert."""

    delivery_id: UUID
    alert: Alert
    target: Target
    source_name: str = ""
    amends: UUID | None = None
    """The delivery that this second mail adds a picture to."""
    purpose: Purpose = "alert"
    after_s: float = 0.0
    """Not before so long from now."""


def deliveries_for(
    alert: Alert, targets: Iterable[Target], source_name: str = ""
) -> tuple[Delivery, ...]:
    """One for each target, in their order; a target named twice counts once."""
    return tuple(
        Delivery(
            target.delivery_id(alert.alert_id),
            alert,
            target,
            source_name,
            purpose=target.purpose,
            after_s=target.after_s,
        )
        for target in dict.fromkeys(targets)
    )


def amendments_for(
    alert: Alert, targets: Iterable[Target], source_name: str, bare: Collection[UUID]
) -> tuple[Delivery, ...]:
    """A second mail to each target whose first is among `bare`: it went out without the picture."""
    return tuple(
        Delivery(
            target.amendment_id(alert.alert_id), alert, target, source_name, first, "amendment"
        )
        for target in dict.fromkeys(targets)
        if target.channel == "email" and (first := target.delivery_id(alert.alert_id)) in bare
    )


def notifies(alert: Alert, now: datetime, max_age: timedelta) -> bool:
    """Whether people hear of an alert: runs beside the live one notify nobody, and what was cut
    longer ago than `max_age` is no news, however often the log is read again.
    """
    return alert.run == LIVE and now - alert.cut_at <= max_age


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
    """How one attempt went, by the channel. `again` is whether another may do better."""

    delivered: bool
    detail: str
    again: bool = False
    retry_after_s: float = 0.0
    status: int | None = None
    """Of HTTP or SMTP, where one was given."""
    response: str = ""
    """How the answer began."""


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
