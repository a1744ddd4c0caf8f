"""The courier of one channel: makes the attempts that are due, whatever happened before.

It works from the ledger alone, so retries survive a restart. Delivery is at least once in one
instant only: a crash between the other side's yes and our note of it. Then the same mail
(Message-ID) or webhook (webhook-id) goes out a second time, recognisable as such.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.deliveries import DeliveryAttempted
from services.alerts.channels import Channel
from services.alerts.core.deliveries import (
    Attempt,
    Receipt,
    RetryPolicy,
    Target,
    Verdict,
    judge,
)
from services.alerts.core.notice import Notice, link_to
from services.alerts.core.spans import Made
from services.alerts.ledger import Ledger, Task
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.chassis.telemetry import logs, metrics

log = logs.get("courier")
IDLE_S = 30.0
CLOSING_TRIES = 8


@dataclass(frozen=True)
class Desk:
    """What couriers share."""

    ledger: Ledger
    store: ObjectStore
    clock: Clock
    chance: Callable[[], float]
    dashboard_url: str = ""
    policy: RetryPolicy = RetryPolicy()  # noqa: RUF009 - frozen
    lease_s: float = 300.0


class Courier:
    """`turn` makes at most one attempt, so that a stop never waits for more than one."""

    def __init__(
        self, channel: Channel, targets: Sequence[Target], desk: Desk, told: Callable[[], None]
    ) -> None:
        self._channel, self._desk, self._told = channel, desk, told
        self._targets = [target for target in targets if target.channel == channel.name]

    def turn(self) -> float:
        """Seconds until there is more to do. Raises TransientError when the database is away."""
        now = self._now()
        task = self._desk.ledger.claim(self._channel.name, now, self._desk.lease_s)
        if task is None:
            due_at = self._desk.ledger.next_due(self._channel.name)
            return IDLE_S if due_at is None else min(max(due_at - now, 0.0), IDLE_S)
        self._attempt(task)
        self._told()
        return 0.0

    def _attempt(self, task: Task) -> None:
        receipt = self._send(task)
        ended_at = self._now()
        attempt = Attempt(task.attempt, task.opened_at, ended_at)
        verdict = judge(receipt, attempt, self._desk.policy, self._desk.chance())
        metrics.count("deliveries", f"{self._channel.name}/{verdict.outcome}")
        log.info(
            verdict.outcome,
            channel=self._channel.name,
            target=task.shown,
            alert_id=str(task.alert.alert_id),
            delivery_id=str(task.delivery_id),
            attempt=task.attempt,
            detail=verdict.detail,
        )
        self._close(task, verdict, ended_at)

    def _send(self, task: Task) -> Receipt:
        for target in self._targets:
            if target.delivery_id(task.alert.alert_id) == task.delivery_id:
                return self._channel.send(self._notice(task, target.address))
        return Receipt(delivered=False, detail="this target is no longer configured")

    def _notice(self, task: Task, address: str) -> Notice:
        picture, note = self._picture(task.made)
        return Notice(
            delivery_id=task.delivery_id,
            alert=task.alert,
            address=address,
            link=link_to(self._desk.dashboard_url, task.alert),
            told_at=datetime.fromtimestamp(task.opened_at, UTC),
            snapshot=picture,
            snapshot_key=task.made.snapshot_key,
            evidence_key=task.made.evidence_key,
            note=note,
        )

    def _picture(self, made: Made) -> tuple[bytes | None, str]:
        """The snapshot, or why there is none. Only a mail carries it."""
        if self._channel.name != "email" or made.snapshot_key is None:
            return None, made.note
        try:
            return self._desk.store.get(made.snapshot_key), made.note
        except (TransientError, ObjectMissing):
            return None, "the object store does not give it"

    def _close(self, task: Task, verdict: Verdict, ended_at: float) -> None:
        """Insist: forgetting that it was sent would send it again."""
        event = attempted(task, self._channel, verdict, ended_at)
        never = threading.Event()
        for tried in range(CLOSING_TRIES):
            try:
                self._desk.ledger.close(task, verdict, event, ended_at)
                return
            except TransientError:
                if tried == CLOSING_TRIES - 1:
                    raise
            self._desk.clock.wait(min(0.2 * 2.0**tried, 10.0), never)

    def _now(self) -> float:
        return self._desk.clock.now().timestamp()


def attempted(task: Task, channel: Channel, verdict: Verdict, ended_at: float) -> DeliveryAttempted:
    """The event of one attempt."""
    return DeliveryAttempted(
        delivery_id=task.delivery_id,
        alert_id=task.alert.alert_id,
        source_id=task.alert.source_id,
        channel=channel.name,
        target=task.shown,
        attempt=task.attempt,
        outcome=verdict.outcome,
        detail=verdict.detail[:500],
        snapshot_key=task.made.snapshot_key,
        evidence_key=task.made.evidence_key,
        attempted_at=datetime.fromtimestamp(ended_at, UTC),
    )
