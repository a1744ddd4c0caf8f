"""Sends what is due to one target, whatever happened before.

Every target has a sender of its own, whose turns the dispatcher calls, so that none waits for
another. It works from the ledger alone, and retries survive a restart. Delivery is at least once in
one instant only: a crash between the other side's yes and our note of it. Then the same mail
(Message-ID) or webhook (webhook-id) goes out a second time, recognisable as such.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from schemas import ids
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
from services.alerts.core.notice import Member, Notice
from services.alerts.evidence_queue import EvidenceQueue
from services.alerts.ledger import Ledger, Task
from services.alerts.watch import Watch
from services.chassis.clock import Clock
from services.chassis.deadline import BoundedCalls, Expired
from services.chassis.errors import TransientError
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.chassis.telemetry import logs, metrics

log = logs.get("sender")
IDLE_S = 30.0
CLOSING_TRIES = 8
SLOW_S = 5.0
"""A target whose attempt took longer is slow until one does not."""
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
    acknowledging: Callable[[Task, Target], str] = lambda _task, _target: ""
    """The link by which whoever gets the message acknowledges the alert."""
    hides_faces: Callable[[UUID], bool] = lambda _source_id: False
    """Whether the pictures of a source leave the house with hidden faces only."""
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
        self.is_slow = False
        """The latest attempt was."""

    @property
    def target(self) -> Target:
        return self._target

    def turn(self) -> float:
        """Seconds until there is more to do. Raises TransientError when the database is away."""
        now = self._now()
        task = self._shared.ledger.claim(self._target, now)
        if task is None:
            due_at = self._shared.ledger.next_due(self._target)
            return IDLE_S if due_at is None else min(max(due_at - now, 0.05), IDLE_S)
        if task.purpose == "escalation" and self._shared.ledger.is_settled(task.alert.alert_id):
            self._shared.ledger.drop(task)
            return 0.0
        with self._shared.watch.sending(task):
            self._attempt(task)
        self._sent(task)
        return 0.0

    def cut_short(self) -> None:
        """End the attempt at work, from another thread: it counts as failed for now."""
        self._calls.cut_short()

    def _attempt(self, task: Task) -> None:
        notice = self._notice(task)
        began = self._shared.clock.monotonic()
        receipt = self._send(notice)
        took_s = self._shared.clock.monotonic() - began
        self.is_slow = took_s > SLOW_S
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
        outcome = Ending(verdict, receipt, self._target, ended_at, round(took_s * 1000))
        self._close(task, outcome, notice)

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
            purpose=task.purpose,
            acknowledge_url=self._shared.acknowledging(task, self._target),
            members=self._members(task),
        )

    def _members(self, task: Task) -> tuple[Member, ...]:
        if task.purpose != "digest":
            return ()
        found = self._shared.ledger.members(task.delivery_id)
        return tuple(Member(each.delivery_id, each.alert, each.source_name) for each in found)

    def _picture(self, task: Task) -> tuple[bytes | None, str]:
        """The snapshot if it is there, else why it never will be. Only a mail carries it."""
        if self._channel.name != "email" or task.purpose in ("digest", "test"):
            return None, ""
        present = self._shared.queue.present(task.alert.alert_id)
        if present is None or present.peak_s is None:
            return None, present.note if present else ""
        is_hidden = self._shared.hides_faces(task.alert.source_id)
        key_of = ids.hidden_snapshot_key if is_hidden else ids.snapshot_key
        key = key_of(task.alert.alert_id)
        with suppress(TransientError, ObjectMissing, Expired):
            return self._pictures.run(PICTURE_S, lambda _: self._shared.store.get(key)), ""
        return None, ""

    def _close(self, task: Task, ending: "Ending", notice: Notice) -> None:
        """Insist: forgetting that it was sent would send it again."""
        event = attempted(task, ending)
        of_members = [
            event.model_copy(
                update={
                    "delivery_id": member.delivery_id,
                    "alert_id": member.alert.alert_id,
                    "source_id": member.alert.source_id,
                }
            )
            for member in notice.members
        ]
        first, *more = of_members or [event]
        has_picture, never = notice.snapshot is not None, threading.Event()
        for tried in range(CLOSING_TRIES):
            try:
                self._shared.ledger.close(task, ending.verdict, first, ending.at, has_picture, more)
                return
            except TransientError:
                if tried == CLOSING_TRIES - 1:
                    raise
            self._shared.clock.wait(min(0.2 * 2.0**tried, 10.0), never)

    def _now(self) -> float:
        return self._shared.clock.now().timestamp()


@dataclass(frozen=True)
class Ending:
    """How an attempt ended. `at` is seconds since the epoch."""

    verdict: Verdict
    receipt: Receipt
    target: Target | None
    at: float
    took_ms: int = 0


def attempted(task: Task, ending: Ending) -> DeliveryAttempted:
    """The event of one attempt."""
    return DeliveryAttempted(
        delivery_id=task.delivery_id,
        alert_id=task.alert.alert_id,
        source_id=task.alert.source_id,
        target_id=ending.target.identity if ending.target else None,
        channel=task.channel,
        target=task.shown,
        purpose=task.purpose,
        attempt=task.attempt,
        outcome=ending.verdict.outcome,
        detail=ending.verdict.detail[:500],
        attempted_at=datetime.fromtimestamp(ending.at, UTC),
        status=ending.receipt.status,
        response=ending.receipt.response[:2000],
        took_ms=ending.took_ms,
    )
