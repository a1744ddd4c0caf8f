"""Watches what is at work: renews its leases, and shows attempts that hang."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

from schemas.targets import ChannelName
from services.alerts.evidence_queue import EvidenceQueue, EvidenceTask
from services.alerts.ledger import Ledger, Task
from services.chassis.clock import Clock
from services.chassis.telemetry import logs, metrics

log = logs.get("watch")
HANGING_S = 5.0
"""An attempt that is at work for longer is told of, before its deadline ends it."""


class Watch:
    """Of one process. `turn` is called more often than a lease lasts; what ended is renewed no
    more, so that a claim whose closing failed becomes free by itself.
    """

    def __init__(self, ledger: Ledger, queue: EvidenceQueue, clock: Clock) -> None:
        self._ledger, self._queue, self._clock = ledger, queue, clock
        self._lock = threading.Lock()
        self._sending: dict[Task, float] = {}
        self._making: dict[EvidenceTask, float] = {}
        self._reported: set[Task] = set()

    @contextmanager
    def sending(self, task: Task) -> Iterator[None]:
        """An attempt is at work from here to the end."""
        with self._lock:
            self._sending[task] = self._clock.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._sending[task]
                self._reported.discard(task)

    @contextmanager
    def making(self, task: EvidenceTask) -> Iterator[None]:
        """Evidence is at work from here to the end."""
        with self._lock:
            self._making[task] = self._clock.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._making[task]

    def turn(self) -> float:
        """Raises TransientError when the database is away: the leases may run out meanwhile."""
        with self._lock:
            sending, making = dict(self._sending), list(self._making)
        self._show(sending)
        now = self._clock.now().timestamp()
        self._ledger.renew(list(sending), now)
        self._queue.renew(making, now)
        return min(self._ledger.lease_s, self._queue.lease_s, HANGING_S * 3) / 3

    def _show(self, sending: dict[Task, float]) -> None:
        now = self._clock.monotonic()
        hanging = [task for task, since in sending.items() if now - since > HANGING_S]
        for channel in get_args(ChannelName):
            count = sum(task.channel == channel for task in hanging)
            metrics.gauge("deliveries_hanging", channel, count)
        for task in hanging:
            if task not in self._reported:
                self._reported.add(task)
                log.warning(
                    "no answer yet",
                    channel=task.channel,
                    target=task.shown,
                    alert_id=str(task.alert.alert_id),
                    seconds=round(now - sending[task], 1),
                )
