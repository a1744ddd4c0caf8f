"""Records of alerts.v1 in, deliveries and evidence due out. Sending and making run beside it.

The message comes before the evidence (ADR 0021): here nothing is opened but rows of the ledger. Of
what is wrong with a camera there is no evidence, and nobody waits for it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from uuid import UUID

from schemas.alerts import Alert, AlertOpened
from schemas.judgements import LIVE
from services.alerts.core.deliveries import Target, deliveries_for, notifies
from services.alerts.core.recipients import recipients
from services.alerts.evidence_queue import EvidenceQueue
from services.alerts.ledger import Ledger
from services.alerts.sources import Sources
from services.chassis.clock import Clock
from services.chassis.streaming.handler import Cancelled, Handler
from services.chassis.streaming.records import Headers, Incoming, Outgoing
from services.chassis.telemetry import logs

log = logs.get("alerts")


@dataclass(frozen=True)
class Notification:
    """Who hears of alerts, and of which."""

    targets: Callable[[], Sequence[Target]] = tuple
    switched_off: Callable[[], Sequence[Target]] = tuple
    max_age: timedelta = timedelta(hours=24)
    mail_waits_s: float = 3.0
    """So long a mail waits for its picture."""
    keep: timedelta = timedelta(days=180)
    """Alerts that are older get no evidence: it was deleted, or would be at once."""


class AlertHandler(Handler):
    """Everything it does may be done again: ids are fixed, deliveries opened before stay."""

    def __init__(
        self,
        ledger: Ledger,
        queue: EvidenceQueue,
        sources: Sources,
        notification: Notification,
        clock: Clock,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        """`opened` is called when there is something new to send or to make."""
        self._ledger, self._queue, self._sources = ledger, queue, sources
        self._notification, self._clock, self._opened = notification, clock, opened

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        """Each alert of the batch once, at its latest state."""
        for records in _by_alert(batch):
            if cancelled.is_set():
                raise Cancelled
            alert = _alert(records[-1])
            if alert.run != LIVE or self._sources.is_removed(alert.source_id):
                continue
            for item in records:
                if isinstance(item.message, AlertOpened) and self._is_news(item.message):
                    self._notify(alert, item.record.headers)
            if alert.kind == "incident":
                self._want_evidence(alert)
        return ()

    def _is_news(self, opening: Alert) -> bool:
        if notifies(opening, self._clock.now(), self._notification.max_age):
            return True
        log.info("too old", alert_id=str(opening.alert_id), cut_at=str(opening.cut_at))
        return False

    def _notify(self, alert: Alert, headers: Headers) -> None:
        name = self._sources.name(alert.source_id)
        place, now = self._sources.place(alert.source_id), self._clock.now()
        targets = recipients(alert, place, self._notification.targets(), now)
        opened = deliveries_for(alert, targets, name)
        trace = headers.get("traceparent", b"").decode("ascii", "ignore")
        waits_s = self._notification.mail_waits_s if alert.kind == "incident" else 0.0
        self._ledger.open(opened, trace, now.timestamp(), waits_s)
        deaf = recipients(alert, place, self._notification.switched_off(), now)
        self._ledger.miss(deliveries_for(alert, deaf, name), trace, now.timestamp())
        self._opened()

    def _want_evidence(self, alert: Alert) -> None:
        now = self._clock.now()
        if now - alert.cut_at > self._notification.keep:
            return
        if self._queue.want(alert, self._sources.name(alert.source_id), now.timestamp()):
            self._opened()


def _by_alert(batch: Sequence[Incoming]) -> list[list[Incoming]]:
    """Records of the same alert together, in the order of their first."""
    groups: dict[UUID, list[Incoming]] = {}
    for item in batch:
        groups.setdefault(_alert(item).alert_id, []).append(item)
    return list(groups.values())


def _alert(item: Incoming) -> Alert:
    assert isinstance(item.message, Alert)
    return item.message
