"""What the ledger forgets: deliveries that are over and old, old evidence, what nobody sends."""

from dataclasses import dataclass

from services.alerts.core.deliveries import Receipt, Verdict
from services.alerts.evidence_queue import EvidenceQueue
from services.alerts.ledger import Ledger
from services.alerts.post import MailQueue
from services.alerts.sending import Ending, attempted
from services.chassis.clock import Clock
from services.chassis.telemetry import logs

log = logs.get("retention")
PAUSE_S = 3600.0
MAILS_S = 7 * 86_400.0
"""Longer than mails.v1 keeps them: an id that is read again is known."""


@dataclass(frozen=True)
class Keep:
    """For how long, in seconds. `everything_s` is longer than alerts.v1 keeps alerts: else a replay
    would find a delivery forgotten, and send it again if `max_age` allows.
    """

    everything_s: float
    unsent_s: float
    """A delivery that is older, and still not over, belongs to a target that nobody serves."""


class Retention:
    """Doing it twice, or in two processes at once, changes nothing."""

    def __init__(
        self,
        ledger: Ledger,
        queue: EvidenceQueue,
        keep: Keep,
        clock: Clock,
        mails: MailQueue | None = None,
    ) -> None:
        self._ledger, self._queue, self._keep, self._clock = ledger, queue, keep, clock
        self._mails = mails

    def turn(self) -> float:
        """Raises TransientError when the database is away."""
        now = self._clock.now().timestamp()
        self._give_up(now)
        expired = self._queue.expire(now - self._keep.everything_s, now)
        forgotten = self._ledger.forget(now - self._keep.everything_s)
        if self._mails is not None:
            self._mails.forget(now - MAILS_S)
        if expired or forgotten:
            log.info("forgotten", deliveries=forgotten, evidence=expired)
        return PAUSE_S

    def _give_up(self, now: float) -> None:
        """Every delivery ends with an event, also one whose target left the settings."""
        while task := self._ledger.claim_overdue(now - self._keep.unsent_s, now):
            verdict = Verdict("failed", "this target is no longer configured")
            ending = Ending(verdict, Receipt(False, verdict.detail), None, now)
            self._ledger.close(task, verdict, attempted(task, ending), now)
