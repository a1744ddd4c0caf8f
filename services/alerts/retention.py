"""What the ledger forgets: deliveries that are over and old, old evidence, what nobody sends."""

from dataclasses import dataclass

from services.alerts.core.deliveries import Verdict
from services.alerts.evidence_queue import EvidenceQueue
from services.alerts.ledger import Ledger
from services.alerts.sending import attempted
from services.chassis.clock import Clock
from services.chassis.telemetry import logs

log = logs.get("retention")
PAUSE_S = 3600.0


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

    def __init__(self, ledger: Ledger, queue: EvidenceQueue, keep: Keep, clock: Clock) -> None:
        self._ledger, self._queue, self._keep, self._clock = ledger, queue, keep, clock

    def turn(self) -> float:
        """Raises TransientError when the database is away."""
        now = self._clock.now().timestamp()
        self._give_up(now)
        expired = self._queue.expire(now - self._keep.everything_s, now)
        forgotten = self._ledger.forget(now - self._keep.everything_s)
        if expired or forgotten:
            log.info("forgotten", deliveries=forgotten, evidence=expired)
        return PAUSE_S

    def _give_up(self, now: float) -> None:
        """Every delivery ends with an event, also one whose target left the settings."""
        while task := self._ledger.claim_overdue(now - self._keep.unsent_s, now):
            verdict = Verdict("failed", "this target is no longer configured")
            self._ledger.close(task, verdict, attempted(task, verdict, now), now)
