"""Brings the outbox to Kafka: every attempt becomes an event, at least once, in order of time."""

from schemas.topics import DELIVERIES
from services.alerts.ledger import Ledger
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing

AT_ONCE = 100
IDLE_S = 30.0


class Reporter:
    """An event leaves the outbox once it is acknowledged. A second copy is the same upsert."""

    def __init__(self, ledger: Ledger, publisher: Publisher) -> None:
        self._ledger, self._publisher = ledger, publisher

    def turn(self) -> float:
        """Raises TransientError when Kafka or the database is away."""
        reports = self._ledger.reports(AT_ONCE)
        for report in reports:
            parent = {"traceparent": report.trace.encode()}
            self._publisher.publish(Outgoing(DELIVERIES, report.message, parent))
        self._publisher.flush()
        self._ledger.reported(reports)
        return 0.0 if len(reports) == AT_ONCE else IDLE_S
