"""What comes beside alerts: reviews, which end an escalation; tests and redeliveries that somebody
asks for; mails that are not about an alert.
"""

from collections.abc import Callable, Iterable, Sequence
from threading import Event

from schemas.alerts import Alert, AlertOpened
from schemas.base import Message
from schemas.deliveries import DeliveryRequested
from schemas.mails import MailRequested
from schemas.reviews import AlertReviewed
from services.alerts.core.deliveries import Delivery, Target
from services.alerts.ledger import Ledger
from services.alerts.post import MailQueue
from services.alerts.targets import TargetDirectory
from services.chassis.clock import Clock
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.records import Incoming, Outgoing
from services.chassis.telemetry import logs

log = logs.get("requests")
HEARD_WITHIN_S = 3.0
"""targets.v1 tells of a target apart from the wish to try it."""
LOOK_AGAIN_S = 0.1


class Requests:
    """Everything it does may be done again: rows bear the ids of what was asked for."""

    def __init__(
        self,
        ledger: Ledger,
        mails: MailQueue,
        directory: TargetDirectory,
        clock: Clock,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        """`opened` is called when there is something new to send."""
        self._ledger, self._mails, self._directory = ledger, mails, directory
        self._clock, self._opened = clock, opened

    def take(self, message: Message | None, trace: str, cancelled: Event) -> None:
        """Raises TransientError when the database is away."""
        now = self._clock.now()
        if isinstance(message, AlertReviewed):
            if message.acknowledged_at is not None or message.verdict is not None:
                self._ledger.settle(message.alert_id, now.timestamp())
        elif isinstance(message, MailRequested):
            if now < message.expires_at:
                self._mails.open(message, now.timestamp())
                self._opened()
        elif isinstance(message, DeliveryRequested):
            self._deliver(message, trace, cancelled)

    def _deliver(self, request: DeliveryRequested, trace: str, cancelled: Event) -> None:
        target = self._target(request, cancelled)
        found = self._alert(request)
        if target is None or target.tenant_id != request.tenant_id or found is None:
            missing = "target" if target is None else "alert"
            log.warning("nothing to deliver", request_id=str(request.request_id), missing=missing)
            return
        alert, name = found
        delivery = Delivery(request.request_id, alert, target, name, purpose=request.purpose)
        self._ledger.open([delivery], trace, self._clock.now().timestamp())
        self._opened()

    def _target(self, request: DeliveryRequested, cancelled: Event) -> Target | None:
        """A moment's patience with a target that was added just now: so long after the wish at
        most, however many there are, since alerts wait behind them.
        """
        waited_s = (self._clock.now() - request.requested_at).total_seconds()
        until = self._clock.monotonic() + min(HEARD_WITHIN_S, HEARD_WITHIN_S - waited_s)
        while (target := self._directory.get(request.target_id)) is None:
            if self._clock.monotonic() >= until or self._clock.wait(LOOK_AGAIN_S, cancelled):
                return None
        return target

    def _alert(self, request: DeliveryRequested) -> tuple[Alert, str] | None:
        if request.alert_id is not None:
            return self._ledger.alert_of(request.alert_id)
        return tested(request), ""


def tested(request: DeliveryRequested) -> AlertOpened:
    """What a test speaks of: it bears the request's id, and no source's."""
    return AlertOpened(
        alert_id=request.request_id,
        source_id=request.target_id,
        source_kind="camera",
        origin_at=request.requested_at,
        cut_at=request.requested_at,
        kind="health",
        rule="test",
        label="Test",
        detail=f"Asked for by {request.requested_by}."[:500],
        severity="info",
        start_s=0.0,
        end_s=0.0,
        peak_s=0.0,
        peak_index=0,
        model_id="test",
    )


class InboxHandler(Handler):
    """Alerts to the handler of alerts, batch by batch; all else one after the other."""

    def __init__(self, alerts: Handler, requests: Requests) -> None:
        self._alerts, self._requests = alerts, requests

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        alerts = [item for item in batch if isinstance(item.message, Alert)]
        if alerts:
            yield from self._alerts.handle(alerts, cancelled)
        for item in batch:
            if not isinstance(item.message, Alert):
                trace = item.record.headers.get("traceparent", b"").decode("ascii", "ignore")
                self._requests.take(item.message, trace, cancelled)
