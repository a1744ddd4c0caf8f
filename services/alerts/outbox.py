"""Brings the outbox to Kafka: every attempt becomes an event, at least once, in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, delete, or_, select

from schemas.codec import decode
from schemas.deliveries import DeliveryAttempted
from schemas.topics import DELIVERIES
from services.alerts.tables import outbox
from services.chassis.clock import Clock
from services.chassis.storage.database import transaction
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Outgoing

AT_ONCE = 100
IDLE_S = 30.0
ORPHANED_S = 120.0


@dataclass(frozen=True)
class Report:
    """An attempt that Kafka has not acknowledged yet."""

    message: DeliveryAttempted
    trace: str


class Outbox:
    """The events of this holder, and those that one who died left behind. Raises TransientError
    when the database is away.
    """

    def __init__(self, engine: Engine, holder: str) -> None:
        self._engine, self._holder = engine, holder

    def unsent(self, most: int, now: float) -> list[Report]:
        """Events not yet acknowledged, oldest first."""
        ours = or_(outbox.c.holder == self._holder, outbox.c.written_at < now - ORPHANED_S)
        order = (outbox.c.written_at, outbox.c.delivery_id, outbox.c.attempt)
        query = select(outbox).where(ours).order_by(*order).limit(most)
        with transaction(self._engine) as connection:
            return [_report(row) for row in connection.execute(query).all()]

    def remove(self, reports: Sequence[Report]) -> None:
        """Kafka has acknowledged them."""
        with transaction(self._engine) as connection:
            for report in reports:
                connection.execute(
                    delete(outbox).where(
                        outbox.c.delivery_id == str(report.message.delivery_id),
                        outbox.c.attempt == report.message.attempt,
                    )
                )


class OutboxRelay:
    """An event leaves the outbox once it is acknowledged. A second copy is the same upsert."""

    def __init__(self, events: Outbox, publisher: Publisher, clock: Clock) -> None:
        self._events, self._publisher, self._clock = events, publisher, clock

    def turn(self) -> float:
        """Raises TransientError when Kafka or the database is away."""
        reports = self._events.unsent(AT_ONCE, self._clock.now().timestamp())
        for report in reports:
            parent = {"traceparent": report.trace.encode()}
            self._publisher.publish(Outgoing(DELIVERIES, report.message, parent))
        self._publisher.flush()
        self._events.remove(reports)
        return 0.0 if len(reports) == AT_ONCE else IDLE_S


def _report(row: Row[Any]) -> Report:
    message = decode(DELIVERIES, row.message)
    assert isinstance(message, DeliveryAttempted)
    return Report(message, row.trace)
