"""Records of alerts.v1 in, evidence and ledger entries out. Sending is the couriers' work."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from threading import Event

from schemas.alerts import AlertOpened
from services.alerts.core import Alert
from services.alerts.core.deliveries import Target, deliveries_for, is_stale
from services.alerts.evidence import EvidenceRoom
from services.alerts.ledger import Ledger
from services.chassis.clock import Clock
from services.chassis.streaming.handler import Cancelled, Handler
from services.chassis.streaming.records import Headers, Incoming, Outgoing
from services.chassis.telemetry import logs

log = logs.get("alerts")


class AlertHandler(Handler):
    """Everything it does may be done again: keys and ids are fixed, known deliveries stay."""

    def __init__(
        self,
        ledger: Ledger,
        evidence: EvidenceRoom,
        targets: Sequence[Target],
        clock: Clock,
        opened: Callable[[], None] = lambda: None,
        max_age: timedelta = timedelta(hours=24),
    ) -> None:
        self._ledger, self._evidence, self._targets = ledger, evidence, targets
        self._clock, self._opened, self._max_age = clock, opened, max_age

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        """One look at each alert of the batch, at its latest state."""
        for records in _by_alert(batch):
            if cancelled.is_set():
                raise Cancelled
            alert = _alert(records[-1])
            self._make(alert, cancelled)
            for item in records:
                if isinstance(item.message, AlertOpened):
                    self._tell(alert, item.record.headers)
        return ()

    def _make(self, alert: Alert, cancelled: Event) -> None:
        before = self._ledger.made(alert.alert_id)
        made = self._evidence.make(alert, before, cancelled)
        if cancelled.is_set() and made.note:
            raise Cancelled
        if made != before:
            self._ledger.remember(alert.alert_id, made, self._clock.now().timestamp())

    def _tell(self, alert: Alert, headers: Headers) -> None:
        now, told_at = self._clock.now(), _time(headers)
        if is_stale(told_at, now, self._max_age):
            log.info("too old to tell", alert_id=str(alert.alert_id), of=str(told_at))
            return
        made = self._ledger.made(alert.alert_id)
        assert made is not None
        opened = deliveries_for(alert, self._targets)
        trace = headers.get("traceparent", b"").decode("ascii", "replace")
        self._ledger.open(opened, made, trace, now.timestamp())
        self._opened()


def _by_alert(batch: Sequence[Incoming]) -> list[list[Incoming]]:
    """Records of the same alert together, in the order of their first."""
    groups: dict[object, list[Incoming]] = {}
    for item in batch:
        groups.setdefault(_alert(item).alert_id, []).append(item)
    return list(groups.values())


def _alert(item: Incoming) -> Alert:
    assert isinstance(item.message, Alert)
    return item.message


def _time(headers: Headers) -> datetime | None:
    """When the alert was told, by its CloudEvents attribute."""
    try:
        told_at = datetime.fromisoformat(headers.get("ce_time", b"").decode("ascii"))
    except ValueError:
        return None
    return told_at if told_at.tzinfo else None
