"""Sends what is due to one target, whatever happened before.

Every target has a sender of its own, so that none waits for another. It works from the ledger
alone, and retries survive a restart. Delivery is at least once in one instant only: a crash
between the other side's yes and our note of it. Then the same mail (Message-ID) or webhook
(webhook-id) goes out a second time, recognisable as such.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas import ids
from schemas.deliveries import DeliveryAttempted
from services.alerts.channels import Channel
from services.alerts.channels.deadline import BoundedCalls, Expired
from services.alerts.core.deliveries import (
    Attempt,
    Receipt,
    RetryPolicy,
    Target,
    Verdict,
    judge,
)
from services.alerts.core.notice import Notice
from services.alerts.evidence_queue import EvidenceQueue
from services.alerts.ledger import Ledger, Task
from services.alerts.watch import Watch
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.chassis.telemetry import logs, metrics

log = logs.get("sender")
IDLE_S = 30.0
CLOSING_TRIES = 8
PICTURE_S = 3.0
"""A mail waits no longer for the store to give its picture."""


@dataclass(frozen=True)
class Sending:
    """What the senders of all targets share."""

    ledger: Ledger
    queue: EvidenceQueue
    store: ObjectStore
    watch: Watch
    clock: Clock
    chance: Callable[[], float]
    dashboard_url: str = ""
    policy: RetryPolicy = RetryPolicy()  # noqa: RUF009 - frozen
    deadline_s: float = 20.0
    """An attempt takes no longer, whatever the other side does."""


class Sender:
    """`turn` makes at most one attempt, so that a stop never waits for more than one."""

    def __init__(
        self, channel: Channel, target: Target, shared: Sending, sent: Callable[[Task], None]
    ) -> None:
        """`sent` hears of every attempt once it is written down."""
        self._channel, self._target, self._shared, self._sent = channel, target, shared, sent
        self._calls, self._pictures = BoundedCalls(), BoundedCalls()

    def turn(self) -> float:
        """Seconds until there is more to do. Raises TransientError when the database is away."""
        now = self._now()
        task = self._shared.ledger.claim(self._target, now)
        if task is None:
            due_at = self._shared.ledger.next_due(self._target)
            return IDLE_S if due_at is None else min(max(due_at - now, 0.05), IDLE_S)
        with self._shared.watch.sending(task):
            self._attempt(task)
        self._sent(task)
        return 0.0

    def cut_short(self) -> None:
        """End the attempt at work, from another thread: it counts as failed for now."""
        self._calls.cut_short()

    def _attempt(self, task: Task) -> None:
        notice = self._notice(task)
        receipt = self._send(notice)
        ended_at = self._now()
        attempt = Attempt(task.attempt, task.opened_at, ended_at)
        verdict = judge(receipt, attempt, self._shared.policy, self._shared.chance())
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
        self._close(task, verdict, ended_at, notice.snapshot is not None)

    def _send(self, notice: Notice) -> Receipt:
        """An alert that breaks the channel costs its own delivery, not everybody's."""
        try:
            return self._calls.run(
                self._shared.deadline_s, lambda end: self._channel.send(notice, end)
            )
        except Expired as error:
            return Receipt(delivered=False, detail=str(error), again=True)
        except Exception as error:
            log.exception("sending", delivery_id=str(notice.delivery_id))
            return Receipt(False, f"this alert cannot be sent ({type(error).__name__})")

    def _notice(self, task: Task) -> Notice:
        snapshot, note = self._picture(task)
        return Notice(
            delivery_id=task.delivery_id,
            alert=task.alert,
            target=self._target,
            opened_at=datetime.fromtimestamp(task.opened_at, UTC),
            source_name=task.source_name,
            dashboard_url=self._shared.dashboard_url,
            snapshot=snapshot,
            note=note,
            amends=task.amends,
        )

    def _picture(self, task: Task) -> tuple[bytes | None, str]:
        """The snapshot if it is there, else why it never will be. Only a mail carries it."""
        if self._channel.name != "email":
            return None, ""
        present = self._shared.queue.present(task.alert.alert_id)
        if present is None or present.peak_s is None:
            return None, present.note if present else ""
        key = ids.snapshot_key(task.alert.alert_id)
        with suppress(TransientError, ObjectMissing, Expired):
            return self._pictures.run(PICTURE_S, lambda _: self._shared.store.get(key)), ""
        return None, ""

    def _close(self, task: Task, verdict: Verdict, ended_at: float, has_picture: bool) -> None:
        """Insist: forgetting that it was sent would send it again."""
        event = attempted(task, verdict, ended_at)
        never = threading.Event()
        for tried in range(CLOSING_TRIES):
            try:
                self._shared.ledger.close(task, verdict, event, ended_at, has_picture)
                return
            except TransientError:
                if tried == CLOSING_TRIES - 1:
                    raise
            self._shared.clock.wait(min(0.2 * 2.0**tried, 10.0), never)

    def _now(self) -> float:
        return self._shared.clock.now().timestamp()


def attempted(task: Task, verdict: Verdict, ended_at: float) -> DeliveryAttempted:
    """The event of one attempt."""
    return DeliveryAttempted(
        delivery_id=task.delivery_id,
        alert_id=task.alert.alert_id,
        source_id=task.alert.source_id,
        channel=task.channel,
        target=task.shown,
        attempt=task.attempt,
        outcome=verdict.outcome,
        detail=verdict.detail[:500],
        attempted_at=datetime.fromtimestamp(ended_at, UTC),
    )
