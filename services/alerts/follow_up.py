"""What a picture changes for mails: those that wait for it go out, and those that went without it
are followed by a second one, where the settings ask for that.
"""

from collections.abc import Callable, Sequence

from schemas.alerts import Alert
from services.alerts.core.deliveries import Target, amendments_for
from services.alerts.evidence_queue import EvidenceQueue, EvidenceTask
from services.alerts.ledger import Ledger, Task
from services.chassis.clock import Clock


class FollowUp:
    """Both methods may be called again and from any thread; they raise TransientError."""

    def __init__(
        self,
        ledger: Ledger,
        queue: EvidenceQueue,
        amended: Sequence[Target],
        clock: Clock,
        opened: Callable[[], None],
    ) -> None:
        """`amended` get a second mail; `opened` is called when there is something to send."""
        self._ledger, self._queue, self._amended = ledger, queue, amended
        self._clock, self._opened = clock, opened

    def on_picture(self, task: EvidenceTask) -> None:
        """The picture of an alert is there, or will never be."""
        self._ledger.hasten(task.alert.alert_id, self._now())
        self._amend(task.alert, task.source_name, "")
        self._opened()

    def on_attempt(self, task: Task) -> None:
        """A message went out, or did not; its picture may have come a moment too late for it."""
        if task.channel == "email" and task.amends is None:
            self._amend(task.alert, task.source_name, task.trace)

    def _amend(self, alert: Alert, source_name: str, trace: str) -> None:
        if not self._amended:
            return
        bare = self._ledger.without_picture(alert.alert_id)
        present = self._queue.present(alert.alert_id)
        if bare and present is not None and present.peak_s is not None:
            amendments = amendments_for(alert, self._amended, source_name, bare)
            self._ledger.open(amendments, trace, self._now())
            self._opened()

    def _now(self) -> float:
        return self._clock.now().timestamp()
